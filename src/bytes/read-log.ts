import { AsyncLocalStorage } from 'node:async_hooks';
import type { BigIntStats } from 'node:fs';
import { resolve } from 'node:path';

/** What some work looked at in the file system, by absolute path. What it came to can change only with these. */
export interface ReadLog {
  /** Files that were opened, as they were then. */
  files: Map<string, BigIntStats>;
  /** Folders whose names were listed. */
  folders: Set<string>;
  /** What was looked for and was not there. */
  absent: Set<string>;
}

const logs = new AsyncLocalStorage<ReadLog>();

/** Does some work, and tells what it read. Calls that the work does not wait for may be missed. */
export async function logReads<T>(work: () => Promise<T>): Promise<{ made: T; log: ReadLog }> {
  const log: ReadLog = { files: new Map(), folders: new Set(), absent: new Set() };
  return { made: await logs.run(log, work), log };
}

/** A file was opened. The first look counts: what changed in between is noticed by the last. */
export function noteFile(file: string, found: BigIntStats): void {
  const files = logs.getStore()?.files;
  const path = resolve(file);
  if (files && !files.has(path)) files.set(path, found);
}

export function noteFolder(folder: string): void {
  logs.getStore()?.folders.add(resolve(folder));
}

export function noteAbsent(path: string): void {
  logs.getStore()?.absent.add(resolve(path));
}
