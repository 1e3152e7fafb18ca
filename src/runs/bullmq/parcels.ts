import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Redis } from 'ioredis';
import { AssayError } from '../../errors.js';
import { decodeUnit } from '../units/read-unit.js';
import type { UnitStore } from '../units/store.js';
import { encodeUnit, headOf, type UnitRecord } from '../units/unit-file.js';

/**
 * Where units change hands between whoever submits them and whoever measures them: results on their way back, and rows that
 * other units read.
 */
export interface Exchange extends UnitStore {
  /** As `head`, but sooner: whether something of that name is there. */
  has(key: string): Promise<boolean>;
  /** Nobody will read these. */
  forget(keys: readonly string[]): Promise<void>;
}

/** Units in a store that all machines share. They stay there. */
export const sharedStore = (store: UnitStore): Exchange => ({
  head: (key) => store.head(key),
  read: (key, wanted) => store.read(key, wanted),
  write: (unit) => store.write(unit),
  has: async (key) => (await store.head(key)) !== undefined,
  forget: async () => undefined,
});

/** The most that a unit may take in a server's memory, which is not ours alone; and what that may unfold to. */
const MOST = { packed: 32 * 2 ** 20, unpacked: 512 * 2 ** 20 };

/** Seconds. What nobody asked for by then was forgotten; who still needs it measures or sends it again. */
const KEPT = 24 * 3600;

const pack = promisify(gzip);
const unpack = promisify(gunzip);

const name = (key: string) => `assay:unit:${key}`;

/** Units in the server itself, compressed. They are checked like unit files when they are read. */
export function parcels(client: Redis, most = MOST): Exchange {
  const read = async (key: string): Promise<UnitRecord | undefined> => {
    // One byte more than there may be, of whatever lies there.
    const packed = await client.getrangeBuffer(name(key), 0, most.packed);
    if (packed.length === 0 || packed.length > most.packed) return undefined;
    try {
      return decodeUnit(await unpack(packed, { maxOutputLength: most.unpacked }), key);
    } catch {
      return undefined;
    }
  };
  return {
    read,
    async head(key) {
      const unit = await read(key);
      return unit && headOf(unit);
    },
    has: async (key) => (await client.exists(name(key))) === 1,
    async write(unit) {
      // Level 1: the network is waited for, and so is the processor.
      const packed = await pack(encodeUnit(unit), { level: 1 });
      if (packed.length > most.packed) throw tooLarge(packed.length, most.packed);
      await client.set(name(unit.key), packed, 'EX', KEPT);
    },
    async forget(keys) {
      if (keys.length > 0) await client.unlink(...keys.map(name));
    },
  };
}

const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

const tooLarge = (found: number, most: number) =>
  new AssayError('queue-failed', 'the rows of a unit are too large for the queue', {
    expected: `at most ${mebibytes(most)}, compressed`,
    found: mebibytes(found),
    hint: 'let them go through a folder or bucket that all machines share: --store DIR, or --store s3://BUCKET, for `assay run` and for every `assay worker`',
  });
