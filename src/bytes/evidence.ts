import { type BigIntStats, statSync } from 'node:fs';
import { checkConfined } from './confine.js';
import { hashOfFile } from './file-hash.js';
import { type Evidence, type FileEvidence, namesIn, type ReadLog, unlogged } from './read-log.js';

/**
 * A file that was written so shortly before it was looked at may be written again without its times telling: some file
 * systems count in steps of two seconds. Its content decides then.
 */
const SETTLED_MS = 2000;

/** Kernels stamp files by a clock that ticks this slowly. */
const TICK_MS = 20;

/**
 * Evidence of what was read; undefined where a file, or a folder's names, changed since, or a file may have: then
 * nothing is known of what was made.
 */
export async function gatherEvidence({
  files,
  folders,
  absent,
  parts,
}: ReadLog): Promise<Evidence | undefined> {
  const at = Date.now();
  const known = parts.filter((part) => part !== undefined);
  if (known.length < parts.length) return undefined;
  const seen: FileEvidence[] = [];
  for (const [path, stats] of files) {
    const stamp = stampOf(stats);
    const changed = changedOf(stats);
    if (at - changed < TICK_MS || stamp !== stampNow(path)) return undefined;
    const sha256 = await hashOf(path);
    if (sha256 === undefined || stamp !== stampNow(path)) return undefined;
    seen.push({ path, stamp, changed, sha256 });
  }
  if ([...folders].some(([path, names]) => names !== namesIn(path))) return undefined;
  return {
    files: seen,
    folders: [...folders].map(([path, names]) => ({ path, names })),
    absent: [...absent],
    at,
    parts: known,
  };
}

/** Whether everything is as it was. Files whose `stat` tells nothing are compared by their content. */
export async function holds({ files, folders, absent, at, parts }: Evidence): Promise<boolean> {
  for (const { path, stamp, changed, sha256 } of files) {
    if (!isAllowed(path)) return false;
    const settled = at - changed > SETTLED_MS;
    if (settled && stampNow(path) === stamp) continue;
    if ((await hashOf(path)) !== sha256) return false;
  }
  for (const part of parts) if (!(await holds(part))) return false;
  return (
    folders.every(({ path, names }) => isAllowed(path) && namesIn(path) === names) &&
    absent.every((path) => stampNow(path) === undefined)
  );
}

function isAllowed(path: string): boolean {
  try {
    checkConfined(path);
    return true;
  } catch {
    return false;
  }
}

/** Writing sets mtime and ctime, setting mtime back sets ctime, replacing gives another inode. */
const stampOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join(' ');

const changedOf = ({ mtimeMs, ctimeMs }: BigIntStats): number =>
  Number(mtimeMs > ctimeMs ? mtimeMs : ctimeMs);

/** What `stat` says of a path that any change to it changes; undefined where nothing is there. */
export function stampNow(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && stampOf(stats);
}

/** sha256 of a file's content; undefined where it cannot be read. */
const hashOf = (path: string): Promise<string | undefined> =>
  unlogged(() => hashOfFile(path)).catch(() => undefined);
