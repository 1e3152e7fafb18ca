import { inflateSync } from 'node:zlib';
import type { Storage } from './hdf5-writer.js';

interface Inflated {
  buffer: Buffer;
  engine: { bytesWritten: number };
}

/** How the kernel of `linear` is kept in a chunk with a checksum, and where the chunk lies in a file that was written so. */
export const summedChunks: Record<
  'gzip' | 'fletcher32',
  { storage: Storage; find(file: Buffer, plain: Buffer): [start: number, end: number] }
> = {
  gzip: {
    storage: { chunks: [16, 2], compression: 'gzip', compression_opts: [4] },
    find(file, plain) {
      for (let at = file.indexOf(0x78); at >= 0; at = file.indexOf(0x78, at + 1))
        try {
          const { buffer, engine } = inflateSync(file.subarray(at), { info: true }) as unknown as Inflated;
          if (buffer.equals(plain)) return [at, at + engine.bytesWritten];
        } catch {}
      throw new Error('the chunk is not in the file');
    },
  },
  fletcher32: {
    storage: { chunks: [16, 2], compression: 3, compression_opts: [] },
    // The checksum stands behind the numbers.
    find: (file, plain) => [file.indexOf(plain), file.indexOf(plain) + plain.length + 4],
  },
};

/**
 * Whether the sum behind a chunk is that of its numbers (H5_checksum_fletcher32). It is 0 for zeros, so that a chunk
 * overwritten by zeros, its sum included, passes; and modulo 65535, so that 0x0000 and 0xffff are the same.
 */
export function fletcherHolds(chunk: Buffer): boolean {
  let [a, b] = [0, 0];
  for (let at = 0; at < chunk.length - 4; at += 2) {
    a = (a + chunk.readUInt16BE(at)) % 65535;
    b = (b + a) % 65535;
  }
  const [low, high] = [chunk.readUInt16LE(chunk.length - 4), chunk.readUInt16LE(chunk.length - 2)];
  return low % 65535 === a && high % 65535 === b;
}
