/** Bytes of decoded images that the data sets of a run keep together. */
export const DECODED_BYTES = 2 ** 27;

/** Images in a block are decoded together: as many as fit into so many numbers, at most so many. */
const BLOCK_NUMBERS = 2 ** 22;
const BLOCK_IMAGES = 256;

/** Fills `out` with the pixels of images start to end. */
export type PixelRead = (start: number, end: number, out: Float32Array) => Promise<void>;

/** How many bytes may still be kept. Data sets share one. */
export class DecodedBudget {
  private left: number;
  private readonly forgetting = new Set<() => void>();

  constructor(bytes = DECODED_BYTES) {
    this.left = bytes;
  }

  take(bytes: number): boolean {
    if (bytes > this.left) return false;
    this.left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.left += bytes;
  }

  /** @param forget drops what somebody keeps within this budget */
  keptBy(forget: () => void): void {
    this.forgetting.add(forget);
  }

  /** Has everything that is kept dropped, and nothing kept from now on: what is read again is decoded again. */
  end(): void {
    this.left = Number.NEGATIVE_INFINITY;
    for (const forget of this.forgetting) forget();
  }
}

/**
 * Keeps what was decoded, block by block, until the budget is used up; the rest is decoded whenever it is read. Nothing
 * gives way to later blocks: data sets are read from start to end, again and again, and the block that was not read for
 * longest is the next one.
 * @param n images there are
 * @param size numbers of an image
 */
export function keepDecoded(read: PixelRead, n: number, size: number, budget: DecodedBudget): PixelRead {
  const step = Math.max(1, Math.min(BLOCK_IMAGES, Math.floor(BLOCK_NUMBERS / size)));
  const blocks = new Map<number, Promise<Float32Array>>();
  budget.keptBy(() => blocks.clear());

  function block(at: number): Promise<Float32Array> | undefined {
    const known = blocks.get(at);
    if (known) return known;
    const end = Math.min(n, at + step);
    const bytes = 4 * size * (end - at);
    if (!budget.take(bytes)) return undefined;
    const pixels = new Float32Array(size * (end - at));
    const decoding = read(at, end, pixels).then(() => pixels);
    blocks.set(at, decoding);
    decoding.catch(() => {
      blocks.delete(at);
      budget.give(bytes);
    });
    return decoding;
  }

  return async (start, end, out) => {
    for (let from = start; from < end; ) {
      const at = from - (from % step);
      const to = Math.min(end, at + step);
      const target = out.subarray((from - start) * size, (to - start) * size);
      const kept = block(at);
      if (kept) target.set((await kept).subarray((from - at) * size, (to - at) * size));
      else await read(from, to, target);
      from = to;
    }
  };
}
