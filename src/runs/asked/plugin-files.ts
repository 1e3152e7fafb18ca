import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { openFile } from '../../bytes/byte-source.js';
import { hashOfFile } from '../../bytes/file-hash.js';

/** Relative paths that a module's text names in any of the ways in which modules name others; some in comments do no harm. */
const NAMED = /\b(?:from|import|require|URL)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]+)\1/g;

/** Digests of modules that this process has loaded: it goes on with them, whatever becomes of their files. */
const loaded = new Map<string, string>();

/**
 * SHA-256, in hex, of a module's file and of all files that it and they name by relative paths, as they were when this process
 * looked first. Packages that it names are not looked at.
 * @param target the module's file, which is about to be loaded
 * Errors: `file-unreadable` for that file.
 */
export async function digestOfModule(target: string): Promise<string> {
  const digests = new Map([[target, await hashOfFile(target)]]);
  // What is added on the way is gone through as well.
  for (const file of digests.keys())
    for (const named of await namedIn(file)) {
      // What cannot be read, whoever loads it is told.
      const digest = digests.has(named) ? undefined : await hashOfFile(named).catch(() => undefined);
      if (digest !== undefined) digests.set(named, digest);
    }
  // Without paths: they may be others on another machine.
  const digest = createHash('sha256')
    .update([...digests.values()].join())
    .digest('hex');
  const known = loaded.get(target) ?? digest;
  loaded.set(target, known);
  return known;
}

/** The files that a module names; none where it is no module. */
async function namedIn(file: string): Promise<string[]> {
  if (!/\.[cm]?[jt]s$/.test(file)) return [];
  const { resolve } = createRequire(file);
  const source = await openFile(file);
  try {
    const text = Buffer.from(await source.read(0, source.size)).toString('utf8');
    return [...text.matchAll(NAMED)].flatMap(([, , path = '']) => {
      try {
        return [resolve(path)];
      } catch {
        return [];
      }
    });
  } finally {
    await source.close();
  }
}
