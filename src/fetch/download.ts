import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { openFile, passed } from '../bytes/byte-source.js';
import { interruption } from '../concurrency.js';
import { AssayError } from '../errors.js';
import { type Advice, type Answer, type Http, Refusal } from './http.js';
import { unwritable } from './staging.js';

/** A file as it is published. */
export interface Published {
  /** What messages call it. */
  name: string;
  /** Where it lies, and copies that are tried after that. */
  urls: readonly string[];
  /** Bytes; undefined where only its sum is known. */
  size?: number;
  /** Of its content, in hexadecimal. */
  sha256: string;
  /** Bytes that are taken of one whose size is not known. Default: as many as come. */
  atMost?: number;
}

export interface Downloading {
  http: Http;
  signal: AbortSignal;
  /** Bytes that are there, of all where that is known. */
  progress(done: number, of?: number): void;
}

/**
 * Fetches a file from the first of its addresses that has it, whole and with its published size, if it is known, and sha256. What came is
 * kept in `TARGET.part`: a second call goes on where the first one ended, where the server still has the same file.
 * Errors: `download-failed` with what every address said, `output-unwritable`, `interrupted`.
 */
export async function download(file: Published, target: string, tools: Downloading): Promise<void> {
  const refusals: Refusal[] = [];
  for (const url of file.urls) {
    const part = await Part.open(`${target}.part`);
    try {
      await fetchAll(file, url, part, tools);
      await part.finish(target);
      return;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusals.push(error);
    } finally {
      await part.close();
    }
  }
  const [first, ...more] = refusals as [Refusal, ...Refusal[]];
  throw new AssayError('download-failed', `${file.name} cannot be fetched`, {
    file: target,
    found: first.message,
    hint: first.hint ?? `try again later, or ${tools.http.advice.copy}`,
    also: more.map(({ message }) => message),
  });
}

/** Attempts at one address: those that bring something do not count. Errors: `Refusal`. */
async function fetchAll(file: Published, url: string, part: Part, tools: Downloading): Promise<void> {
  const { attempts, backoff } = tools.http.patience;
  let fresh = part.size === 0;
  for (let failed = 0; ; ) {
    const before = part.size;
    try {
      if (!isWhole(part, file)) await fetchMore(file, url, part, tools);
      const sum = part.sum();
      if (sum === file.sha256) return;
      // What an earlier call left may be of another file, or torn.
      const wrong = new Refusal(
        `${url} has another content: sha256 ${sum}, not ${file.sha256}`,
        false,
        other(tools.http.advice),
      );
      await part.restart();
      if (fresh) throw wrong;
      fresh = true;
    } catch (error) {
      if (!(error instanceof Refusal) || !error.passing) throw error;
      failed = part.size > before ? 1 : failed + 1;
      if (failed >= attempts) throw error;
      const wait = Math.max(backoff * 2 ** (failed - 1), error.waitMs ?? 0);
      await setTimeout(wait, undefined, { signal: tools.signal }).catch(() => {
        throw interruption(tools.signal);
      });
    }
  }
}

const other = ({ copy }: Advice) =>
  `the file has changed at its source, or something on the way replaces it: ${copy}`;

/** Of a file of unknown size, what is there is whole once its sum is right. */
const isWhole = (part: Part, { size, sha256 }: Published): boolean =>
  size === undefined ? part.size > 0 && part.sum() === sha256 : part.size >= size;

/** One request. Errors: `Refusal`. */
async function fetchMore(
  file: Published,
  url: string,
  part: Part,
  { http, progress }: Downloading,
): Promise<void> {
  const answer = await http.get(url, {
    ...(part.size > 0 && { range: `bytes=${part.size}-` }),
    ...(part.size > 0 && part.validator && { 'if-range': part.validator }),
  });
  try {
    const of = await place(answer, file, part, http.advice);
    for await (const piece of answer.body) {
      if (part.size + piece.length > most(file))
        throw await otherSize(answer.url, part, `more than ${most(file)} bytes`, file, http.advice);
      await part.add(piece);
      progress(part.size, of);
    }
  } finally {
    answer.drop();
  }
  if (part.size < (file.size ?? 0))
    throw new Refusal(`${answer.url} ended after ${part.size} of ${file.size} bytes`, true);
}

const most = ({ size, atMost = Number.POSITIVE_INFINITY }: Published): number => size ?? atMost;

