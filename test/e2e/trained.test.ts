// @module-tag slow
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Measure } from '../../src/suites/results.js';
import { assay, folder } from './assay.js';
import { savedResults } from './project.js';

/** The home case, from PyTorch files to measures, beside values of an independent float64 evaluation. */
const reference = resolve('../shared/reference/trained');
const present = existsSync(reference);
if (!present)
  console.warn(
    `\n!!! ${reference} is absent: whole evaluations are NOT compared with reference values !!!\n`,
  );

const MODELS = ['cifar-baseline', 'cifar-jem'];
const SETS = ['interpolated', 'digits', 'noise'];
/** Ours, by what the reference calls them. */
const SCORES = {
  'log-px': 'log-px',
  'max-logit': 'max-logit',
  'max-softmax': 'max-softmax',
  'approximate-mass': 'approximate-mass',
  entropy: 'entropy',
  mahalanobis: 'mahalanobis',
  'knn-50': 'knn',
  'react-90': 'react',
  // Half of 64 features.
  'vim-32': 'vim',
};
/** Keys of the reference by our measures. */
const METRICS = {
  auroc: 'auroc',
  'aupr-in': 'aupr_in',
  'aupr-out': 'aupr_out',
  'fpr95-id-positive': 'fpr95_id_positive',
  'fpr95-ood-positive': 'fpr95_ood_positive',
} as const;

interface Expected {
  accuracy: number;
  nll: number;
  brier: number;
  ece_15_equal_width: number;
  ece_20_equal_width: number;
  mean_log_px: Record<string, number>;
  ood: Record<string, Record<string, Record<(typeof METRICS)[keyof typeof METRICS], number>>>;
}

describe.skipIf(!present)('a JEM and a baseline from PyTorch files', () => {
  it('measure what the reference evaluation measured', async () => {
    const at = folder();
    const card = (name: string) => ({
      name,
      checkpoint: join(reference, `${name}.pt`),
      input: { shape: [3, 32, 32], range: [-1, 1] },
      classes: 10,
    });
    const ood = SETS.map((name) => [name, { path: join(reference, `ood-${name}.npz`), role: 'ood' }]);
    const run = {
      models: MODELS.map(card),
      datasets: {
        test: { path: join(reference, 'cifar10-test-500.npz') },
        train: { path: join(reference, 'cifar10-train-2000.npz'), role: 'train' },
        ...Object.fromEntries(ood),
      },
      suites: [
        'accuracy',
        { calibration: [{ resamples: 100 }, { bins: 20, resamples: 100 }] },
        { ood: { scores: Object.values(SCORES), resamples: 100 } },
        {
          energy: {
            resamples: 100,
            permutations: 99,
            gradients: false,
            traces: { chains: 0 },
            path: { examples: 0 },
            lipschitz: { examples: 0 },
          },
        },
      ],
    };
    writeFileSync(join(at, 'trained.run.yaml'), stringify(run));
    const { code, stderr } = await assay(['run', 'trained.run.yaml', '--out', 'out'], at);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const { measures } = savedResults(join(at, 'out'));

    for (const model of MODELS) {
      const expected: Expected = JSON.parse(readFileSync(join(reference, `${model}.json`), 'utf8'));
      const theOne = (measure: string, where: (m: Measure) => boolean = () => true) => {
        const found = measures.filter((m) => m.model === model && m.measure === measure && where(m));
        expect(found.length, measure).toBe(1);
        return found[0]!;
      };
      const value = (...which: Parameters<typeof theOne>) => theOne(...which).value ?? Number.NaN;
      const range = (...which: Parameters<typeof theOne>) => {
        const { withinRounding } = theOne(...which);
        return withinRounding?.range ?? [value(...which), value(...which)];
      };
      expect(value('accuracy')).toBe(expected.accuracy);
      expect(value('nll')).toBeCloseTo(expected.nll, 6);
      expect(value('brier')).toBeCloseTo(expected.brier, 6);
      for (const bins of [15, 20] as const)
        expect(value('ece', (m) => m.params.bins === bins)).toBeCloseTo(
          expected[`ece_${bins}_equal_width`],
          6,
        );
      for (const set of ['test', ...SETS])
        expect(value('log-px-mean', (m) => m.dataset === set)).toBeCloseTo(expected.mean_log_px[set]!, 3);
      for (const set of SETS)
        expect(value('log-px-auroc', (m) => m.dataset === set)).toBeCloseTo(
          expected.ood[set]!['log-px']!.auroc,
          3,
        );
      // Pairs of scores closer than the rounding of float32 change places with the processor: how far each measure
      // can move for them is among the results.
      for (const set of SETS)
        for (const [called, score] of Object.entries(SCORES))
          for (const [measure, key] of Object.entries(METRICS)) {
            const [lo, hi] = range(measure, (m) => m.params.score === score && m.dataset === set);
            const place = `${model}: ${measure} of ${score} on ${set}`;
            const wanted = expected.ood[set]![called]![key];
            expect(wanted, place).toBeGreaterThanOrEqual(lo - 1e-9);
            expect(wanted, place).toBeLessThanOrEqual(hi + 1e-9);
            // The ranges are worth something.
            if (score !== 'approximate-mass') expect(hi - lo, place).toBeLessThanOrEqual(0.0041);
          }
    }
  });
});
