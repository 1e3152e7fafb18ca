import { setMaxListeners } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { limits } from '../../bytes/limits.js';
import { interruption } from '../../concurrency.js';
import { AssayError } from '../../errors.js';
import { UNITS } from '../folder/run-folder.js';
import { decodeUnit } from '../units/read-unit.js';
import { type UnitStore, unitFile } from '../units/store.js';
import { decodeHead, encodeUnit, headLength, type UnitHead, type UnitRecord } from '../units/unit-file.js';
import type { S3Address } from './address.js';
import { s3Client } from './client.js';
import { storeFailure } from './failures.js';

export interface S3StoreOptions {
  /** Ends what waits for a store that is away. */
  signal(): AbortSignal | undefined;
  /** A line for the user: the store is away, or back, or holds something damaged. */
  tell(line: string): void;
  /** Whether nothing is to be written. */
  reads?: boolean;
  /** Whether a store that is away is waited for when it is opened, too. */
  patient?: boolean;
  /** How long is waited for a store that is away before it is asked again, in ms: at first, and at most. */
  waits?: { first: number; most: number };
  /** How long a write may still take once the signal is raised, in ms. Default: 5000. */
  grace?: number;
  /** Bytes of an object that is read at all, whatever the server says of its size. Default: those of a unit. */
  largest?: number;
}

const WAITS = { first: 1000, most: 30_000 };

/** A store is away when requests have failed for so long, in ms, and none was answered: what stumbles once is not away. */
const AWAY = 5000;

/** How often a request is made again that found no keys, where there were some before. */
const KEY_TRIES = 5;

/** How long what is being written may still take when everything ends, in ms: a unit that was measured is worth that. */
const GRACE = 5000;

/** Bytes that hold the header of most units. */
const FIRST = 4096;

/** What is written first, to see whether that can be done: it stays, and says what else lies there. */
const MARKER = {
  name: 'assay-store.txt',
  text: 'Units of runs of Assay lie in units/, a file each, as in the folder of a run.\n',
};

/**
 * Units in a bucket of a server that speaks S3, named as in a run folder. An object is there when all of it is, so a process
 * that was killed leaves no half unit; what was damaged is noticed by the digest that units hold, and counts as missing.
 * While the server is away, its units are waited for.
 */
export class S3Store implements UnitStore {
  /** Since when requests fail and none is answered. */
  private failing: number | undefined;
  private away = false;
  private answered = false;
  private toldOfDamage = false;

  private constructor(
    private readonly client: S3Client,
    private readonly sdk: typeof import('@aws-sdk/client-s3'),
    private readonly address: S3Address,
    private readonly options: S3StoreOptions,
  ) {}

  /**
   * Looks whether units can be read, and written unless `reads`. Errors: `store-failed`; also where the server does not answer
   * now.
   */
  static async open(address: S3Address, options: S3StoreOptions): Promise<S3Store> {
    const client = await s3Client(address);
    const store = new S3Store(client, await import('@aws-sdk/client-s3'), address, options);
    const trial = async () => {
      if (!options.reads) await store.put(MARKER.name, Buffer.from(MARKER.text));
      await store.get(MARKER.name);
      // What is missing has to be told from what may not be read.
      await store.get(unitFile('none'));
    };
    try {
      await (options.patient ? store.lasting(trial) : trial());
      store.answered = true;
      return store;
    } catch (thrown) {
      client.destroy();
      throw storeFailure(thrown, address).error;
    }
  }

  async head(key: string): Promise<UnitHead | undefined> {
    const first = await this.lasting(() => this.get(unitFile(key), FIRST));
    if (!first) return undefined;
    const length = headLength(first.start) ?? 0;
    const whole = length > FIRST ? await this.lasting(() => this.get(unitFile(key), length)) : first;
    return (whole && decodeHead(whole.start, whole.size, key)) ?? this.damaged(key);
  }

  async read(key: string): Promise<UnitRecord | undefined> {
    const found = await this.lasting(() => this.get(unitFile(key)));
    if (!found) return undefined;
    return decodeUnit(found.start, key) ?? this.damaged(key);
  }

  /** Equal keys mean equal content: what another one wrote is replaced by the same. Errors: `store-failed`. */
  async write(unit: UnitRecord): Promise<void> {
    const bytes = encodeUnit(unit);
    await this.lasting(() => this.put(unitFile(unit.key), bytes));
  }

