/** Bytes of decoded images that the data sets of a run keep together. */
export const DECODED_BYTES = 2 ** 27;

/** Images in a block are decoded together: as many as fit into so many numbers, at most so many. */
const BLOCK_NUMBERS = 2 ** 22;
const BLOCK_IMAGES = 256;

/** Fills `out` with the pixels of images start to end. */
export type PixelRead = (start: number, end: number, out: Float32Array) => Promise<void>;

/**
 * Bytes that are asked for at once, and given back at once. C libraries keep smaller pieces for later when they are freed (glibc:
 * up to 32 MiB), scattered over what is in use: the process does not shrink.
 */
const ROOM_BYTES = 2 ** 26;

/** How many bytes may still be kept. Data sets share one. */
export class DecodedBudget {
  private left: number;
  private readonly forgetting = new Set<() => void>();

  constructor(bytes = DECODED_BYTES) {
    this.left = bytes;
  }

  /** Takes as many bytes as there are, at most `most`; 0 where they are fewer than `least`. */
  take(most: number, least: number): number {
    if (least > this.left) return 0;
    const taken = Math.min(most, this.left);
    this.left -= taken;
    return taken;
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
  const places = new Places(n * size, budget);
  budget.keptBy(() => {
    blocks.clear();
    places.clear();
  });

  function block(at: number): Promise<Float32Array> | undefined {
    const known = blocks.get(at);
    if (known) return known;
    const end = Math.min(n, at + step);
    const pixels = places.take(size * (end - at));
    if (!pixels) return undefined;
    const decoding = read(at, end, pixels).then(() => pixels);
    blocks.set(at, decoding);
    decoding.catch(() => {
      // Where everything was dropped meanwhile, its place was too.
      if (blocks.delete(at)) places.give(pixels);
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

/** Where the blocks of a data set lie: several in one array. */
class Places {
  private room = new Float32Array();
  private used = 0;
  private given: Float32Array[] = [];

  /** @param missing numbers that have no place yet */
  constructor(
    private missing: number,
    private readonly budget: DecodedBudget,
  ) {}

  /** A place for a block; undefined where the budget has none. */
  take(numbers: number): Float32Array | undefined {
    const again = this.given.findIndex(({ length }) => length === numbers);
    if (again >= 0) return this.given.splice(again, 1)[0];
    if (this.room.length - this.used < numbers) {
      // Whole blocks: what is left of a room is no place for the next.
      const several = numbers * Math.max(1, Math.floor(ROOM_BYTES / 4 / numbers));
      const bytes = this.budget.take(4 * Math.min(this.missing, several), 4 * numbers);
      if (bytes === 0) return undefined;
      this.room = new Float32Array(Math.floor(bytes / 4));
      this.used = 0;
    }
    this.missing -= numbers;
    return this.room.subarray(this.used, (this.used += numbers));
  }

  /** For another block. */
  give(place: Float32Array): void {
    this.given.push(place);
  }

  clear(): void {
    this.room = new Float32Array();
    this.used = 0;
    this.given = [];
  }
}
