import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Folders from the top of the architecture to the bottom: a file may import from its own row and below. */
const LAYERS: readonly (readonly string[])[] = [
  ['src/cli'],
  ['src/index.ts'],
  ['src/runs'],
  ['suites/index.ts'],
  ['src/report', 'src/gate'],
  ['suites'],
  ['src/suites'],
  ['src/attacks', 'src/sampling', 'src/models/defences', 'src/scores'],
  ['src/metrics', 'src/data', 'src/models'],
  ['src/engines', 'src/autodiff', 'src/checkpoints'],
  ['src/architectures'],
  ['src/graph'],
  ['src/data/zip.ts', 'src/data/inflate.ts', 'src/data/byte-source.ts'],
  ['src/config', 'src/random'],
  ['src/errors.ts'],
];

const root = fileURLToPath(new URL('..', import.meta.url));
const files = ['src', 'suites'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name).split(sep).join('/')),
);

/** The row a file belongs to: the longest path that contains it. */
function layerOf(file: string): number {
  const rows = LAYERS.flatMap((places, row) => places.map((place) => ({ place, row })))
    .filter(({ place }) => file === place || file.startsWith(`${place}/`))
    .sort((a, b) => b.place.length - a.place.length);
  return rows[0]?.row ?? -1;
}

/** Files of ours that a file imports; types too, since they bind as much. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?'(\.[^']+)'/g)].map(([, path]) =>
    relative(root, normalize(join(root, dirname(file), path)))
      .split(sep)
      .join('/')
      .replace(/\.js$/, '.ts'),
  );
}

describe('the architecture', () => {
  it('gives every source file a place', () => {
    expect(files.filter((file) => layerOf(file) < 0)).toEqual([]);
  });

  it('lets imports point downwards only', () => {
    const upwards = files.flatMap((file) =>
      importsOf(file)
        .filter((imported) => imported.startsWith('src/') || imported.startsWith('suites/'))
        .filter((imported) => layerOf(imported) < layerOf(file))
        .map((imported) => `${file} imports ${imported}`),
    );
    expect(upwards).toEqual([]);
  });
});
