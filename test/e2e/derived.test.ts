// @module-tag slow
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { builtinRunCatalogue } from '../../src/runs/asked/run-catalogue.js';
import { assay, folder, obeyed } from './assay.js';
import { project, savedResults } from './project.js';

const OOD_EXAMPLE = fileURLToPath(new URL('../../examples/ood-inputs.run.yaml', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../examples/derived-data.run.yaml', import.meta.url));

const files = {
  test: { path: './test.npz' },
  noise: { path: './noise.npz', role: 'ood', distance: 'far' },
};

it('the example runs: every suite measures sets that are made, and reports say how', async () => {
  const directory = folder();
  const out = join(directory, 'out');
  const { code, stderr } = await assay(['run', EXAMPLE, '--out', out, '--quiet'], directory);
  expect(code, stderr).toBe(0);
  const { datasets, measures, status } = savedResults(out);
  expect(status).toBe('complete');
  expect(datasets.map(({ name, recipe }) => [name, recipe?.by])).toEqual([
    ['test', undefined],
    ['mixed', 'interpolate'],
    ['uniform', 'uniform'],
    ['gaussian', 'gaussian'],
    ['attacked', 'attack'],
    ['cleaned', 'purify'],
    ['drawn', 'sample'],
    ['gauss', 'sample'],
  ]);
  const measured = (measure: string) =>
    new Set(measures.filter((m) => m.measure === measure).map(({ dataset }) => dataset));
  expect([...measured('accuracy')]).toEqual(['test', 'attacked', 'cleaned', 'drawn']);
  expect([...measured('ece')]).toEqual(['test', 'attacked', 'cleaned', 'drawn']);
  expect([...measured('auroc')]).toEqual(['mixed', 'uniform', 'gaussian', 'gauss']);
  const report = readFileSync(join(out, 'report.html'), 'utf8');
  expect(report).toContain('purified by jem, 5 steps of SGLD; of attacked');
  expect(report).toContain('drawn from jem of class each: 20 steps of SGLD up log p(x|y)');
  expect(report).toContain('means of two images, noise 0.015, cut to [0, 1]; of test');
});

it('the example of OOD inputs runs: all are made, and are to be rejected but for the corrupted ones', async () => {
  const directory = folder();
  const out = join(directory, 'out');
  const { code, stderr } = await obeyed(['run', OOD_EXAMPLE, '--out', out, '--quiet'], directory);
  expect(code, stderr).toBe(0);
  const { datasets, measures, status } = savedResults(out);
  expect(status).toBe('complete');
  const made = datasets.filter(({ recipe }) => recipe && recipe.by !== 'corrupt').map(({ name }) => name);
  // Every way that takes no passes is shown.
  const ways = [...builtinRunCatalogue.transforms].filter(({ kind }) => kind === 'transform');
  expect(made).toHaveLength(builtinRunCatalogue.generators.names.length + ways.length - 1);
  expect(new Set(measures.filter((m) => m.measure === 'auroc').map(({ dataset }) => dataset))).toEqual(
    new Set(made),
  );
  expect(new Set(measures.filter((m) => m.measure === 'accuracy').map(({ dataset }) => dataset))).toEqual(
    new Set(['test', 'foggy']),
  );
  const report = readFileSync(join(out, 'report.html'), 'utf8');
  expect(report).toContain('fog, severity 3 (CIFAR-C-like); of test');
});

it('accuracy on attacked images is the robust accuracy of that attack, which is run once', async () => {
  const directory = folder();
  const options = { method: 'pgd', steps: 3, norm: 'Linf' };
  const file = project(directory, {
    datasets: { ...files, attacked: { of: 'test', attack: { ...options, on: 'sharp', epsilon: '48/255' } } },
    suites: ['accuracy', { attack: { ...options, epsilons: ['48/255'], checks: false, pictures: 0 } }],
  });
  const out = join(directory, 'out');
  const { code, stderr } = await obeyed(['run', file, '--out', out, '--quiet'], directory);
  expect(code, stderr).toBe(0);
  const { measures, costs } = savedResults(out);
  const shown = (measure: string, dataset: string) =>
    measures.find((m) => m.measure === measure && m.model === 'sharp' && m.dataset === dataset)?.value;
  const robust = shown('robust-accuracy', 'test');
  expect(robust).toBeGreaterThan(0);
  expect(robust).toBeLessThan(shown('accuracy', 'test') ?? 0);
  expect(shown('accuracy', 'attacked')).toBe(robust);
  const attacks = costs.filter(
    (cost) => cost.measurement === 'attack' && cost.model === 'sharp' && cost.dataset === 'test',
  );
  expect(attacks).toHaveLength(1);
});

it('--limit cuts what is made as well', async () => {
  const directory = folder();
  const file = project(directory, {
    datasets: {
      ...files,
      mixed: { of: 'test', interpolate: null },
      uniform: { generate: 'uniform', n: 30, like: 'test' },
    },
    suites: ['accuracy', { ood: { resamples: 100, scores: ['max-softmax'] } }],
  });
  const out = join(directory, 'out');
  const { code, stderr } = await obeyed(['run', file, '--out', out, '--limit', '9', '--quiet'], directory);
  expect(code, stderr).toBe(0);
  expect(savedResults(out).datasets.map(({ name, size }) => [name, size])).toEqual([
    ['test', 9],
    ['noise', 9],
    ['mixed', 9],
    ['uniform', 9],
  ]);
});

it.each<[string, Record<string, object>, (RegExp | string)[]]>([
  [
    'a parent with a typo',
    { mixed: { of: 'tets', interpolate: {} } },
    ['small.run.yaml at datasets.mixed.of', 'did you mean "test"?'],
  ],
  [
    'a circle',
    { a: { of: 'b', interpolate: {} }, b: { of: 'a', interpolate: {} } },
    ['small.run.yaml at datasets.b.of', 'a, made of b, made of a'],
  ],
  [
    'a system with a typo',
    { attacked: { of: 'test', attack: { on: 'shrap', epsilon: '8/255' } } },
    ['small.run.yaml at datasets.attacked.attack.on', 'did you mean "sharp"?'],
  ],
  [
    'a generator with a typo',
    { dark: { generate: 'unifrom', n: 5, like: 'test' } },
    ['small.run.yaml at datasets.dark.generate', 'did you mean "uniform"?'],
  ],
  [
    'samples of a system with a typo',
    { drawn: { sample: { from: 'shrap', n: 5 } } },
    ['small.run.yaml at datasets.drawn.sample.from', 'did you mean "sharp"?'],
  ],
  [
    'samples from a buffer that the checkpoint does not keep',
    { drawn: { sample: { from: 'sharp', n: 5, start: 'buffer' } } },
    ['small.run.yaml at datasets.drawn.sample.start', 'keeps no replay buffer', 'start from uniform noise'],
  ],
  [
    'samples of nobody knows how many',
    { drawn: { sample: { from: 'sharp' } } },
    ['small.run.yaml at datasets.drawn.sample.n', 'n: 100'],
  ],
  [
    'an attack on images without labels',
    { attacked: { of: 'noise', attack: { on: 'sharp', epsilon: '8/255' } } },
    ['small.run.yaml at datasets.attacked.of', 'without labels'],
  ],
])('%s: exit 2, where and what to do', async (_, sets, says) => {
  const directory = folder();
  const file = project(directory, { datasets: { ...files, ...sets }, suites: ['accuracy'] }, 12);
  const { code, stderr } = await obeyed(['run', file, '--out', 'out', '--quiet'], directory);
  expect(code).toBe(2);
  for (const one of says) expect(stderr).toMatch(one);
});
