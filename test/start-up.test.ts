import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a file imports: files of ours, and packages. Types are gone when it is compiled. */
function importsOf(file: string) {
  const text = readFileSync(join(root, file), 'utf8');
  const ours = (path: string) => normalize(join(dirname(file), path)).replace(/\.js$/, '.ts');
  const loaded = [...text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^;']*?from\s+)?'([^']+)'/gm)].map(
    ([, path]) => path!,
  );
  return {
    files: loaded.filter((path) => path.startsWith('.')).map(ours),
    packages: loaded
      .filter((path) => !/^(\.|node:)/.test(path))
      .map((path) => /^(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path),
    later: [...text.matchAll(/import\('(\.[^']+)'\)/g)].map(([, path]) => ours(path!)),
  };
}

/** All that is loaded with a file. */
function closureOf(entry: string) {
  const files = new Set([entry]);
  const packages = new Set<string>();
  const later = new Set<string>();
  for (const file of files) {
    const imports = importsOf(file);
    for (const one of imports.files) files.add(one);
    for (const one of imports.packages) packages.add(one);
    for (const one of imports.later) later.add(one);
  }
  return { files, packages: [...packages].sort(), later: [...later] };
}

/**
 * Where a process or a thread begins, or a command, and the packages it waits for. A line that grows is a wait for every
 * user of it: a sixth of a second is nothing rare. What is needed by some runs only is imported when it is needed.
 */
const starts: Record<string, readonly string[]> = {
  'src/cli/main.ts': ['commander', 'fastest-levenshtein'],
  'src/cli/commands/run.ts': ['commander', 'fastest-levenshtein'],
  // All that a finished run loads; what there is to do, the other finds out.
  'src/runs/run.ts': ['fastest-levenshtein'],
  'src/runs/run-anew.ts': ['ajv', 'fastest-levenshtein', 'yaml'],
  'src/runs/concluding/conclude-worker.ts': ['ajv', 'fastest-levenshtein'],
  'src/engines/ort/worker.ts': ['fastest-levenshtein', 'onnxruntime-node'],
  'src/engines/guard/process.ts': ['fastest-levenshtein'],
};

describe('what is loaded at the start of', () => {
  it.each(Object.entries(starts))('%s', (entry, packages) => {
    expect(closureOf(entry).packages).toEqual(packages);
  });

  it('a run is nothing that some file imports only when it is needed', () => {
    const { files, later } = closureOf('src/runs/run-anew.ts');
    expect(later.length).toBeGreaterThan(10);
    expect(later.filter((file) => files.has(file))).toEqual([]);
  });
});
