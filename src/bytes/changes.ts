import { relative } from 'node:path';
import { oneLine } from '../one-line.js';

/** Which files are not as they were, by absolute path. What is known of a folder need not tell of every one. */
export interface Changes {
  /** Of other content. */
  changed: readonly string[];
  added: readonly string[];
  removed: readonly string[];
}

/** Each file once. */
export const joined = (all: readonly Changes[]): Changes => ({
  changed: [...new Set(all.flatMap(({ changed }) => changed))],
  added: [...new Set(all.flatMap(({ added }) => added))],
  removed: [...new Set(all.flatMap(({ removed }) => removed))],
});

/** Files that are named; more are counted. */
const NAMED = 3;

/** In words: "2 files changed (a.png, b.png), 1 is new (c.png)". @param directory that paths are told from */
export function changesText({ changed, added, removed }: Changes, directory: string): string {
  const told = (paths: readonly string[], one: string, several: string) => {
    const names = paths.slice(0, NAMED).map((path) => oneLine(relative(directory, path) || '.'));
    const more = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : '';
    return paths.length === 0
      ? []
      : [`${paths.length} ${paths.length === 1 ? one : several} (${names.join(', ')}${more})`];
  };
  const parts = [
    ...told(changed, 'file changed', 'files changed'),
    ...told(added, 'is new', 'are new'),
    ...told(removed, 'is gone', 'are gone'),
  ];
  return parts.join(', ') || 'files changed';
}
