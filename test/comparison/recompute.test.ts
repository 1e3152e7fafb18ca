// @module-tag slow
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasRows, readRows } from '../../src/comparison/read-rows.js';
import { sheetsIn } from '../../src/comparison/sheets.js';
import { statistics, valueFromRows } from '../../src/comparison/statistics.js';
import { floats } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';
import { run } from '../../src/runs/run.js';
import type { Measure, Results } from '../../src/suites/results.js';
import { ATTACK, images, network, npz, project } from '../e2e/project.js';

/** Measures that cannot be made from rows, and why. */
const WITHOUT_ROWS: Readonly<Record<string, string>> = {
  'failed-examples': 'a count of rows that are not in the sheets of the suite',
  'ece-if-calibrated': 'a simulation',
  temperature: 'a fit',
  skce: 'of pairs of examples, within blocks that the seed deals',
  'skce-p': 'a simulation',
  't-cal-p': 'a simulation',
  'verification-disagreements': 'a count of checks, not a statistic of the system',
  'trace-r-hat': 'of all steps of chains, of which the sheet has some',
  'trace-ess': 'of all steps of chains, of which the sheet has some',
  'validity-flag': 'a flag',
  'validity-flags-raised': 'a count of flags',
  'clean-acceptance': 'of all test images, while its sheet has those that were attacked',
};
/** Those that have them in total, but not for each of several attacks, which the sheet does not tell apart. */
const BY_ATTACK = ['gradient-passes', 'forward-passes', 'naive-gradient-passes', 'naive-forward-passes'];

/** A statistic of 100 examples or more. */
const NEEDS_MORE = 'rms-ce-outlier-exposure';

