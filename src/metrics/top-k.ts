/** The largest k of the numbers that are put in, held as a heap whose root is the smallest of them. */
export class TopK {
  private readonly values: Float64Array;
  private readonly tags: Int32Array;
  size = 0;

  constructor(private readonly k: number) {
    this.values = new Float64Array(k);
    this.tags = new Int32Array(k);
  }

  /** A number that is not above this is not kept. */
  get least(): number {
    return this.size < this.k ? Number.NEGATIVE_INFINITY : this.values[0]!;
  }

  put(value: number, tag = 0): void {
    if (this.size < this.k) {
      this.set(this.size, value, tag);
      for (let at = this.size++; at > 0; ) {
        const above = (at - 1) >> 1;
        if (this.values[above]! <= this.values[at]!) break;
        this.swap(at, above);
        at = above;
      }
    } else if (value > this.values[0]!) {
      this.set(0, value, tag);
      for (let at = 0; ; ) {
        let least = at;
        for (const below of [2 * at + 1, 2 * at + 2])
          if (below < this.k && this.values[below]! < this.values[least]!) least = below;
        if (least === at) return;
        this.swap(at, least);
        at = least;
      }
    }
  }

  /** Of the smallest that is kept. */
  get leastTag(): number {
    return this.tags[0]!;
  }

  /** The mean of those that are kept. */
  mean(): number {
    let sum = 0;
    for (let at = 0; at < this.size; at++) sum += this.values[at]!;
    return sum / this.size;
  }

  private set(at: number, value: number, tag: number): void {
    this.values[at] = value;
    this.tags[at] = tag;
  }

  private swap(a: number, b: number): void {
    const [value, tag] = [this.values[a]!, this.tags[a]!];
    this.set(a, this.values[b]!, this.tags[b]!);
    this.set(b, value, tag);
  }
}

/** 1 for each of the k largest of some numbers, the first of equals, and 0 for the others. */
export function largestMask(values: Float64Array, k: number): Uint8Array {
  const mask = new Uint8Array(values.length);
  if (k <= 0) return mask;
  const least = values.slice().sort()[Math.max(0, values.length - k)]!;
  let left = k;
  for (let j = 0; j < values.length; j++)
    if (values[j]! > least) {
      mask[j] = 1;
      left--;
    }
  for (let j = 0; j < values.length && left > 0; j++)
    if (values[j] === least) {
      mask[j] = 1;
      left--;
    }
  return mask;
}
