import type { AssayError } from '../../errors.js';

/** Names, and notes beside weights. The engine's own limit is 512 MiB. */
const MAX_TEXT = 16 * 2 ** 20;

/** Reads bytes in order. Every length is checked against what is there before anything is made of it. */
export class ByteReader {
  private readonly view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    public at: number,
    private readonly refuse: (found: string, at: number) => AssayError,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Moves on by n bytes and returns where they start. */
  private skip(n: number): number {
    const start = this.at;
    if (n > this.bytes.length - start)
      throw this.refuse(`${n} bytes wanted, ${this.bytes.length - start} left`, start);
    this.at = start + n;
    return start;
  }

  u8(): number {
    return this.bytes[this.skip(1)]!;
  }

  u16(): number {
    return this.view.getUint16(this.skip(2), true);
  }

  i32(): number {
    return this.view.getInt32(this.skip(4), true);
  }

  u32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  u64(): number {
    const start = this.at;
    const value = this.view.getBigUint64(this.skip(8), true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.refuse(`a length of ${value}`, start);
    return Number(value);
  }

  f64(): number {
    return this.view.getFloat64(this.skip(8), false);
  }

  /** A view, not a copy. */
  take(n: number): Uint8Array {
    const start = this.skip(n);
    return this.bytes.subarray(start, start + n);
  }

  text(n: number): string {
    return this.decode(n, 'utf8');
  }

  latin1(n: number): string {
    return this.decode(n, 'latin1');
  }

  private decode(n: number, encoding: 'utf8' | 'latin1'): string {
    const start = this.skip(n);
    if (n > MAX_TEXT) throw this.refuse(`a text of ${n} bytes`, start);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, n).toString(encoding);
  }

  /** Up to a newline, which is passed over. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw this.refuse('a line without an end', this.at);
    const text = this.text(end - this.at);
    this.skip(1);
    return text;
  }

  /** A whole number of n bytes, little-endian, in two's complement. */
  long(n: number): number | bigint {
    if (n > 1024) throw this.refuse(`an integer of ${n} bytes`, this.at);
    const bytes = this.take(n);
    if (n === 0) return 0;
    const value = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
    return plain(bytes[n - 1]! & 0x80 ? value - (1n << BigInt(8 * n)) : value);
  }
}

/** A number where it is exact as one. */
export function plain(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
