import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { checkConfined } from './confine.js';
import { hashOfFile } from './file-hash.js';
import { type FileEvidence, type PackEvidence, unlogged } from './read-log.js';
import { changedAt, stampNow } from './stamp.js';

/**
 * A file that was written so shortly before it was looked at may be written again without its times telling: some file
 * systems count in steps of two seconds. Its content decides then.
 */
const SETTLED_MS = 2000;

/** Kernels stamp files by a clock that ticks this slowly. */
const TICK_MS = 20;

/** Names of ten million files take less: what unfolds to more in a run folder is not what we wrote. In bytes. */
const MOST_NAMES = 2 ** 28;

/** Evidence of a file that had that stamp when it was read; undefined where it changed since, or may have. */
export async function fileEvidence(
  path: string,
  stamp: string,
  at: number,
): Promise<FileEvidence | undefined> {
  const changed = changedAt(stamp);
  if (at - changed < TICK_MS || stamp !== stampNow(path)) return undefined;
  const sha256 = await hashOf(path);
  return sha256 === undefined || stamp !== stampNow(path) ? undefined : { path, stamp, changed, sha256 };
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
  const names = [...stamps.keys()].sort();
  const [byStamp, byContent] = [createHash('sha256'), createHash('sha256')];
  let changed = 0;
  for (const name of names) {
    const stamp = stamps.get(name) as string;
    const file = await fileEvidence(join(folder, name), stamp, at);
    if (!file) return undefined;
    changed = Math.max(changed, file.changed);
    byStamp.update(entry(name, stamp));
    byContent.update(entry(name, file.sha256));
  }
  return {
    folder,
    names: deflateRawSync(names.join('\0')).toString('base64'),
    changed,
    stamps: byStamp.digest('hex'),
    contents: byContent.digest('hex'),
  };
}

/** Whether a file is as it was. @param at when its evidence was gathered */
export async function fileHolds({ path, stamp, changed, sha256 }: FileEvidence, at: number) {
  if (!isAllowed(path)) return false;
  if (isSettled(changed, at) && stampNow(path) === stamp) return true;
  return (await hashOf(path)) === sha256;
}

/**
 * Whether all files are as they were. Where their stamps do not tell, every one is read.
 * Errors: those of zlib for names that are not as `packEvidence` writes them.
 */
export async function packHolds({ folder, changed, stamps, contents, ...pack }: PackEvidence, at: number) {
  const inflated = inflateRawSync(Buffer.from(pack.names, 'base64'), { maxOutputLength: MOST_NAMES });
  const names = inflated.toString().split('\0');
  const byStamp = createHash('sha256');
  for (const name of names) {
    const path = join(folder, name);
    const stamp = isAllowed(path) ? stampNow(path) : undefined;
    if (stamp === undefined) return false;
    byStamp.update(entry(name, stamp));
  }
  if (isSettled(changed, at) && byStamp.digest('hex') === stamps) return true;
  const byContent = createHash('sha256');
  for (const name of names) {
    const sha256 = await hashOf(join(folder, name));
    if (sha256 === undefined) return false;
    byContent.update(entry(name, sha256));
  }
  return byContent.digest('hex') === contents;
}

const isSettled = (changed: number, at: number) => at - changed > SETTLED_MS;

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
