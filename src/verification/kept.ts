import { createHash, randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { disk } from '../bytes/disk.js';
import { makeFolder, writeDurably } from '../bytes/durable.js';
import { removeLeftovers } from '../bytes/leftovers.js';
import { readWhole } from '../bytes/regular-file.js';
import { Type } from '../config/type.js';
import { check } from '../config/validate.js';
import { AssayError } from '../errors.js';
import { keyOf } from '../runs/folder/keys.js';
import { programIdentity } from '../runs/folder/program.js';
import type { Witness } from './verify.js';

/** What is kept of an instance that was run to an end. */
export interface Kept {
  result: 'sat' | 'unsat' | 'unknown' | 'timeout';
  /** Seconds, as they were taken then. */
  prepareTime: number;
  runTime: number;
  by?: string;
  why?: string;
  /** Of `sat`. */
  witness?: Witness;
}

/** What decides the result of an instance, beside the program. */
export interface Decided {
  /** SHA-256 of the network with its weights, and of the property, inflated. */
  network: string;
  property: string;
  /** Of attack and proof: whether they get there. */
  seconds: number;
  method: string;
  seed: number;
  steps: number;
  restarts: number;
}

/** Where results lie in the folder of a category. */
export const KEPT_IN = 'instances';

const amount = Type.Number({ minimum: 0 });
const Schema = Type.Object({
  key: Type.String(),
  result: Type.Union(['sat', 'unsat', 'unknown', 'timeout'].map((word) => Type.Literal(word))),
  prepareTime: amount,
  runTime: amount,
  seconds: amount,
  by: Type.Optional(Type.String()),
  why: Type.Optional(Type.String()),
  witness: Type.Optional(Type.Object({ inputs: Type.String(), outputs: Type.String() })),
  sha256: Type.String(),
});

/**
 * The results of a category's folder, a file each, named by a hash of all that decided it but the seconds, and beside it, how long
 * was too short. A file appears under its name only when it is complete and on the disk; one that was damaged later is noticed by its
 * checksum and set aside.
 */
export class KeptResults {
  private constructor(
    private readonly folder: string,
    /** What was there when it was opened. */
    private readonly names: ReadonlySet<string>,
    private readonly tell: (text: string) => void,
  ) {}

  /** @param tell of files that were set aside. Errors: those of the file system. */
  static async open(out: string, tell: (text: string) => void): Promise<KeptResults> {
    const folder = join(out, KEPT_IN);
    await makeFolder(folder);
    await removeLeftovers(folder, /\.tmp$/);
    return new KeptResults(folder, new Set(await readdir(folder)), tell);
  }

  /** Whether anything is there at all: else no key needs to be made. */
  get any(): boolean {
    return this.names.size > 0;
  }

  /**
   * What is kept that would come out again: what was found or given up in that time, or a `timeout` after as many seconds or more.
   * Undefined where nothing is, or what is there is damaged. Errors: `file-unreadable`.
   */
  async find({ seconds, ...of }: Decided): Promise<Kept | undefined> {
    const key = keyOfResult(of);
    const ended = await this.read(key, 'ended');
    if (ended && ended.kept.runTime <= seconds) return ended.kept;
    const cut = await this.read(key, 'timeout');
    return cut && cut.seconds >= seconds ? cut.kept : undefined;
  }

  /** It is there for good when this resolves. Errors: those of the file system. */
  async keep({ seconds, ...of }: Decided, { witness, ...about }: Kept): Promise<void> {
    const key = keyOfResult(of);
    const inBase64 = ({ buffer, byteOffset, byteLength }: Float32Array) =>
      Buffer.from(buffer, byteOffset, byteLength).toString('base64');
    const record = {
      key,
      seconds,
      ...about,
      ...(witness && { witness: { inputs: inBase64(witness.inputs), outputs: inBase64(witness.outputs) } }),
    };
    const text = JSON.stringify({ ...record, sha256: keyOf(record) });
    const name = nameOf(key, about.result === 'timeout' ? 'timeout' : 'ended');
    await writeDurably(join(this.folder, name), `${text}\n`);
  }

  private async read(key: string, how: How): Promise<Found | undefined> {
    const name = nameOf(key, how);
    if (!this.names.has(name)) return undefined;
    const file = join(this.folder, name);
    const found = keptIn((await readWhole(file, 'verified')).toString('utf8'), key);
    if (found) return found;
    const aside = `${file}.aside-${randomUUID().slice(0, 8)}`;
    await disk().rename(file, aside);
    this.tell(`a damaged result was set aside, and its instance is run again: ${aside}`);
    return undefined;
  }
}

/** By itself, or by the time limit: a search that ended tells nothing of how long is too short. */
type How = 'ended' | 'timeout';

interface Found {
  kept: Kept;
  /** What it was allowed. */
  seconds: number;
}

const keyOfResult = (of: Omit<Decided, 'seconds'>): string => keyOf({ program: programIdentity(), ...of });
const nameOf = (key: string, how: How): string => (how === 'ended' ? `${key}.json` : `${key}.timeout.json`);

/** The result in a text; undefined where it is not, or no longer, that of the key. */
function keptIn(text: string, key: string): Found | undefined {
  try {
    const { sha256, ...record } = check(Schema, JSON.parse(text), { what: 'kept result' });
    if (record.key !== key || keyOf(record) !== sha256) return undefined;
    const { key: _, seconds, witness, ...about } = record;
    const kept = {
      ...about,
      ...(witness && {
        witness: { inputs: floatsIn(witness.inputs), outputs: floatsIn(witness.outputs) },
      }),
    } as Kept;
    return { kept, seconds };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof AssayError) return undefined;
    throw error;
  }
}

/** Float32 numbers in base64; a copy, since bytes of a buffer may begin anywhere. */
const floatsIn = (text: string): Float32Array =>
  new Float32Array(new Uint8Array(Buffer.from(text, 'base64')).buffer);

/** SHA-256 of bytes, in hex. */
export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
