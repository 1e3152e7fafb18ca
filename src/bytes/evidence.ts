import { join } from 'node:path';
import { type Changes, joined } from './changes.js';
import { fileAgain, fileEvidence, isAllowed, packAgain, packEvidence } from './file-evidence.js';
import { packNames, unpackNames } from './packed-names.js';
import {
  digestOfNames,
  type Evidence,
  type FileEvidence,
  type FolderEvidence,
  listed,
  type PackEvidence,
  type ReadLog,
} from './read-log.js';
import { stampNow } from './stamp.js';

/** From so many files of a folder on they are kept as a pack. */
const MANY = 16;

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
  const packs: PackEvidence[] = [];
  for (const [folder, stamps] of files) {
    if (stamps.size >= MANY) {
      const pack = await packEvidence(folder, stamps, at);
      if (!pack) return undefined;
      packs.push(pack);
    } else
      for (const [name, stamp] of stamps) {
        const file = await fileEvidence(join(folder, name), stamp, at);
        if (!file) return undefined;
        seen.push(file);
      }
  }
  const listings: FolderEvidence[] = [];
  for (const [path, names] of folders) {
    const now = listed(path);
    if (names !== digestOfNames(now)) return undefined;
    const packed = files.get(path);
    const isOther = (name: string) => packed === undefined || packed.size < MANY || !packed.has(name);
    listings.push({ path, names, others: packNames((now ?? []).filter(isOther)) });
  }
  return { files: seen, packs, folders: listings, absent: [...absent], at, parts: known };
}

/**
 * Looks again at what something was made from. Files whose `stat` tells nothing are compared by their content.
 * @returns where all is as it was the same evidence, or a fresher one, with which `stat` tells the next time; otherwise which
 * files are not as they were
 * Errors: those of zlib for names that are not as `gatherEvidence` writes them.
 */
export async function lookAgain(known: Evidence): Promise<{ evidence: Evidence } | { changes: Changes }> {
  const { at } = known;
  const now = Date.now();
  const changes: Changes[] = [];
  const differs = (path: string) =>
    changes.push(
      stampNow(path) === undefined
        ? { changed: [], added: [], removed: [path] }
        : { changed: [path], added: [], removed: [] },
    );
  let sure = true;
  const files: FileEvidence[] = [];
  for (const file of known.files) {
    const again = await fileAgain(file, at, now);
    sure &&= again?.sure ?? true;
    if (again) files.push(again.file);
    else differs(file.path);
  }
  const packs: PackEvidence[] = [];
  for (const pack of known.packs) {
    const again = await packAgain(pack, at, now);
    if ('pack' in again) {
      packs.push(again.pack);
      sure &&= again.sure;
    } else changes.push(again);
  }
  const parts: Evidence[] = [];
  for (const part of known.parts) {
    const again = await lookAgain(part);
    if ('evidence' in again) parts.push(again.evidence);
    else changes.push(again.changes);
  }
  for (const folder of known.folders) {
    if (!isAllowed(folder.path)) {
      differs(folder.path);
      continue;
    }
    const now = listed(folder.path);
    if (digestOfNames(now) !== folder.names) changes.push(namesAgain(folder, now, known.packs));
  }
  const added = known.absent.filter((path) => stampNow(path) !== undefined);
  if (added.length > 0) changes.push({ changed: [], added, removed: [] });
  if (changes.length > 0) return { changes: joined(changes) };
  const fresh = { ...known, files, packs, parts };
  // Only what has just been read whole is known to be as it was up to now.
  if (sure && (isOther(files, known.files) || isOther(packs, known.packs)))
    return { evidence: { ...fresh, at: now } };
  return { evidence: isOther(parts, known.parts) ? { ...known, parts } : known };
}

const isOther = <T>(a: readonly T[], b: readonly T[]) => a.some((one, i) => one !== b[i]);

/** Which names came and went. What is gone from a pack is known already. */
function namesAgain(
  { path, others }: FolderEvidence,
  now: readonly string[] | undefined,
  packs: readonly PackEvidence[],
): Changes {
  if (!now) return { changed: [], added: [], removed: [path] };
  const kept = unpackNames(others);
  const pack = packs.find(({ folder }) => folder === path);
  const before = new Set([...kept, ...(pack ? unpackNames(pack.names) : [])]);
  const names = new Set(now);
  const at = (name: string) => join(path, name);
  return {
    changed: [],
    added: now.filter((name) => !before.has(name)).map(at),
    removed: kept.filter((name) => !names.has(name)).map(at),
  };
}
