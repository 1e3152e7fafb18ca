import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../bytes/limits.js';
import { noteFolder } from '../../bytes/read-log.js';
import { unreadable } from '../../bytes/regular-file.js';
import { AssayError } from '../../errors.js';

const SHARD = /\.(tar|tar\.gz|tgz)$/i;

/** Names that may lie beside shards. */
const BESIDE = /\.(tar|tar\.gz|tgz|json|txt|md|idx|index)$/i;

/** `{000000..000099}`, or `{a,b}`. */
const BRACES = /\{(\d+)\.\.(\d+)\}|\{([^{}]*,[^{}]*)\}/;

/** Whether a file is called as a shard is. */
export const isShard = (path: string): boolean => SHARD.test(path);

/** Whether a path stands for several shards. */
export const isShardPattern = (path: string): boolean => isShard(path) && BRACES.test(path);

/** Whether a folder holds shards, and nothing that would be something else. */
export const holdsShards = (entries: readonly string[]): boolean => {
  const shown = entries.filter((name) => !name.startsWith('.'));
  return shown.some(isShard) && shown.every((name) => BESIDE.test(name));
};

/**
 * The shards that a path stands for, in their order: those of a pattern, those of a folder by their names, or itself.
 * Errors: `config-invalid`, `data-invalid` for links out of a folder of others, `file-unreadable`.
 */
export async function shardPaths(path: string, isFolder: boolean, followLinks: boolean): Promise<string[]> {
  if (!isFolder) return isShardPattern(path) ? expand(path) : [path];
  noteFolder(path);
  const entries = await readdir(path, { withFileTypes: true }).catch((cause) => {
    throw unreadable(path, cause);
  });
  const shards = entries.filter(({ name }) => isShard(name) && !name.startsWith('.'));
  const linked = shards.find((entry) => entry.isSymbolicLink());
  if (linked && !followLinks)
    throw new AssayError('data-invalid', 'a shard is a link', {
      file: join(path, linked.name),
      expected: 'files in the folder itself',
      hint: 'if the folder is your own, say `followLinks: true`',
    });
  if (shards.length > limits.shards.value) throw tooMany(path, shards.length);
  return shards.map(({ name }) => join(path, name)).sort();
}

/** As shells expand braces: numbers keep the width of the first. */
function expand(path: string): string[] {
  let paths = [path];
  while (paths.length > 0 && BRACES.test(paths[0]!)) {
    const [braces = '', from = '', to = '', list] = BRACES.exec(paths[0]!) ?? [];
    const count = list === undefined ? Number(to) - Number(from) + 1 : list.split(',').length;
    if (count < 1)
      throw new AssayError('config-invalid', 'the pattern of shards stands for none', {
        file: path,
        expected: 'numbers that go up, as in shard-{000000..000099}.tar',
        found: braces,
      });
    if (!(paths.length * count <= limits.shards.value)) throw tooMany(path, paths.length * count);
    const values =
      list?.split(',') ??
      Array.from({ length: count }, (_, i) => String(Number(from) + i).padStart(from.length, '0'));
    paths = paths.flatMap((one) => values.map((value) => one.replace(braces, () => value)));
  }
  return paths;
}

const tooMany = (path: string, found: number) =>
  new AssayError('config-invalid', 'there are too many shards', {
    file: path,
    expected: `at most ${limits.shards.value}`,
    found: String(found),
    hint: limits.shards.instead,
  });