/**
 * Makes the part fit to what the server begins to send. Errors: `Refusal`.
 * @returns bytes of the whole file, where they are known
 */
async function place(
  { status, headers, url }: Answer,
  file: Published,
  part: Part,
  advice: Advice,
): Promise<number | undefined> {
  const fits = (bytes: number) => (file.size === undefined ? bytes <= most(file) : bytes === file.size);
  if (status === 206) {
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '') ?? [];
    const bytes = total === undefined || total === '*' ? undefined : Number(total);
    if (bytes !== undefined && !fits(bytes)) throw await otherSize(url, part, `${bytes} bytes`, file, advice);
    if (Number(start) === part.size) return file.size ?? bytes;
    await part.restart();
    throw new Refusal(`${url} sent another part than was asked for`, true);
  }
  if (status === 200) {
    const length = headers['content-length'];
    const bytes = length === undefined ? undefined : Number(length);
    if (bytes !== undefined && !fits(bytes)) throw await otherSize(url, part, `${bytes} bytes`, file, advice);
    // All of it, whatever was asked for: the server knows no ranges, or has another version than the part is of.
    const strong = headers.etag?.startsWith('"') ? headers.etag : headers['last-modified'];
    await part.restart(strong);
    return file.size ?? bytes;
  }
  if (status === 416) {
    await part.restart();
    throw new Refusal(`${url} has no byte ${part.size}`, true);
  }
  throw refused(status, url, headers, advice);
}

async function otherSize(
  url: string,
  part: Part,
  found: string,
  { size, atMost }: Published,
  advice: Advice,
): Promise<Refusal> {
  await part.restart();
  return size === undefined
    ? new Refusal(`${url} is too large: ${found}, where at most ${atMost} are taken`, false, advice.copy)
    : new Refusal(`${url} has another file: ${found}, not ${size}`, false, other(advice));
}

const hints = ({ copy, login }: Advice): Readonly<Record<number, string>> => ({
  401: `the server wants a password: ${login}`,
  403: `the server does not let you have it: try another network, or ${copy}`,
  407: 'the proxy wants a password: put it into HTTPS_PROXY and HTTP_PROXY, http://NAME:PASSWORD@HOST:PORT',
});

function refused(status: number, url: string, headers: Answer['headers'], advice: Advice): Refusal {
  const passing = status === 408 || status === 425 || status === 429 || status >= 500;
  const seconds = Number(headers['retry-after']);
  const wait = seconds > 0 ? Math.min(seconds, 120) * 1000 : undefined;
  return new Refusal(`${url} answered with status ${status}`, passing, hints(advice)[status], wait);
}

/** What was fetched of a file so far, on the disk, with its sum; and what tells whether a server has the same still. */
class Part {
  size = 0;
  validator?: string;

  private constructor(
    private readonly file: string,
    private readonly handle: FileHandle,
    private hash: Hash,
  ) {}

  static async open(file: string): Promise<Part> {
    const handle = await open(file, 'a+').catch((cause) => {
      throw unwritable(file, cause);
    });
    const part = new Part(file, handle, createHash('sha256'));
    const before = await openFile(file);
    try {
      await passed(before, (piece) => part.hash.update(piece));
      part.size = before.size;
    } finally {
      await before.close();
    }
    part.validator = (await readFile(part.note, 'utf8').catch(() => '')) || undefined;
    return part;
  }

  /** Beside it, what the server called its version of the file. */
  private get note(): string {
    return `${this.file}.version`;
  }

  async add(piece: Uint8Array): Promise<void> {
    await this.handle.appendFile(piece).catch((cause) => {
      throw unwritable(this.file, cause);
    });
    this.hash.update(piece);
    this.size += piece.length;
  }

  async restart(validator?: string): Promise<void> {
    await this.handle.truncate(0);
    this.hash = createHash('sha256');
    this.size = 0;
    this.validator = validator;
    await writeFile(this.note, validator ?? '').catch((cause) => {
      throw unwritable(this.note, cause);
    });
  }

  sum(): string {
    return this.hash.copy().digest('hex');
  }

  /** The file gets its name once all of it is on the disk. */
  async finish(target: string): Promise<void> {
    await this.handle.sync();
    await rename(this.file, target);
    await rm(this.note, { force: true });
  }

  async close(): Promise<void> {
    await this.handle.close();
    const left = await stat(this.file).catch(() => undefined);
    if (left?.size !== 0) return;
    await rm(this.file, { force: true });
    await rm(this.note, { force: true });
  }
}
