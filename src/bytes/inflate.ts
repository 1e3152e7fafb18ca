import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { crc32, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { AssayError } from '../errors.js';
import { type ByteSource, malformed, memorySource, openSource, type Place, pieces } from './byte-source.js';
import { temporaryFolder } from './leftovers.js';
import { limits } from './limits.js';

/** What is kept in memory of one inflated stream; longer ones go to a temporary file. */
const IN_MEMORY = 64 * 2 ** 20;

const inflaters = { deflate: createInflateRaw, gzip: createGunzip, zlib: createInflate };

export interface Inflation {
  method: keyof typeof inflaters;
  place: Place;
  /** What the container claims. Checked, never trusted. */
  size?: number;
  crc?: number;
  /** Bytes kept in memory before a temporary file is begun. Default: 64 MiB. */
  inMemory?: number;
  /** Bytes that it may hold. Default: 8 GiB. */
  atMost?: number;
  /** What a user does with a longer one. Default: to store it without compression. */
  instead?: string;
}

/**
 * Inflates a stream once, so that its content can be read at any offset. What is long goes to a file in the
 * system's temporary folder that `close` removes. Memory grows with bytes that are there, never with claims.
 * Errors: `file-malformed` for a damaged stream, another size or checksum than claimed, or more than `atMost`.
 */
export async function inflate(
  source: ByteSource,
  { method, place, size, crc, inMemory = IN_MEMORY, ...room }: Inflation,
): Promise<ByteSource> {
  const { atMost = limits.inflated.value, instead = limits.inflated.instead } = room;
  const tooLong = (found: string) =>
    malformed(place, 'the compressed data is too long', {
      expected: `at most ${atMost % 2 ** 30 === 0 ? `${atMost / 2 ** 30} GiB` : `${atMost} bytes`} when inflated`,
      found,
      hint: instead,
    });
  if (size !== undefined && size > atMost) throw tooLong(`${size} bytes claimed`);
  const inflater = inflaters[method]();
  // The callback is a must; the error itself arrives through the iteration below.
  const inflated = pipeline(Readable.from(pieces(source)), inflater, () => {});
  const store = new Spool(inMemory, place);
  let length = 0;
  let sum = 0;
  try {
    for await (const chunk of inflated as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (size !== undefined && length > size) throw wrongSize(place, size, `more than ${size} bytes`);
      if (length > atMost) throw tooLong('more');
      sum = crc32(chunk, sum);
      await store.add(chunk);
    }
    if (size !== undefined && length !== size) throw wrongSize(place, size, `${length} bytes`);
    if (crc !== undefined) refuseWrongSum(place, crc, sum);
    return await store.finish();
  } catch (cause) {
    await store.discard();
    if (cause instanceof AssayError) throw cause;
    throw malformed(place, 'the compressed data is damaged', {
      found: (cause as Error).message,
      hint: 'the file may be cut off; fetch or write it again',
      cause,
    });
  }
}

/** Compares CRC-32 of what an archive states and what it holds. Errors: `file-malformed`. */
export function refuseWrongSum(place: Place, stated: number, found: number): void {
  if (found === stated) return;
  const hex = (sum: number) => `checksum ${sum.toString(16).padStart(8, '0')}`;
  throw malformed(place, 'the data is damaged', {
    expected: hex(stated),
    found: hex(found),
    hint: 'fetch or write the file again',
  });
}

const wrongSize = (place: Place, size: number, found: string) =>
  malformed(place, 'the compressed data has another size than stated', { expected: `${size} bytes`, found });

/** Chunks in memory until they are too many, in a temporary file from then on. */
class Spool {
  private chunks: Uint8Array[] = [];
  private held = 0;
  private folder?: string;
  private handle?: Awaited<ReturnType<typeof open>>;

  constructor(
    private readonly inMemory: number,
    private readonly place: Place,
  ) {}

  async add(chunk: Uint8Array): Promise<void> {
    this.chunks.push(chunk);
    this.held += chunk.length;
    if (this.held > this.inMemory || (this.handle && this.held >= 2 ** 20)) await this.flush();
  }

  private get file(): string {
    return join(this.folder ?? tmpdir(), 'inflated');
  }

  /** The file loses its name at once where the system allows it: however the process ends, nothing stays. */
  private async begin(): Promise<void> {
    this.folder = await temporaryFolder('assay-inflated');
    this.handle = await open(this.file, 'wx+', 0o600);
    if (process.platform === 'win32') return;
    await rm(this.folder, { recursive: true });
    this.folder = undefined;
  }

  private async flush(): Promise<void> {
    try {
      if (!this.handle) await this.begin();
      await this.handle?.writev(this.chunks);
    } catch (cause) {
      throw new AssayError('output-unwritable', 'there is no room to inflate compressed data', {
        file: this.file,
        path: `while reading ${this.place.file}`,
        found: (cause as Error).message,
        hint: 'free disk space, set TMPDIR, or store the data without compression',
        cause,
      });
    }
    this.chunks = [];
    this.held = 0;
  }

  async finish(): Promise<ByteSource> {
    if (!this.handle) return memorySource(Buffer.concat(this.chunks), this.place);
    await this.flush();
    const { size } = await this.handle.stat();
    return openSource(this.handle, size, this.place, () => this.discard());
  }

  async discard(): Promise<void> {
    await this.handle?.close();
    this.handle = undefined;
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
    this.folder = undefined;
  }
}