  /** The names of all files beside those of units, with their bytes. Errors: `store-failed`. */
  async units(): Promise<Map<string, number>> {
    const { ListObjectsV2Command } = this.sdk;
    const { Bucket, Key: Prefix } = this.named(`${UNITS}/`);
    const found = new Map<string, number>();
    let from: string | undefined;
    do {
      const list = new ListObjectsV2Command({ Bucket, Prefix, Delimiter: '/', ContinuationToken: from });
      const abortSignal = this.options.signal();
      const page = await this.lasting(() => this.client.send(list, { ...(abortSignal && { abortSignal }) }));
      for (const { Key = '', Size = 0 } of page.Contents ?? []) found.set(Key.slice(Prefix.length), Size);
      from = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (from !== undefined);
    return found;
  }

  /** Leaves word for those who look by `hasMark` whether their store is this one. Errors: `store-failed`. */
  async mark(run: string, text: string): Promise<void> {
    await this.lasting(() => this.put(markOf(run), Buffer.from(text)));
  }

  /** Whether that word was left here for a run. Errors: `store-failed`. */
  async hasMark(run: string, text: string): Promise<boolean> {
    const found = await this.lasting(() => this.get(markOf(run)));
    return found !== undefined && Buffer.from(found.start).equals(Buffer.from(text));
  }

  close(): void {
    this.client.destroy();
  }

  /**
   * An object, or undefined where there is none.
   * @param most bytes from its start. Default: all
   */
  private async get(name: string, most?: number): Promise<{ start: Uint8Array; size: number } | undefined> {
    const { GetObjectCommand } = this.sdk;
    try {
      const abortSignal = this.options.signal();
      const answer = await this.client.send(
        new GetObjectCommand({ ...this.named(name), ...(most && { Range: `bytes=0-${most - 1}` }) }),
        { ...(abortSignal && { abortSignal }) },
      );
      const largest = this.options.largest ?? limits.unit.value;
      const told = sizeOf(answer);
      const body = answer.Body as Readable | undefined;
      if (told !== undefined && told > largest) {
        body?.destroy();
        throw this.tooLarge(name, `${told}`);
      }
      const got = await received(body, { most: most ?? largest, largest, ends: told === undefined });
      if (got.size > largest) throw this.tooLarge(name, 'more, by a server that does not say how many');
      return { start: got.start, size: told ?? got.size };
    } catch (error) {
      const { name: code } = error as Error;
      if (code === 'NoSuchKey' || code === 'NotFound') return undefined;
      // Nothing at all is in it.
      if (code === 'InvalidRange') return { start: new Uint8Array(), size: 0 };
      throw error;
    }
  }

  private async put(name: string, bytes: Uint8Array): Promise<void> {
    const { PutObjectCommand } = this.sdk;
    const { signal, forget } = raisedAfter(this.options.signal(), this.options.grace ?? GRACE);
    const put = new PutObjectCommand({ ...this.named(name), Body: bytes });
    await this.client.send(put, { abortSignal: signal }).finally(forget);
  }

  private readonly named = (name: string) => ({
    Bucket: this.address.bucket,
    Key: `${this.address.prefix}${name.replaceAll('\\', '/')}`,
  });

  /** Asks for as long as the store is away. Errors: `store-failed` for what does not pass by itself; `interrupted`. */
  private async lasting<T>(ask: () => Promise<T>): Promise<T> {
    const ending = this.options.signal();
    // One for every request under way.
    if (ending) setMaxListeners(0, ending);
    const { first, most } = this.options.waits ?? WAITS;
    let keyTries = this.answered ? KEY_TRIES : 0;
    for (let wait = first; ; wait = Math.min(2 * wait, most)) {
      try {
        const got = await ask();
        this.back();
        return got;
      } catch (thrown) {
        const signal = this.options.signal();
        if (signal?.aborted) throw interruption(signal);
        const { error, passing, keyless } = storeFailure(thrown, this.address);
        if (!passing && !(keyless && keyTries-- > 0)) throw error;
        this.isAway(error);
        await sleep(wait, undefined, { signal }).catch(() => {
          throw signal ? interruption(signal) : error;
        });
      }
    }
  }

  private back(): void {
    this.answered = true;
    this.failing = undefined;
    if (this.away) this.options.tell('the store is back');
    this.away = false;
  }

  private isAway({ message, details }: AssayError): void {
    const now = performance.now();
    this.failing ??= now;
    if (this.away || now - this.failing < AWAY) return;
    this.away = true;
    this.options.tell(
      `the store at ${this.address.shown} is away: waiting until it is back (${message}: ${details.found})`,
    );
  }

  private damaged(key: string): undefined {
    if (!this.toldOfDamage)
      this.options.tell(
        `a damaged unit in ${this.address.shown} is measured again, and so are others: ${unitFile(key)}`,
      );
    this.toldOfDamage = true;
  }

  private readonly tooLarge = (name: string, found: string) =>
    new AssayError('store-failed', 'an object in the store is too large for a unit', {
      path: `${this.address.shown}/${name}`,
      expected: `at most ${this.options.largest ?? limits.unit.value} bytes`,
      found,
      hint: 'who else writes to that bucket? Remove the object',
    });
}

const markOf = (run: string) => `runs/${run}.txt`;

/** A signal that is raised some time after another; `forget` when nothing listens any more. */
function raisedAfter(first: AbortSignal | undefined, ms: number) {
  const later = new AbortController();
  const raise = () => void setTimeout(() => later.abort(first?.reason), ms).unref();
  if (first?.aborted) raise();
  first?.addEventListener('abort', raise, { once: true });
  return { signal: later.signal, forget: () => first?.removeEventListener('abort', raise) };
}

/** Bytes of the whole object; undefined where the server does not say. */
function sizeOf({ ContentRange, ContentLength }: GetObjectCommandOutput): number | undefined {
  const [, whole] = /\/(\d+)$/.exec(ContentRange ?? '') ?? [];
  return whole === undefined ? ContentLength : Number(whole);
}

/**
 * The first bytes of what a server sends, which may be more than was asked for, and without end.
 * @param most bytes that are kept
 * @param largest beyond so many nothing is read any more
 * @param ends whether it is read to its end, to learn its size
 */
async function received(
  body: Readable | undefined,
  { most, largest, ends }: { most: number; largest: number; ends: boolean },
): Promise<{ start: Uint8Array; size: number }> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    if (size < most) pieces.push(piece.subarray(0, most - size));
    size += piece.length;
    if (size > largest || (size >= most && !ends)) break;
  }
  return { start: Buffer.concat(pieces), size };
}
