import { join } from 'node:path';
import { fileEvidence, fileHolds, isAllowed, packEvidence, packHolds } from './file-evidence.js';
import { type Evidence, type FileEvidence, namesIn, type PackEvidence, type ReadLog } from './read-log.js';
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
  if ([...folders].some(([path, names]) => names !== namesIn(path))) return undefined;
  return {
    files: seen,
    packs,
    folders: [...folders].map(([path, names]) => ({ path, names })),
    absent: [...absent],
    at,
    parts: known,
  };
}

/** Whether everything is as it was. Files whose `stat` tells nothing are compared by their content. */
export async function holds({ files, packs, folders, absent, at, parts }: Evidence): Promise<boolean> {
  for (const file of files) if (!(await fileHolds(file, at))) return false;
  for (const pack of packs) if (!(await packHolds(pack, at))) return false;
  for (const part of parts) if (!(await holds(part))) return false;
  return (
    folders.every(({ path, names }) => isAllowed(path) && namesIn(path) === names) &&
    absent.every((path) => stampNow(path) === undefined)
  );
}
