import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { type BigIntStats, readdirSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { stampOf } from './stamp.js';

/** What is kept of a file that something was made from. */
export interface FileEvidence {
  path: string;
  /** What `stat` says that any change to the file changes. */
  stamp: string;
  /** When it was last written or moved, in ms since 1970. */
  changed: number;
  sha256: string;
}

/** What is kept of many files of a folder. */
export interface PackEvidence {
  folder: string;
  /** Their names, sorted: see `packNames`. */
  names: string;
  /** When one of them was last written or moved, in ms since 1970. */
  changed: number;
  /** sha256 of the names, each with its stamp. */
  stamps: string;
  /** sha256 of the names, each with the sha256 of its content. */
  contents: string;
  /** The first bytes of the sha256 of each content, in the order of the names, as base64: to name what changed. */
  each: string;
}

/** What is kept of a folder whose names were listed. */
export interface FolderEvidence {
  path: string;
  /** A digest of its names. */
  names: string;
  /** Those that are in no pack: see `packNames`. To name what came and went. */
  others: string;
}

/** What something was made from, so that later it can be told whether the same would be made again. */
export interface Evidence {
  files: readonly FileEvidence[];
  packs: readonly PackEvidence[];
  folders: readonly FolderEvidence[];
  absent: readonly string[];
  /** When it was gathered, in ms since 1970. */
  at: number;
  /** That of parts of the work, which was gathered before. */
  parts: readonly Evidence[];
}

/** What some work looked at in the file system, by absolute path. What it came to can change only with these. */
export interface ReadLog {
  /** Files that were opened: by folder and name their stamps, as they were then. */
  files: Map<string, Map<string, string>>;
  /** Folders whose names were listed, with a digest of them from just before. */
  folders: Map<string, string>;
  /** What was looked for and was not there. */
  absent: Set<string>;
  /** Evidence of parts of the work; undefined where nothing is known of one. */
  parts: (Evidence | undefined)[];
}

const logs = new AsyncLocalStorage<ReadLog>();

export const emptyLog = (): ReadLog => ({
  files: new Map(),
  folders: new Map(),
  absent: new Set(),
  parts: [],
});

/** Does some work, and adds to a log what it reads. Calls that the work does not wait for may be missed. */
export const logReads = <T>(log: ReadLog, work: () => Promise<T>): Promise<T> => logs.run(log, work);

/** Does what tells nothing of what the work came to. */
export const unlogged = <T>(work: () => Promise<T>): Promise<T> => logs.exit(work);

/** A part of the work was done with a log of its own, or by others before: this is what it read. */
export function notePart(evidence: Evidence | undefined): void {
  logs.getStore()?.parts.push(evidence);
}

/** A file was opened. The first look counts: what changed in between is noticed by the last. */
export function noteFile(file: string, stats: BigIntStats): void {
  const files = logs.getStore()?.files;
  if (!files) return;
  const path = resolve(file);
  const [folder, name] = [dirname(path), basename(path)];
  let stamps = files.get(folder);
  if (!stamps) files.set(folder, (stamps = new Map()));
  if (!stamps.has(name)) stamps.set(name, stampOf(stats));
}

/** A folder will be listed. As with files, the first look counts. */
export function noteFolder(folder: string): void {
  const folders = logs.getStore()?.folders;
  const path = resolve(folder);
  if (folders && !folders.has(path)) folders.set(path, digestOfNames(listed(path)));
}

/** The names in a folder, sorted, with a slash behind those of folders; undefined where it cannot be read. */
export function listed(path: string): string[] | undefined {
  try {
    return readdirSync(path, { withFileTypes: true })
      .map((entry) => `${entry.name}${entry.isDirectory() ? '/' : ''}`)
      .sort();
  } catch {
    return undefined;
  }
}

/** A digest of what `listed` gives. */
export const digestOfNames = (names: readonly string[] | undefined): string =>
  names ? createHash('sha256').update(names.join('\0')).digest('hex') : 'unreadable';

export function noteAbsent(path: string): void {
  logs.getStore()?.absent.add(resolve(path));
}
