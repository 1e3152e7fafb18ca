import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Folders from the top of the architecture to the bottom: a file may import from its own row and below. */
const LAYERS: readonly (readonly string[])[] = [
  ['src/cli'],
  ['src/index.ts'],
  ['src/audit'],
  ['src/across'],
  ['src/pull', 'src/verification'],
  // A run, from who begins one down to what it is asked.
  ['src/runs'],
  ['src/runs/bullmq', 'src/runs/judging'],
  ['src/runs/shards'],
  ['src/runs/concluding', 'src/runs/workers'],
  ['src/runs/opening'],
  ['src/runs/measuring'],
  ['src/runs/rows'],
  ['src/runs/plan'],
  ['src/runs/inventory'],
  ['src/runs/s3', 'src/runs/units'],
  ['src/runs/asked'],
  ['src/runs/folder'],
  ['suites/index.ts'],
  ['src/exporters', 'src/submit'],
  ['src/report', 'src/gate'],
  ['src/comparison'],
  ['suites'],
  // What plug-ins import, as `assay/NAME`.
  [
    'src/suite.ts',
    'src/measurements.ts',
    'src/metrics.ts',
    'src/attack.ts',
    'src/score.ts',
    'src/data.ts',
    'src/report.ts',
    'src/plugin.ts',
  ],
  ['src/suites'],
  ['src/attacks', 'src/models/defences'],
  ['src/metrics', 'src/data', 'src/models', 'src/losses', 'src/scores', 'src/sampling'],
  ['src/bounds'],
  ['src/bounds/alpha'],
  ['src/bounds/crown'],
  ['src/bounds/intervals'],
  ['src/bounds/network'],
  ['src/bounds/rows'],
  ['src/engines', 'src/autodiff', 'src/checkpoints'],
  ['src/architectures'],
  ['src/graph'],
  ['src/fetch'],
  ['src/config', 'src/random'],
  ['src/bytes'],
  ['src/wasm'],
  ['src/registry.ts'],
  ['src/csv-places.ts', 'src/csv-records.ts', 'src/csv-text.ts', 'src/float32-text.ts'],
  ['src/concurrency.ts'],
  ['src/errors.ts', 'src/map-tuple.ts', 'src/one-line.ts', 'src/csv-cell.ts', 'src/pattern.ts'],
];

/** What opens or reads files in node:fs. */
const READING =
  /^(open|openSync|openAsBlob|read|readv|readSync|readvSync|readFile|readFileSync|createReadStream|cp|cpSync|copyFile|copyFileSync|promises|default|\*)$/;

/** Files that read without `src/bytes/regular-file.ts`, which refuses pipes and devices, and why they may. */
const READS_BY_ITSELF: Readonly<Record<string, string>> = {
  'src/bytes/regular-file.ts': 'it is that file',
  'src/bytes/inflate.ts': 'opens the temporary file it writes',
  'src/bytes/disk.ts': 'opens the files it writes, and folders to sync them',
  'src/fetch/download.ts': 'opens the files that it writes',
  'src/fetch/kept-file.ts': 'copies what was compared with its hash',
  'src/fetch/staging.ts': 'opens and copies the files that it writes',
  'src/engines/ort/fold.ts': 'reads what the engine wrote into a folder made for it',
  'src/engines/guard/peak-held.ts': 'reads /proc',
  'src/engines/read-held.ts': 'reads what was written into a folder made for it',
  'src/engines/weights-file.ts': 'reads what was written into a folder made for it',
  'src/report/templates.ts': "reads Assay's own templates",
  'src/bytes/claims.ts': 'opens the claims it writes, which NFS then asks the server for',
  'src/runs/folder/environment.ts': "reads Assay's own package.json",
  'src/bytes/process-name.ts': 'reads /proc',
  'src/runs/folder/program.ts': "reads Assay's own code and the versions of what it depends on",
  'src/engines/tfjs-native/package.ts': 'reads the package.json of an installed package',
};

/** What changes what lies on a disk, in node:fs. */
const WRITING =
  /^(append|chmod|chown|copyFile|cp|createWriteStream|fsync|ftruncate|link|mkdir|mkdtemp|rename|rm|symlink|truncate|unlink|utimes|write)/;

/** Files that write without `src/bytes/disk.ts`, through which all goes that must survive a power cut, and why they may. */
const WRITES_BY_ITSELF: Readonly<Record<string, string>> = {
  'src/bytes/disk.ts': 'it is that file',
  'src/bytes/leftovers.ts': 'makes and removes what is temporary',
  'src/bytes/inflate.ts': 'removes its temporary file',
  'src/engines/ort/fold.ts': 'removes its temporary folder',
  'src/engines/guard/peak-held.ts': 'writes to /proc',
  'src/engines/held-model.ts': 'writes and removes its temporary folder',
  'src/runs/opening/probe.ts': 'makes and removes its temporary folder',
  'src/data/arrays/npz.ts': 'writes files of users where they say, over what is there',
  'src/fetch/download.ts': 'appends to what is compared with a checksum when it is whole',
  'src/fetch/kept-file.ts': 'names and removes downloads, which are compared with their hashes',
  'src/fetch/unpacked.ts': 'makes folders of downloads, which can be fetched again',
  'src/pull/pull.ts': 'makes folders of data sets, which can be checked and fetched again',
  'src/fetch/staging.ts': 'writes data sets, which can be checked and fetched again',
  'src/cli/starting/write-new.ts': 'writes files of users that must not be there yet',
  'src/cli/terminal/reporting.ts': 'removes what earlier commands left at the places of the reporters',
  'src/cli/terminal/tell-github.ts': 'appends to the summary of a job',
  'src/cli/terminal/exit-code.ts': 'writes to the terminal',
  'src/bytes/claims.ts': 'claims of a machine that lost its power are worth nothing',
};

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
  return [...text.matchAll(/(?:from|import)\s*\(?['"](\.[^'"]+)['"]/g)].map(([, path]) =>
    relative(root, normalize(join(root, dirname(file), path!)))
      .split(sep)
      .join('/')
      .replace(/\.js$/, '.ts'),
  );
}

