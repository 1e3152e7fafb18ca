// @module-tag long
// @module-tag slow
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { type Ended, launch } from './assay.js';
import { examplePluginRun } from './example-plugin.js';
import { images, project, savedResults } from './project.js';

/** The package as a stranger gets it: packed, and installed into a folder outside of this repository. */

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
/** `npm test` tells its children where this package is, and how it is installed: strangers are not told. */
const outside = Object.fromEntries(
  Object.keys(process.env)
    .filter((key) => /^(npm_(package|lifecycle|command|config_local_prefix)|INIT_CWD)/i.test(key))
    .map((key) => [key, undefined]),
);
const npm = (args: string[], cwd: string): Promise<Ended> => {
  // npm is a script of the shell on Windows.
  if (process.platform === 'win32') return launch('cmd', ['/c', 'npm', ...args], cwd, outside).ended;
  return launch('npm', args, cwd, outside).ended;
};
const UNREACHABLE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT|\bE50\d\b/;

/** Everything of a folder, with forward slashes. */
const filesIn = (folder: string, suffix: RegExp): string[] =>
  readdirSync(join(REPOSITORY, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => suffix.test(file))
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`);

// Hasty, so that no network is noticed soon.
const HASTY = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=2000'];
const QUIET = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', ...HASTY];

const home = mkdtempSync(join(tmpdir(), 'assay-package-'));
const app = join(home, 'app');
let packed: { filename: string; unpackedSize: number; files: { path: string }[] };
let unreachable = '';

beforeAll(async () => {
  const { code, stdout, stderr } = await npm(['pack', '--json', '--pack-destination', home], REPOSITORY);
  if (code !== 0) throw new Error(`npm pack: ${stderr}`);
  [packed] = JSON.parse(stdout);
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const installed = await npm(['install', ...QUIET, join(home, packed.filename)], app);
  if (installed.code === 0) return;
  if (process.env.CI || !UNREACHABLE.test(installed.stderr))
    throw new Error(`npm install of the package: ${installed.stderr}`);
  unreachable = installed.stderr.split('\n')[0]!;
  console.warn(
    `\n!!! the registry is out of reach (${unreachable}): the installed package is NOT tested !!!\n`,
  );
}, 600_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A command that the package installs. */
const bin = (args: string[]) =>
  launch(process.execPath, [join(app, 'node_modules/assay', entry()), ...args], app, outside).ended;
const entry = (): string =>
  JSON.parse(readFileSync(join(app, 'node_modules/assay/package.json'), 'utf8')).bin.assay;

describe('the packed package', () => {
  const paths = () => packed.files.map(({ path }) => path);

  it('holds what runs and nothing of the workshop', () => {
    // The package that builds TensorFlow.js's addon is bundled: no registry has it.
    const ours =
      /^(dist\/(src|suites)\/.+\.(js|d\.ts)|reports\/.+|node_modules\/tfjs-addon-builder\/(package\.json|dist\/[^/]+\.(js|d\.ts)))$/;
    const odd = paths().filter((path) => !ours.test(path));
    expect(odd.sort()).toEqual(expect.arrayContaining(['LICENSE', 'package.json']));
    expect(odd.filter((path) => !['LICENSE', 'README.md', 'package.json'].includes(path))).toEqual([]);
    expect(paths().filter((path) => /(^|\/)(test|fixtures)\/|\.test\.|\.tgz$|(^|\/)\./.test(path))).toEqual(
      [],
    );
  });
  it('holds the compiled form and the types of every source, and every template', () => {
    const builder = filesIn('packages/tfjs-addon-builder/src', /\.ts$/).map((file) =>
      file.replace(/^.*\/(.+)ts$/, 'node_modules/tfjs-addon-builder/dist/$1js'),
    );
    expect(paths()).toEqual(expect.arrayContaining(builder));
    const sources = [...filesIn('src', /\.ts$/), ...filesIn('suites', /\.ts$/)];
    expect(sources.length).toBeGreaterThan(150);
    const wanted = sources.flatMap((file) => [
      `dist/${file.replace(/ts$/, 'js')}`,
      `dist/${file.replace(/ts$/, 'd.ts')}`,
    ]);
    expect(paths()).toEqual(expect.arrayContaining([...wanted, ...filesIn('reports', /\.\w+$/)]));
  });
  it('is small', () => {
    expect(packed.unpackedSize).toBeLessThan(6.5e6);
  });
});

describe('the installed package', () => {
  const needsInstall = ({ skip }: TestContext) => {
    if (unreachable) skip(`the registry is out of reach: ${unreachable}`);
  };

  it('answers to npx', async (context) => {
    needsInstall(context);
    const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
    // `exec --no` is what npx does, and never downloads.
    expect(await npm(['exec', '--no', '--', 'assay', '--version'], app)).toMatchObject({
      code: 0,
      stdout: `${version}\n`,
    });
  });

  it('finds its engines', async (context) => {
    needsInstall(context);
    expect(await bin(['doctor'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ok +onnxruntime/m),
    });
  });

  it('takes no more than its page says', async (context) => {
    needsInstall(context);
    const modules = join(app, 'node_modules');
    const bytes = readdirSync(modules, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('@tensorflow'))
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
    expect(bytes).toBeLessThan(450e6);
  });

  it('runs a run file on images, with a suite of the user, and writes the report', async (context) => {
    needsInstall(context);
    const place = join(app, 'mine');
    project(place, {
      datasets: { test: { path: './photos' }, noise: { path: './noise.npz', role: 'ood' } },
      plugins: ['../sized.js'],
      suites: ['accuracy', { ood: { resamples: 100 } }, 'sized'],
    });
    const { pixels, labels } = images(12, 'photos');
    for (const [i, label] of labels.entries()) {
      const file = join(place, 'photos', ['left', 'middle', 'right'][label]!, `${i}.png`);
      mkdirSync(dirname(file), { recursive: true });
      const raw = { width: 6, height: 6, channels: 1 } as const;
      await sharp(pixels.subarray(36 * i, 36 * (i + 1)), { raw })
        .toColourspace('b-w')
        .png()
        .toFile(file);
    }
    writeFileSync(
      join(app, 'sized.js'),
      `import { defineSuite, Type } from 'assay';
      export const suite = defineSuite({ name: 'sized', title: 'Size', description: 'Counts.', options: Type.Object({}), needs: [],
        plan: () => [],
        summarise: (_, __, { systems: [{ name: model }], datasets: [{ name: dataset, size }] }) => ({ measures: [
          { suite: 'sized', measure: 'size', title: 'Size', model, dataset, params: {}, value: size, n: size,
            interval: null, level: 0.95, method: 'none', better: 'none', format: 'number' }] }) });`,
    );
    const { code, stdout, stderr } = await bin(['run', 'mine/small.run.yaml', '--out', 'out']);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^\d+ units to measure\n/)]);
    expect(stdout).toContain('Report: out/report.html');
    const page = readFileSync(join(app, 'out/report.html'), 'utf8');
    for (const part of ['<!doctype html>', '<style>', '<svg', 'Out-of-distribution detection'])
      expect(page.toLowerCase()).toContain(part.toLowerCase());
    const { status, measures } = savedResults(join(app, 'out'));
    expect(status).toBe('complete');
    const found = (name: string, model: string) =>
      measures.find((m) => m.measure === name && m.model === model)?.value;
    expect(found('accuracy', 'sharp')).toBeGreaterThan(0.8);
    expect(found('auroc', 'sharp')).toEqual(expect.any(Number));
    expect(found('size', 'sharp')).toBe(12);
  });

  it('runs examples/plugin, which imports only what the package exports', async (context) => {
    needsInstall(context);
    cpSync(join(REPOSITORY, 'examples/plugin'), join(app, 'node_modules/assay-plugin-example'), {
      recursive: true,
    });
    const at = join(app, 'with-plugin');
    examplePluginRun(at, 'assay-plugin-example');
    const { code, stderr } = await bin(['run', 'with-plugin/small.run.yaml', '--out', 'plugin-out']);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const { measures } = savedResults(join(app, 'plugin-out'));
    for (const name of ['lowest-recall', 'auroc', 'robust-accuracy'])
      expect(measures.some(({ measure }) => measure === name)).toBe(true);
    const script = `import { plugin } from 'assay-plugin-example'; console.log(plugin.name, Object.keys(plugin).length);`;
    writeFileSync(join(app, 'plugin.js'), script);
    expect(await launch(process.execPath, ['plugin.js'], app, outside).ended).toMatchObject({ code: 0 });
  });

  it('is a library', async (context) => {
    needsInstall(context);
    const script = `import { AssayError, defineSuite, readResults, run } from 'assay';
      const suite = defineSuite({ name: 'mine' });
      const failure = await run('absent.yaml').catch((error) => error);
      console.log(JSON.stringify([suite.name, failure instanceof AssayError, failure.code, typeof readResults]));`;
    writeFileSync(join(app, 'script.js'), script);
    const { code, stdout, stderr } = await launch(process.execPath, ['script.js'], app, outside).ended;
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual(['mine', true, 'file-unreadable', 'function']);
  });

  it('has types that check strictly, without the types of Node', async (context) => {
    needsInstall(context);
    writeFileSync(
      join(app, 'typed.ts'),
      `import { type Measure, type MeasureContext, type Results, type RowsIn, type RunOutcome, type SystemInfo, clean, defineMeasurement, defineSuite, float32, request, run, Type } from 'assay';
      const columns = ({ classes }: SystemInfo, { top }: { top: number }) => ({
        largest: float32(top),
        logPx: classes.length > 0 ? undefined : float32(),
      });
      const largest = defineMeasurement({
        name: 'largest', version: 1, needs: ['logits'], unitSize: 64, columns,
        async measure({ inputs: [{ logits }] }: MeasureContext<[{ logits?: RowsIn<{ l: ReturnType<typeof float32> }>['l'] }]>, { top }: { top: number }) {
          // @ts-expect-error a column that not every system has
          const all: Float32Array = logits.data;
          return { largest: all.slice(0, top) };
        },
      });
      const options = Type.Object({ class: Type.Integer() });
      export const suite = defineSuite({
        name: 'typed', title: 'Typed', description: '', options, needs: ['logits'],
        plan: ({ systems, datasets }, { class: k }) => {
          const chosen: number = k;
          const on = { system: systems[0].name, dataset: datasets[0].name };
          // @ts-expect-error parameters are missing
          request({ measurement: largest, ...on, inputs: [request({ measurement: clean, ...on })] });
          // @ts-expect-error what it reads is missing
          request({ measurement: largest, ...on, params: { top: chosen } });
          return [request({ measurement: largest, ...on, params: { top: chosen }, inputs: [request({ measurement: clean, ...on })] })];
        },
        summarise: (collected): { measures: Measure[] } => {
          const [{ rows }] = collected.all(largest);
          const first: Float32Array = rows.largest.data;
          // @ts-expect-error there is no such column
          rows.smallest;
          // @ts-expect-error not every system has it
          rows.logPx.data;
          return { measures: first.length > 9 ? [] : [] };
        },
      });
      // @ts-expect-error a capability that does not exist
      defineSuite({ ...suite, needs: ['gradients'] });
      const outcome: RunOutcome = await run('my.run.yaml', { limit: 3 });
      export const results: Results = outcome.results;
      export const code: 0 | 1 | 2 | 130 = outcome.exitCode;
      export const value: number | null = results.measures[0].value;
      // @ts-expect-error a value may be null
      export const wrong: number = results.measures[0].value;`,
    );
    const compilerOptions = {
      target: 'es2023',
      module: 'nodenext',
      strict: true,
      noEmit: true,
      types: [],
      skipLibCheck: false,
    };
    writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.ts'] }));
    const tsc = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
    expect(existsSync(tsc)).toBe(true);
    expect(await launch(process.execPath, [tsc, '-p', 'tsconfig.json'], app, outside).ended).toMatchObject({
      code: 0,
      stdout: '',
    });
  });

  // Last: the others do without.
  it('has no TensorFlow.js until its own command installs it', async (context) => {
    needsInstall(context);
    const modules = join(app, 'node_modules');
    expect(existsSync(join(modules, '@tensorflow'))).toBe(false);
    const before = await bin(['doctor']);
    const [, command = ''] = /`npm (install @tensorflow[^`]*)`/.exec(before.stdout) ?? [];
    expect(await npm([...command.split(' '), ...QUIET], app)).toMatchObject({ code: 0 });
    expect((await bin(['doctor'])).stdout).toMatch(/^ok +tfjs +TensorFlow\.js 4\.22/m);
  });
});
