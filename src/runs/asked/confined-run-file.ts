import { resolve } from 'node:path';
import { checkConfined } from '../../bytes/confine.js';

/** What of a run file names files. */
interface NamingFiles {
  models: readonly (string | object)[];
  datasets: Readonly<Record<string, object>>;
}

/**
 * Refuses a run file that names what lies outside of the folder of `--confine`, before anything in it is opened.
 * Plug-ins are left to whoever loads them, since they may be packages.
 * Errors: `file-unreadable` with the key.
 */
export function refuseOutside(
  { models, datasets }: NamingFiles,
  { file, directory }: { file: string; directory: string },
): void {
  const named: (readonly [key: string, path: unknown])[] = [
    ...models.map((model, i) =>
      typeof model === 'string'
        ? ([`models[${i}]`, model] as const)
        : ([`models[${i}].checkpoint`, keyOf(model, 'checkpoint')] as const),
    ),
    // `labels` may be the name of an array as well, which as a path lies inside.
    ...Object.entries(datasets).flatMap(([name, set]) =>
      ['path', 'labels'].map((key) => [`datasets.${name}.${key}`, keyOf(set, key)] as const),
    ),
  ];
  for (const [path, value] of named)
    if (typeof value === 'string') checkConfined(resolve(directory, value), { file, path });
}

const keyOf = (value: object, key: string): unknown => (value as Record<string, unknown>)[key];