/** Packages that a file imports. */
function packagesOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?'([^.'][^']*)'/g)].map(([, name]) => name!);
}

/** What users import: `assay` and `assay/NAME`. */
const EXPORTS = Object.entries<{ types: string; default: string }>(
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).exports,
).filter(([path]) => path !== './package.json');

/** The files behind `assay/NAME`, which is what plug-ins can import. */
const PUBLIC = EXPORTS.filter(([path]) => path !== '.').map(([, { default: file }]) =>
  file.replace(/^\.\/dist\//, '').replace(/\.js$/, '.ts'),
);

/** What a file imports from node:fs, under its own names there. */
function namesFromFs(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const imports = [...text.matchAll(/import\s+(?:type\s+)?([^;]*?)\s+from\s+'(?:node:)?fs(?:\/promises)?'/g)];
  const others = /(?:import|require)\(\s*'(?:node:)?fs/.test(text) ? ['*'] : [];
  return [...others, ...imports.flatMap(([, what]) => namesIn(what!))];
}

/** `{ a, type B, c as d }` names a and c; `* as fs` everything; `fs` the default export. */
function namesIn(what: string): string[] {
  if (what.startsWith('*')) return ['*'];
  const [, before, list = ''] = /^(\w+)?,?\s*(?:\{([^}]*)\})?$/.exec(what) ?? [];
  const names = list.split(',').map((part) => part.trim());
  return [...(before ? ['default'] : []), ...names.flatMap((name) => /^(?!type )\w+/.exec(name)?.[0] ?? [])];
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

  it('has no circles: no file imports itself by way of others', () => {
    const imports = new Map(files.map((file) => [file, importsOf(file)]));
    /** What a file imports, and what that imports, and so on. */
    const reach = (file: string, seen = new Set<string>()): Set<string> => {
      for (const next of imports.get(file) ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        reach(next, seen);
      }
      return seen;
    };
    expect(files.filter((file) => reach(file).has(file))).toEqual([]);
  });

  it('keeps suites apart: none imports from the folder of another', () => {
    const island = (file: string) => /^suites\/([^/]+)\//.exec(file)?.[1];
    const bridges = files.flatMap((file) =>
      importsOf(file)
        .filter((imported) => island(file) && island(imported) && island(imported) !== island(file))
        .map((imported) => `${file} imports ${imported}`),
    );
    expect(bridges).toEqual([]);
  });

  it('lets suites import what a plug-in can: their own folders, and what the package exports', () => {
    const suites = files.filter((file) => /^suites\/[^/]+\//.test(file));
    const beyond = suites.flatMap((file) =>
      [
        ...importsOf(file).filter(
          (imported) => !imported.startsWith(`${dirname(file)}/`) && !PUBLIC.includes(imported),
        ),
        ...packagesOf(file),
      ].map((imported) => `${file} imports ${imported}`),
    );
    expect(beyond).toEqual([]);
    expect(PUBLIC).toContain('src/suite.ts');
  });

  it('says what users import without types of Node, which they need not have', () => {
    const reached = new Set(EXPORTS.map(([, { types }]) => normalize(types)));
    for (const file of reached)
      for (const next of importsOf(file)) reached.add(next.replace(/\.ts$/, '.d.ts'));
    const code = (file: string) => readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
    expect([...reached].filter((file) => /'node:|\bBuffer\b|\bNodeJS\./.test(code(file)))).toEqual([]);
    expect(reached).toContain('dist/src/runs/opening/run-identity.d.ts');
  });

  it('opens files of users in one place', () => {
    const reading = files.filter((file) => namesFromFs(file).some((name) => READING.test(name)));
    expect(reading.sort()).toEqual(Object.keys(READS_BY_ITSELF).sort());
  });

  it('writes what must survive a power cut in one place', () => {
    const writing = files.filter((file) => namesFromFs(file).some((name) => WRITING.test(name)));
    expect(writing.sort()).toEqual(Object.keys(WRITES_BY_ITSELF).sort());
  });

  it('writes to the terminal in one place', () => {
    const writing = files.filter((file) =>
      /std(out|err)\.write\(|console\./.test(readFileSync(join(root, file), 'utf8')),
    );
    // The probes answer the process that started them; the progress line makes its text visible itself.
    expect(writing.sort()).toEqual([
      'src/cli/terminal/terminal-progress.ts',
      'src/cli/terminal/terminal.ts',
      'src/engines/ort/probe.ts',
      'src/engines/tfjs-native/probe.ts',
    ]);
  });
});
