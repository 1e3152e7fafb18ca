import type { Measure, Results } from '../../src/suites/results.js';

const ATTACK = { norm: 'Linf', method: 'pgd', steps: 20 };

const about = {
  model: 'jem',
  n: 500,
  level: 0.95,
  method: 'wilson',
  better: 'higher',
  format: 'percent',
} as const;

/** Results of one model as a run leaves them, small enough to change in a test: accuracy, an attack, one OOD set. */
export function sampleRun(epsilons: readonly string[] = ['4/255', '8/255']): Results {
  const measures: Measure[] = [
    {
      ...about,
      suite: 'accuracy',
      measure: 'accuracy',
      title: 'Accuracy',
      dataset: 'test',
      params: {},
      value: 0.9,
      interval: [0.87, 0.92],
      headline: true,
    },
    ...epsilons.map(
      (epsilon, i): Measure => ({
        ...about,
        suite: 'attack',
        measure: 'robust-accuracy',
        title: `Robust accuracy, PGD-20 Linf ${epsilon}`,
        dataset: 'test',
        params: { ...ATTACK, epsilon },
        value: 0.5 - 0.2 * i,
        interval: [0.46 - 0.2 * i, 0.54 - 0.2 * i],
        headline: i === epsilons.length - 1,
      }),
    ),
    {
      ...about,
      suite: 'ood',
      measure: 'auroc',
      title: 'AUROC by log p(x)',
      dataset: 'letters',
      params: { score: 'log-px', against: 'test' },
      value: 0.8,
      n: 700,
      interval: [0.77, 0.83],
      method: 'bootstrap',
      format: 'number',
    },
  ];
  const suite = { description: '', status: 'ok', tables: [], figures: [] } as const;
  const set = { shape: [1, 28, 28], path: './data.npz' };
  return {
    version: 1,
    title: 'sample',
    status: 'complete',
    created: '2026-11-01T10:00:00.000Z',
    seconds: 1,
    seed: 0,
    config: {},
    environment: { assay: '0.1.0', node: 'v20', platform: 'linux x64', cpu: '2', engine: 'ort' },
    systems: [],
    datasets: [
      { ...set, name: 'test', role: 'test', size: 500, labelled: true, fingerprint: 'aaaa' },
      { ...set, name: 'letters', role: 'ood', size: 200, labelled: false, fingerprint: 'bbbb' },
    ],
    measures,
    suites: [
      {
        ...suite,
        suite: 'accuracy',
        title: 'Accuracy',
        options: { topK: [], resamples: 1000 },
        measures: 1,
        measurements: { clean: 1 },
        tables: [],
        figures: [],
      },
      {
        ...suite,
        suite: 'attack',
        title: 'Attack',
        options: { ...ATTACK, epsilons: [...epsilons], pictures: 6, checks: true },
        measures: epsilons.length,
        measurements: { attack: 2, clean: 1 },
        tables: [],
        figures: [],
      },
      {
        ...suite,
        suite: 'ood',
        title: 'OOD',
        options: { scores: ['log-px'], temperature: 1 },
        measures: 1,
        measurements: { clean: 1 },
        tables: [],
        figures: [],
      },
    ],
    warnings: [],
    notApplicable: [],
    gates: [],
    costs: [],
    errors: [],
  };
}
