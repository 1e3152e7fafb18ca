import { createHash } from 'node:crypto';

/** The numbers of a file by name, as they are used when they have been read. */
export type Numbers = Readonly<Record<string, ArrayBufferView | undefined>>;

/** First byte, and the first after them. */
export type Range = readonly [start: number, end: number];

/** A reader to be fuzzed: one row. */
export interface FuzzedFormat {
  format: string;
  /** Whole files by name: each is read as it is first, then damaged again and again. Small ones: a few KiB. */
  samples(): Record<string, Uint8Array> | Promise<Record<string, Uint8Array>>;
  /** Reads a file that lies alone in a folder. May throw an AssayError and nothing else. */
  read(file: string): Promise<Numbers>;
  /**
   * The bytes of a sample that a checksum stands over, for samples that have any. Files that are damaged there, and
   * nowhere else, are refused or give the same numbers. Half of the mutants of a sample with a range are of that kind.
   */
  summed?: Readonly<Record<string, 'all' | ((file: Buffer) => Range)>>;
  /** By sample, whether its checksum misses that damage: sums are not proof against all. */
  missed?: Readonly<Record<string, (damaged: Buffer, range: Range) => boolean>>;
  /** Of JSON whole values are damaged too: bytes at random seldom leave it whole. */
  json?: true;
  /** A mutant takes tens of milliseconds: there are fewer unless the tests are the long ones. */
  slow?: true;
  /** Frees what reading keeps. */
  close?(): Promise<void>;
}

/** A hash by which numbers, their names and their types are compared. */
export function digestOf(numbers: Numbers): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(numbers).sort()) {
    const array = numbers[name];
    hash.update(`${name} ${array?.constructor.name} ${array?.byteLength}\n`);
    if (array) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest('hex');
}

/** Whether two files of one length are the same outside a range. */
export function sameOutside([start, end]: Range, a: Uint8Array, b: Uint8Array): boolean {
  const same = (from: number, to?: number) =>
    Buffer.compare(a.subarray(from, to), b.subarray(from, to)) === 0;
  return a.length === b.length && same(0, start) && same(end);
}