const folder = mkdtempSync(join(tmpdir(), 'assay-rows-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every fifth label is another: a temperature can be fitted only where something is wrong. */
const withMistakes = ({ pixels, labels }: ReturnType<typeof images>) => ({
  pixels,
  labels: labels.map((label, i) => (i % 5 === 0 ? (label + 1) % 3 : label)),
});

/**
 * Logits that are NaN where the left third is brighter than the others by more than this: of some images of its class, of some more when
 * they are attacked, and not of the noise that a model is tried out with.
 */
const failingAbove = (limit: number) =>
  network({
    head(b, logits, image) {
      const weight = Float32Array.from({ length: 36 }, (_, at) => (at % 6 < 2 ? 1 / 12 : -1 / 24));
      const flat = b.op('Reshape', [image, b.ints([-1, 36])]);
      const brighter = b.op('MatMul', [flat, b.constant(floats([36, 1], weight))]);
      const root = b.op('Sqrt', [b.op('Sub', [b.constant(floats([], [limit])), brighter])]);
      b.outputAs(b.op('Add', [logits, b.op('Mul', [root, b.scalar(0)])]), 'logits', 'float32', ['N', 3]);
    },
  });

/** A run of every suite, whose model "flat" has no numbers for some images where there is a limit. */
async function measured(name: string, limit?: number): Promise<{ results: Results; out: string }> {
  const own = join(folder, name);
  const pgd = { ...ATTACK, steps: 2 };
  const file = project(
    own,
    {
      defences: [{ name: 'purified', model: 'flat', purify: { by: 'sharp', steps: 2, chains: 2 } }],
      datasets: {
        test: { path: './test.npz' },
        validation: { path: './validation.npz', role: 'validation' },
        noise: { path: './noise.npz', role: 'ood', distance: 'far' },
        bright: { path: './validation.npz', role: 'ood', distance: 'near', limit: 20 },
        cleaned: { purify: { by: 'sharp', steps: 1 }, of: 'test', role: 'ood', limit: 12 },
      },
      suites: [
        { accuracy: { topK: [2], resamples: 100 } },
        {
          calibration: {
            resamples: 100,
            metrics: 'all',
            compatibility: 'all',
            positiveClass: 0,
            recalibrators: ['platt'],
            under: [{ method: 'pgd', steps: 2, epsilons: ['8/255'] }],
          },
        },
        { conformal: { resamples: 100, scores: ['lac', 'saps'], alphas: [0.2] } },
        {
          ood: {
            resamples: 100,
            scores: ['log-px', 'max-softmax'],
            conventions: ['openood', 'fd-shifts'],
            oodCost: 2,
          },
        },
        {
          energy: {
            resamples: 100,
            permutations: 99,
            train: 'validation',
            traces: { chains: 5, steps: [2, 6] },
            path: { examples: 5, steps: 2 },
            lipschitz: { examples: 4, samples: 2, steps: 2 },
          },
        },
        { attack: [pgd, { ...pgd, steps: 3, certify: 'crown-ibp' }] },
        {
          attack: [
            { norm: 'L2', method: 'ddn', steps: 4, epsilons: ['0.5'] },
            {
              norm: 'Linf',
              method: 'autoattack',
              version: 'custom',
              attacks: [{ method: 'fgsm' }, { method: 'pgd', steps: 2 }],
              epsilons: ['8/255'],
            },
          ],
        },
        {
          corruptions: {
            corruptions: ['gaussian-noise', 'contrast'],
            severities: [1, 5],
            reference: 'flat',
            scores: ['log-px', 'max-softmax'],
            resamples: 100,
          },
        },
        { consistency: { frames: 4, reference: 'flat', resamples: 100 } },
        { spatial: { angles: 3, shifts: 3, draws: 3, whole: true } },
        { smoothing: { sigma: [0.1, 0.3], n0: 5, n: 20, radii: [0.02, 0.1] } },
        { transfer: { method: 'pgd', steps: 2, epsilon: '16/255' } },
        { 'robust-ood': { method: 'pgd', steps: 2, epsilons: ['8/255'], examples: 12, resamples: 100 } },
        {
          purification: {
            steps: [1, 2],
            chains: 1,
            examples: 9,
            attackSteps: 2,
            adaptive: { steps: 1, examples: 6 },
          },
        },
        {
          samples: {
            images: 9,
            steps: 2,
            selections: [1, 0.5],
            neighbours: 'validation',
            distal: { images: 3, steps: 2, every: 1, threshold: 0.1 },
          },
        },
      ],
    },
    24,
  );
  for (const [name, n] of Object.entries({ test: 24, validation: 30 }))
    writeFileSync(join(own, `${name}.npz`), npz(withMistakes(images(n, name))));
  if (limit !== undefined) writeFileSync(join(own, 'flat.onnx'), writeOnnx(failingAbove(limit)));
  const out = join(own, 'out');
  const { results } = await run(file, { out, threads: 1, sessions: 1 });
  return { results, out };
}

describe.each([
  ['of every image', undefined],
  ['where images failed', 0.38],
])('the rows of measures, %s', (name, limit) => {
  let results: Results;
  let out: string;
  beforeAll(async () => {
    ({ results, out } = await measured(name, limit));
  }, 900_000);

  it('are of those that did not fail', () => {
    const failed = results.measures.filter(({ measure }) => measure === 'failed-examples');
    const some = failed.filter(({ value }) => (value ?? 0) > 0);
    expect(new Set(some.map(({ suite }) => suite)).size > 3).toBe(limit !== undefined);
  });

  it('give the value of every measure that names them, from the CSV files alone', async () => {
    const measures = results.measures.filter(hasRows);
    const rows = await readRows(sheetsIn(out), measures);
    const told = (m: Measure, value: number | null) => [
      m.suite,
      m.measure,
      m.model,
      m.dataset,
      m.params,
      value,
    ];
    const made = measures.map((m) =>
      told(m, valueFromRows(m, rows.get(m) ?? { examples: { indices: [], columns: {} }, against: [] })),
    );
    expect(made).toEqual(measures.map((m) => told(m, m.value)));
    // Every statistic is used by a suite.
    const used = new Set(measures.map(({ rows: { statistic } }) => statistic));
    const all = [...statistics.names].filter((name) => name !== NEEDS_MORE);
    if (limit === undefined) expect([...used].sort()).toEqual(all.sort());
    expect(new Set(measures.map(({ suite }) => suite)).size).toBe(14);
  });

  it('are named by every measure that is one of examples', () => {
    const without = results.measures.filter((m) => m.value !== null && !m.rows);
    const unexplained = without.filter(
      ({ measure, params }) =>
        !(measure in WITHOUT_ROWS) && !(BY_ATTACK.includes(measure) && params.attack !== undefined),
    );
    expect([...new Set(unexplained.map(({ suite, measure }) => `${suite} ${measure}`))]).toEqual([]);
    // As many as there are reasons for: a measure that has rows now leaves the list.
    const found = new Set(without.map(({ measure }) => measure));
    if (limit === undefined) expect(Object.keys(WITHOUT_ROWS).filter((one) => !found.has(one))).toEqual([]);
  });

  it('are of as many examples as the measure says', async () => {
    const measures = results.measures.filter(hasRows).filter(({ rows }) => !rows.against);
    const rows = await readRows(sheetsIn(out), measures);
    for (const m of measures) {
      const indices = rows.get(m)?.examples.indices ?? [];
      expect([m.title, new Set(Array.from(indices)).size]).toEqual([m.title, m.n]);
    }
  });

  it('and of two sets, of as many as both have', async () => {
    const measures = results.measures.filter(hasRows).filter(({ rows }) => rows.against);
    const rows = await readRows(sheetsIn(out), measures);
    for (const m of measures) {
      const { examples, against } = rows.get(m)!;
      // Forms of an image are no other images, and distances to real images are of the samples.
      const others = ['corruptions', 'samples'].includes(m.suite) ? [] : against;
      const n = others.reduce((sum, { indices }) => sum + indices.length, examples.indices.length);
      expect([m.suite, m.title, n]).toEqual([m.suite, m.title, m.n]);
    }
  });
});
