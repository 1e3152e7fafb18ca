// @module-tag slow
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { assay } from './assay.js';
import { examplePluginRun, misspelt } from './example-plugin.js';
import { CLASSES, images, project, savedResults } from './project.js';

const home = mkdtempSync(join(tmpdir(), 'assay-plugins-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Images of one byte a pixel behind their labels, and a defence that keeps so many grey levels. */
const PLUGIN = `
import { readFile } from 'node:fs/promises';
import { definePlugin, Type } from 'assay';

const raw = {
  name: 'raw',
  title: 'raw bytes',
  options: Type.Object({ side: Type.Integer({ minimum: 1 }) }),
  recognises: ({ path }) => path.endsWith('.raw'),
  async open({ path, side = 6 }) {
    const bytes = await readFile(path);
    const size = side * side;
    const n = bytes.length / (size + 1);
    return {
      n, shape: [1, side, side], labels: Int32Array.from(bytes.subarray(0, n)), note: 'bytes / 255',
      async read(start, end, out) {
        for (let p = 0; p < (end - start) * size; p++) out[p] = bytes[n + start * size + p] / 255;
      },
      async close() {},
    };
  },
};

const describe = (system, { levels }, _lookup, name) => ({
  ...system.info, name, defence: levels + ' grey levels', identity: system.info.identity + '/levels/' + levels,
});
const levels = {
  name: 'levels',
  title: 'Fewer grey levels',
  source: 'Xu et al. 2018',
  options: Type.Object({ levels: Type.Integer({ minimum: 2, default: 8 }) }, { additionalProperties: false }),
  models: () => ({}),
  describe,
  wrap(system, options, lookup, name) {
    const top = options.levels - 1;
    const coarse = (batch) => ({ ...batch, pixels: batch.pixels.map((v) => Math.round(v * top) / top) });
    return {
      info: describe(system, options, lookup, name),
      batchSize: system.batchSize,
      concurrency: system.concurrency,
      evaluate: (batch, wanted, loss) => system.evaluate(coarse(batch), wanted, loss),
      forward: (batch) => system.forward(coarse(batch)),
      gradient: (batch, loss) => system.gradient(coarse(batch), loss),
    };
  },
};

export default definePlugin({ name: 'grey', dataFormats: [raw], defences: [levels] });
`;

function place(name: string, more: object): string {
  const at = join(home, name);
  project(at, more, 60);
  const { pixels, labels } = images(60, 'test');
  writeFileSync(join(at, 'test.raw'), Buffer.concat([labels, pixels]));
  writeFileSync(join(at, 'grey.mjs'), PLUGIN);
  return at;
}

const RUN = {
  plugins: ['./grey.mjs'],
  defences: [{ name: 'coarse', model: 'sharp', levels: { levels: 2 } }],
  suites: ['accuracy'],
};

describe('a plug-in of several kinds', () => {
  it('brings a data format and a defence, which run like those of Assay', async () => {
    const at = place('run', {
      ...RUN,
      datasets: { npz: { path: './test.npz' }, raw: { path: './test.raw', side: 6 } },
    });
    const { code, stderr } = await assay(['run', 'small.run.yaml', '--out', 'out'], at);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const { measures, datasets } = savedResults(join(at, 'out'));
    const [first, second] = datasets;
    expect(first?.fingerprint).toBe(second?.fingerprint);
    const accuracy = (model: string, dataset: string) =>
      measures.find((m) => m.measure === 'accuracy' && m.model === model && m.dataset === dataset)?.value;
    expect(accuracy('sharp', 'raw')).toBe(accuracy('sharp', 'npz'));
    // Of two levels each image keeps the brighter third of noise: the classes by hand.
    const { pixels, labels } = images(60, 'test');
    const right = Array.from({ length: 60 }, (_, i) => {
      const sums = CLASSES.map((_, k) =>
        Array.from({ length: 36 }, (_, p) => p)
          .filter((p) => Math.floor((p % 6) / 2) === k)
          .reduce((sum, p) => sum + Math.round((pixels[i * 36 + p] ?? 0) / 255), 0),
      );
      return sums.indexOf(Math.max(...sums)) === labels[i];
    });
    expect(accuracy('coarse', 'raw')).toBe(right.filter(Boolean).length / 60);
  });

  it.each<[string, object, RegExp]>([
    [
      'a format',
      { ...RUN, datasets: { test: { path: './test.raw', format: 'rwa' } } },
      /datasets\.test\.format[\s\S]*raw/,
    ],
    [
      'a defence',
      { ...RUN, defences: [{ name: 'coarse', model: 'sharp', level: {} }] },
      /did you mean "levels"/,
    ],
  ])('is told of where %s is misspelt', async (name, more, message) => {
    const at = place(name.replace(' ', '-'), more);
    const { code, stderr } = await assay(['run', 'small.run.yaml', '--out', 'out'], at);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe('examples/plugin', () => {
  const folder = fileURLToPath(new URL('../../examples/plugin', import.meta.url));

  it('imports nothing of Assay but what plug-ins may', () => {
    const { exports } = JSON.parse(readFileSync(join(folder, '../../package.json'), 'utf8'));
    const open = Object.keys(exports).map((path) => path.replace('.', 'assay'));
    const imported = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js'))
      .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/from '([^']+)'/g)])
      .map(([, path = '']) => path)
      .filter((path) => !path.startsWith('./') && !path.startsWith('node:'));
    expect(imported.length).toBeGreaterThan(4);
    expect(imported.filter((path) => !open.includes(path))).toEqual([]);
  });

  it('runs: a suite, an attack, a score, a transform, a data format and a renderer', async () => {
    const at = join(home, 'example');
    examplePluginRun(at, join(folder, 'index.js'));
    const { code, stderr } = await assay(['run', 'small.run.yaml', '--out', 'out'], at);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const { measures, datasets } = savedResults(join(at, 'out'));
    const fingerprints = new Map(datasets.map(({ name, fingerprint }) => [name, fingerprint]));
    expect(fingerprints.get('test')).toBe(fingerprints.get('npz'));
    const value = (measure: string, dataset: string) =>
      measures.find((m) => m.measure === measure && m.model === 'sharp' && m.dataset === dataset)?.value;
    expect(value('accuracy', 'test')).toBe(value('accuracy', 'npz'));
    // In a mirror left is right: only the middle stays where it was.
    expect(value('accuracy', 'mirrored')).toBeLessThan(0.5);
    expect(value('lowest-recall', 'mirrored')).toBeLessThan(0.2);
    expect(value('auroc', 'noise')).toBeGreaterThan(0.5);
    const robust = value('robust-accuracy', 'test') ?? 1;
    expect(robust).toBeLessThanOrEqual(value('accuracy', 'test') ?? 0);
    const headline = readFileSync(join(at, 'out/reports/headline/headline.txt'), 'utf8');
    expect(headline).toContain(`sharp on test: Accuracy ${value('accuracy', 'test')} (n = 60)\n`);
    writeFileSync(join(at, 'odd.run.yaml'), misspelt(join(folder, 'index.js')));
    const odd = await assay(['run', 'odd.run.yaml', '--out', 'odd'], at);
    expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining('did you mean "random-points"')]);
  });

  it('is listed by `assay explain`, with options and origin', async () => {
    const plugin = ['--plugin', join(folder, 'index.js')];
    const { stdout } = await assay(['explain', ...plugin, '--json'], home);
    const all: { kind: string; name: string; from: string }[] = JSON.parse(stdout);
    expect(all.filter(({ from }) => from === 'example').map(({ kind, name }) => [kind, name])).toEqual([
      ['suite', 'class-recall'],
      ['attack', 'random-points'],
      ['OOD score', 'nearest-mean'],
      ['transform', 'mirror'],
      ['data format', 'pixel-csv'],
      ['renderer', 'headline'],
    ]);
    const one = await assay(['explain', 'attack', 'random-points', ...plugin], home);
    expect(one.stdout).toMatch(
      /random-points: Random points\nfrom example; source: a baseline\n[\s\S]*tries +20 +Points/,
    );
    const odd = await assay(['explain', 'attack', 'random-point', ...plugin], home);
    expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining('did you mean "random-points"')]);
  });
});
