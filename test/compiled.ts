import { readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Plugin } from 'vitest/config';

/** Folders whose compiled form tests load. */
const SOURCES = ['src', 'suites', 'fixtures'];

/** Written by `npm run build` when it is done. */
const STAMP = 'dist/built';

/**
 * Has tests import what `npm run build` compiled, which Node loads by itself, as users' processes and our own threads do: a
 * tenth of the time that transforming a thousand sources takes in every test file.
 * Errors: where a source is newer than the last build.
 */
export function compiled(): Plugin {
  let root = '';
  return {
    name: 'assay:compiled',
    enforce: 'pre',
    configResolved(config) {
      root = config.root;
      refuseStale(root);
    },
    resolveId(source, importer) {
      if (importer === undefined || !source.startsWith('.')) return undefined;
      const file = relative(root, resolve(dirname(importer), source));
      return SOURCES.includes(file.split(sep)[0]!) && file.endsWith('.js')
        ? join(root, 'dist', file)
        : undefined;
    },
  };
}

/** For `server.deps.external`: what Node loads by itself. */
export const COMPILED = new RegExp(`/dist/(?:${SOURCES.join('|')})/`);

function refuseStale(root: string): void {
  const built = statSync(join(root, STAMP), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  for (const folder of SOURCES)
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || statSync(join(root, folder, name)).mtimeMs <= built) continue;
      throw new Error(
        `build first (npm run build): tests load what is compiled, and ${folder}/${name} is newer`,
      );
    }
}
