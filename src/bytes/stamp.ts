import { type BigIntStats, statSync } from 'node:fs';

/** Writing sets mtime and ctime, setting mtime back sets ctime, replacing gives another inode. */
export const stampOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join(' ');

/** When a file of that stamp was last written or moved, in ms since 1970. */
export function changedAt(stamp: string): number {
  const [mtime, ctime] = stamp
    .split(' ')
    .slice(-2)
    .map((ns) => Number(BigInt(ns) / 1_000_000n));
  return Math.max(mtime!, ctime!);
}

/** What `stat` says of a path that any change to it changes; undefined where nothing is there. */
export function stampNow(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && stampOf(stats);
}
