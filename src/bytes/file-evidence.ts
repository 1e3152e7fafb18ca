import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Changes } from './changes.js';
import { checkConfined } from './confine.js';
import { hashOfFile } from './file-hash.js';
import { packNames, unpackNames } from './packed-names.js';
import { type FileEvidence, type PackEvidence, unlogged } from './read-log.js';
import { changedAt, stampNow } from './stamp.js';

/**
 * A file that was written so shortly before it was looked at may be written again without its times telling: some file
 * systems count in steps of two seconds. Its content decides then.
 */
const SETTLED_MS = 2000;

/** Kernels stamp files by a clock that ticks this slowly. */
const TICK_MS = 20;

/** Bytes of a digest that tell which of many files changed; whether one did, a whole digest tells. */
const EACH = 2;

/** Evidence of a file that had that stamp when it was read; undefined where it changed since, or may have. */
export async function fileEvidence(
  path: string,
  stamp: string,
  at: number,
): Promise<FileEvidence | undefined> {
  const sha256 = await hashOf(path);
  if (sha256 === undefined || !isSure(path, stamp, at)) return undefined;
  return { path, stamp, changed: changedAt(stamp), sha256 };
}

/**
 * Evidence of many files of a folder: an entry each would outgrow all else that a run keeps.
 * @param stamps by name, as they were when they were read
 * @returns undefined where one of them changed since, or may have
 */
export async function packEvidence(
  folder: string,
  stamps: ReadonlyMap<string, string>,
  at: number,
): Promise<PackEvidence | undefined> {
  const seen = await packNow(folder, stamps, at);
  return seen?.sure ? seen.pack : undefined;
}

/**
 * Looks again at a file.
 * @param at when its evidence was gathered
 * @param now before anything was looked at again
 * @returns the same evidence where its stamp tells that nothing changed, a new one where its content does; nothing where
 * it changed. `sure` is false where it may change again without its stamp telling
 */
export async function fileAgain(
  known: FileEvidence,
  at: number,
  now: number,
): Promise<{ file: FileEvidence; sure: boolean } | undefined> {
  const { path, sha256 } = known;
  if (!isAllowed(path)) return undefined;
  const stamp = stampNow(path);
  if (isSettled(known.changed, at) && stamp === known.stamp) return { file: known, sure: true };
  if (stamp === undefined || (await hashOf(path)) !== sha256) return undefined;
  return { file: { path, stamp, changed: changedAt(stamp), sha256 }, sure: isSure(path, stamp, now) };
}

/**
 * Looks again at the files of a pack, as `fileAgain`. Where their stamps do not tell, every one is read.
 * Errors: those of zlib for names that are not as `packEvidence` writes them.
 */
export async function packAgain(
  known: PackEvidence,
  at: number,
  now: number,
): Promise<{ pack: PackEvidence; sure: boolean } | Changes> {
  const { folder } = known;
  const stamps = new Map<string, string>();
  const removed: string[] = [];
  for (const name of unpackNames(known.names)) {
    const path = join(folder, name);
    const stamp = isAllowed(path) ? stampNow(path) : undefined;
    if (stamp === undefined) removed.push(path);
    else stamps.set(name, stamp);
  }
  // What is gone tells enough: the others need not be read.
  if (removed.length > 0) return { changed: [], added: [], removed };
  if (isSettled(known.changed, at) && digestOf(stamps) === known.stamps) return { pack: known, sure: true };
  const seen = await packNow(folder, stamps, now);
  if (seen?.pack.contents === known.contents) return seen;
  return { changed: seen ? changedIn(known, seen.pack) : [], added: [], removed };
}

/** The files that two packs of the same names have with other content: all but one in 65,536 are found. */
function changedIn(before: PackEvidence, after: PackEvidence): string[] {
  const [old, own] = [before.each, after.each].map((each) => Buffer.from(each, 'base64'));
  const same = (i: number) =>
    old!.subarray(EACH * i, EACH * (i + 1)).equals(own!.subarray(EACH * i, EACH * (i + 1)));
  return unpackNames(after.names).flatMap((name, i) => (same(i) ? [] : [join(after.folder, name)]));
}

/** What was found last of each folder whose stamps tell since then whether a file changed. */
const found = new Map<string, PackEvidence>();

/**
 * What there is now of files that had these stamps, and whether these are surely their contents; undefined where one
 * cannot be read. What was read once in this process, and is surely the same, is not read again: a folder that changed is looked at by
 * whoever asks whether a run is finished, whether its data set is known, and what that was made from.
 */
async function packNow(
  folder: string,
  stamps: ReadonlyMap<string, string>,
  at: number,
): Promise<{ pack: PackEvidence; sure: boolean } | undefined> {
  const known = found.get(folder);
  if (known && isSame(known, stamps)) return { pack: known, sure: true };
  const seen = await readPack(folder, stamps, at);
  if (seen?.sure && isSettled(seen.pack.changed, at)) found.set(folder, seen.pack);
  else found.delete(folder);
  return seen;
}

/** Whether the files of a pack had these stamps when they were read, and have them now. */
function isSame({ folder, stamps: known }: PackEvidence, stamps: ReadonlyMap<string, string>): boolean {
  if (digestOf(stamps) !== known) return false;
  return [...stamps].every(([name, stamp]) => stampNow(join(folder, name)) === stamp);
}

async function readPack(
  folder: string,
  stamps: ReadonlyMap<string, string>,
  at: number,
): Promise<{ pack: PackEvidence; sure: boolean } | undefined> {
  const names = [...stamps.keys()].sort();
  const byContent = createHash('sha256');
  const each = Buffer.alloc(EACH * names.length);
  let changed = 0;
  let sure = true;
  for (const [i, name] of names.entries()) {
    const stamp = stamps.get(name) as string;
    const path = join(folder, name);
    const sha256 = await hashOf(path);
    if (sha256 === undefined) return undefined;
    sure &&= isSure(path, stamp, at);
    changed = Math.max(changed, changedAt(stamp));
    byContent.update(entry(name, sha256));
    each.write(sha256, EACH * i, EACH, 'hex');
  }
  const pack: PackEvidence = {
    folder,
    names: packNames(names),
    changed,
    stamps: digestOf(stamps),
    contents: byContent.digest('hex'),
    each: each.toString('base64'),
  };
  return { pack, sure };
}

/** One of all stamps, by name. */
function digestOf(stamps: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const name of [...stamps.keys()].sort()) hash.update(entry(name, stamps.get(name) as string));
  return hash.digest('hex');
}

const isSettled = (changed: number, at: number) => at - changed > SETTLED_MS;

/** Whether what was read of a file just now is what it held when it had that stamp. @param at before it was read */
const isSure = (path: string, stamp: string, at: number) =>
  at - changedAt(stamp) >= TICK_MS && stamp === stampNow(path);

/** No name has a NUL in it. */
const entry = (name: string, of: string) => `${name}\0${of}\0`;

export function isAllowed(path: string): boolean {
  try {
    checkConfined(path);
    return true;
  } catch {
    return false;
  }
}

/** sha256 of a file's content; undefined where it cannot be read. */
const hashOf = (path: string): Promise<string | undefined> =>
  unlogged(() => hashOfFile(path)).catch(() => undefined);
