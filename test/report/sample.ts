import type {
  Cost,
  Figure,
  GateResult,
  Measure,
  Picture,
  Results,
  SuiteResult,
  Table,
} from '../../src/suites/results.js';
import { sampleFigures } from './sample-figures.js';

/**
 * Results as a real run makes them, with numbers of a believable size and every feature of the format in use:
 * all kinds of figure, null values, notes, long names, failing gates, warnings of each severity, and suites that
 * do not apply. Nothing is random: the same on every machine.
 */
export function sampleResults(names: SampleNames = plainNames): Results {
  const figures = sampleFigures(names);
  return {
    version: 1,
    title: names.title,
    status: 'complete',
    created: '2026-11-24T09:12:41.318Z',
    seconds: 161.4,
    seed: 0,
    config: {
      models: ['./baseline.model.yaml', './robust.model.yaml', './jem.model.yaml', './scalar-ebm.model.yaml'],
      defences: [{ name: names.purified, model: names.jem, purify: { by: names.jem, steps: 10, chains: 5 } }],
      datasets: {
        test: { path: './test.npz' },
        letters: { path: './letters.npz', role: 'ood', distance: 'near' },
      },
      suites: ['accuracy', { attack: { norm: 'Linf', epsilons: ['2/255', '8/255', '16/255'] } }],
      seed: 0,
    },
    environment: {
      assay: '0.1.0',
      node: 'v20.19.4',
      platform: 'linux x64',
      cpu: '2 × Intel(R) Xeon(R) Processor @ 2.60GHz',
      engine: 'onnxruntime 1.30.0, CPU, 2 threads',
      git: '8237794e1c52+changes',
    },
    systems: systems(names),
    datasets: datasets(),
    measures: [...headline(names), ...details(names)],
    suites: suites(names, figures),
    warnings: [
      {
        code: 'gradient-masking',
        severity: 'serious',
        message: `PGD breaks fewer examples of ${names.purified} than FGSM does.`,
        why: 'An iterative attack that is weaker than its own first step points at gradients that mislead, not at robustness.',
        fix: 'Read the adaptive attack (BPDA and EOT) of the purification suite instead of this number.',
        suite: 'attack',
        model: names.purified,
        dataset: 'test',
      },
      {
        code: 'few-examples',
        severity: 'warning',
        message: 'Robust accuracy rests on 200 examples; its interval is ±6.9 points wide.',
        fix: 'Raise `limit` of the data set.',
        suite: 'attack',
        dataset: 'test',
      },
      {
        code: 'log-px-of-softmax',
        severity: 'note',
        message: `log p(x) of ${names.baseline} is logsumexp of a net that was never trained as a density.`,
        why: 'Cross-entropy does not see a constant added to all logits, so nothing pinned this value down.',
        suite: 'ood',
        model: names.baseline,
      },
    ],
    notApplicable: ['accuracy', 'calibration', 'attack'].map((suite) => ({
      suite,
      model: names.scalar,
      reason: 'the model has one scalar output (energy) and no logits, so it names no class',
    })),
    gates: gates(names),
    costs: costs(names),
    errors: [],
  };
}

/** The same, with accuracies tested, and NLL that could not be. */
export function testedSample(names: SampleNames = plainNames): Results {
  const results = sampleResults(names);
  const four = classifiers(names);
  const standing = ['best', 'other', 'indistinguishable', 'indistinguishable'] as const;
  const columnOf = (measure: string) => {
    const found = results.measures.find((one) => one.measure === measure);
    if (!found) throw new Error(`the sample has no ${measure}`);
    const { suite, title, dataset, params, better, format } = found;
    return { suite, measure, title, dataset, params, better, format };
  };
  return {
    ...results,
    comparisons: {
      version: 1,
      level: 0.05,
      correction: 'holm',
      tests: 6,
      columns: [
        {
          ...columnOf('accuracy'),
          test: 'mcnemar',
          pairs: four.flatMap((a, i) =>
            four.slice(i + 1).map((b) => ({
              a,
              b,
              n: 2000,
              difference: 0.01,
              interval: [0.005, 0.015] as [number, number],
              p: 0.01,
              corrected: 0.06,
            })),
          ),
          standings: four.map((model, i) => ({ model, standing: standing[i]!, second: i === 2 })),
          cliques: [[four[0]!, four[2]!, four[3]!]],
        },
        {
          ...columnOf('nll'),
          test: null,
          note: 'not tested, since there are no rows',
          pairs: [],
          standings: four.map((model, i) => ({
            model,
            standing: i === 0 ? 'best' : 'other',
            second: i === 2,
          })),
          cliques: [],
        },
      ],
    },
  };
}

/** The names a user chooses, so that tests can choose hostile ones. */
export interface SampleNames {
  title: string;
  baseline: string;
  robust: string;
  jem: string;
  purified: string;
  scalar: string;
}

export const plainNames: SampleNames = {
  title: 'Glyphs: a plain, a robust and an energy-based classifier',
  baseline: 'baseline',
  robust: 'robust-pgd',
  jem: 'jem',
  purified: 'jem-purified-10-steps-5-chains',
  scalar: 'scalar-ebm',
};

export const sampleClasses = [
  'ring',
  'cross',
  'arrow',
  'hook',
  'star',
  'bolt',
  'wave',
  'gate',
  'fork',
  'leaf',
];

/** The systems that classify, in the order of the run file. */
export function classifiers(names: SampleNames): string[] {
  return [names.baseline, names.robust, names.jem, names.purified];
}

function systems(names: SampleNames): Results['systems'] {
  const lacksLogits: Record<string, string> = { logits: 'the graph has one scalar output' };
  const all = [...classifiers(names), names.scalar];
  return all.map((name, i) => ({
    name,
    model: name === names.purified ? names.jem : name,
    defence: name === names.purified ? `purified by ${names.jem}: 10 steps, 5 chains` : '',
    shape: [1, 28, 28],
    classes: name === names.scalar ? [] : sampleClasses,
    offers:
      name === names.scalar ? ['logPx', 'inputGradient'] : ['logits', 'logPx', 'inputGradient', 'features'],
    lacks: name === names.scalar ? lacksLogits : {},
    stochastic: name === names.purified,
    energy: name === names.scalar ? 'output' : 'logsumexp',
    identity: `sha256:${'0123456789abcdef'.repeat(4).slice(i, i + 60)}`,
    inputScale: [1],
  }));
}

function datasets(): Results['datasets'] {
  const base = { shape: [1, 28, 28], fingerprint: `sha256:${'fedcba98'.repeat(8)}` };
  const ood = (name: string, distance: string, size: number) => ({
    ...base,
    name,
    role: 'ood',
    distance,
    size,
    labelled: false,
    path: `./data/${name}.npz`,
  });
  return [
    {
      ...base,
      name: 'test',
      role: 'test',
      size: 2000,
      labelled: true,
      classes: sampleClasses,
      path: './data/test.npz',
      note: '2000 of 2000 examples, uint8 divided by 255',
    },
    {
      ...base,
      name: 'validation',
      role: 'validation',
      size: 1000,
      labelled: true,
      path: './data/validation.npz',
    },
    ood('letters', 'near', 1000),
    ood('textures', 'far', 1000),
    ood('noise', 'far', 500),
  ];
}

type Value = [value: number | null, lo?: number, hi?: number];

/** One measure for several systems. */
function measureAll(
  models: readonly string[],
  values: readonly Value[],
  shared: Pick<Measure, 'suite' | 'measure' | 'title'> & Partial<Measure>,
): Measure[] {
  return values.map(([value, lo, hi], i) => ({
    model: models[i]!,
    dataset: 'test',
    params: {},
    value,
    n: 2000,
    interval: lo === undefined || hi === undefined ? null : [lo, hi],
    level: 0.95,
    method: lo === undefined ? 'none' : 'wilson',
    better: 'higher',
    format: 'percent',
    ...shared,
    ...(value === null && { note: 'undefined: no example of one class' }),
  }));
}

function headline(names: SampleNames): Measure[] {
  const four = classifiers(names);
  const top = { headline: true };
  const attacked = { n: 200, params: { norm: 'Linf', method: 'pgd', steps: 40, epsilon: '8/255' } };
  return [
    ...measureAll(
      four,
      [
        [0.9885, 0.983, 0.9923],
        [0.9645, 0.9555, 0.9718],
        [0.985, 0.9787, 0.9895],
        [0.9705, 0.9621, 0.9771],
      ],
      { suite: 'accuracy', measure: 'accuracy', title: 'Accuracy', ...top },
    ),
    ...measureAll(
      four,
      [
        [0.0412, 0.0331, 0.0498],
        [0.1183, 0.1022, 0.1349],
        [0.0521, 0.0432, 0.0613],
        [0.0987, 0.0841, 0.1139],
      ],
      {
        suite: 'accuracy',
        measure: 'nll',
        title: 'NLL',
        better: 'lower',
        format: 'number',
        method: 'bootstrap',
        ...top,
      },
    ),
    ...measureAll(
      four,
      [
        [0.0102, 0.0068, 0.0141],
        [0.0231, 0.0174, 0.0297],
        [0.0073, 0.0045, 0.0114],
        [0.0152, 0.0101, 0.0209],
      ],
      {
        suite: 'calibration',
        measure: 'ece',
        title: 'ECE, 15 bins',
        better: 'lower',
        method: 'bootstrap-centred',
        params: { bins: 15, binning: 'equal-width' },
        ...top,
      },
    ),
    ...measureAll(
      four,
      [
        [0.015, 0.0051, 0.0432],
        [0.745, 0.6804, 0.8004],
        [0.27, 0.213, 0.3354],
        [0.695, 0.628, 0.7546],
      ],
      {
        suite: 'attack',
        measure: 'robust-accuracy',
        title: 'Robust accuracy, Linf 8/255',
        ...attacked,
        ...top,
      },
    ),
    ...measureAll(
      [...four, names.scalar],
      [
        [0.8123, 0.7961, 0.828],
        [0.7641, 0.7458, 0.7817],
        [0.9312, 0.9214, 0.9402],
        [0.9307, 0.9208, 0.9398],
        [0.8876, 0.8743, 0.9001],
      ],
      {
        suite: 'ood',
        measure: 'auroc',
        title: 'AUROC, log p(x)',
        dataset: 'letters',
        method: 'bootstrap',
        params: { score: 'log-px' },
        ...top,
      },
    ),
    ...measureAll(
      [...four, names.scalar],
      [
        [0.9761, 0.9702, 0.9813],
        [0.9433, 0.9341, 0.9519],
        [0.9987, 0.9979, 0.9993],
        [0.9986, 0.9977, 0.9992],
        [null],
      ],
      {
        suite: 'ood',
        measure: 'auroc',
        title: 'AUROC, log p(x)',
        dataset: 'textures',
        method: 'bootstrap',
        params: { score: 'log-px' },
        ...top,
      },
    ),
    ...measureAll([names.purified], [[0.41, 0.3441, 0.4793]], {
      suite: 'purification',
      measure: 'adaptive-accuracy',
      title: 'Under BPDA + EOT',
      ...attacked,
      ...top,
    }),
  ];
}

function details(names: SampleNames): Measure[] {
  const four = classifiers(names);
  return [
    ...['2/255', '4/255', '16/255'].flatMap((epsilon, i) =>
      measureAll(
        four,
        [
          [0.72 - 0.3 * i, 0.65 - 0.3 * i, 0.78 - 0.3 * i],
          [0.93 - 0.12 * i, 0.88 - 0.12 * i, 0.96 - 0.12 * i],
          [0.88 - 0.25 * i, 0.82 - 0.25 * i, 0.92 - 0.25 * i],
          [0.91 - 0.15 * i, 0.86 - 0.15 * i, 0.94 - 0.15 * i],
        ],
        {
          suite: 'attack',
          measure: 'robust-accuracy',
          title: `Robust accuracy, Linf ${epsilon}`,
          n: 200,
          params: { norm: 'Linf', method: 'pgd', steps: 40, epsilon, randomStart: true },
        },
      ),
    ),
    ...measureAll(
      four,
      [
        [1.31, 1.22, 1.4],
        [0.87, 0.8, 0.95],
        [1.02, 0.96, 1.09],
        [1.12, 1.01, 1.24],
      ],
      {
        suite: 'calibration',
        measure: 'temperature',
        title: 'Fitted temperature',
        better: 'none',
        format: 'number',
        method: 'sandwich',
      },
    ),
    ...measureAll([names.jem, names.scalar], [[-12873.25, -12990, -12756.5], [-0.000042]], {
      suite: 'ood',
      measure: 'mean-log-px',
      title: 'Mean log p(x), unnormalised',
      better: 'none',
      format: 'number',
    }),
  ];
}

function suites(names: SampleNames, figures: Record<string, Figure[]>): SuiteResult[] {
  const section = (
    suite: string,
    title: string,
    description: string,
    options: SuiteResult['options'],
    tables: Table[] = [],
  ): SuiteResult => ({
    suite,
    title,
    description,
    options,
    status: 'ok',
    tables,
    figures: figures[suite] ?? [],
  });
  return [
    section(
      'accuracy',
      'Accuracy',
      'How often the most likely class is the right one, and how much probability the right one gets. NLL and Brier score punish confident mistakes.',
      { level: 0.95 },
      [perClass(names)],
    ),
    section(
      'calibration',
      'Calibration',
      'Whether confidence means what it says: of the examples predicted with 80% confidence, 80% should be right. The expected calibration error averages the gap over confidence bins.',
      { bins: 15, binning: 'equal-width', split: 0.5 },
      [temperatures(names)],
    ),
    section(
      'attack',
      'Adversarial robustness',
      'Accuracy on the worst image an attacker found within a small distance of each test image. It is an upper bound: a stronger attack can only lower it.',
      {
        norm: 'Linf',
        method: 'pgd',
        steps: 40,
        stepSize: '2/255',
        restarts: 2,
        randomStart: true,
        epsilons: ['2/255', '4/255', '8/255', '16/255'],
      },
    ),
    section(
      'ood',
      'Out-of-distribution detection',
      'Whether a score of the model tells images of the training distribution from others. AUROC is the chance that an in-distribution image scores above an outside one; 50% is guessing.\n\nlog p(x) is known up to a constant only, which ranking does not see.',
      { scores: ['log-px', 'max-logit', 'max-softmax', 'approximate-mass'] },
      [detection(names)],
    ),
    {
      ...section(
        'purification',
        'Purification',
        'Langevin steps on log p(x) move an image towards what the energy model finds likely before it is classified.',
        { steps: [1, 10], chains: 5 },
      ),
    },
  ];
}

function perClass(names: SampleNames): Table {
  const four = classifiers(names);
  return {
    id: 'per-class',
    title: 'Accuracy per class',
    caption: 'Wilson intervals; 200 examples a class.',
    columns: [
      { key: 'class', title: 'Class', format: 'text' },
      ...four.map((name, i) => ({ key: `s${i}`, title: name, format: 'percent' as const })),
    ],
    rows: sampleClasses.map((label, c) => ({
      class: label,
      ...Object.fromEntries(
        four.map((_, i) => {
          const value = 0.995 - 0.004 * ((c * 7 + i * 3) % 10) - 0.008 * i;
          return [
            `s${i}`,
            { value, interval: [value - 0.021, Math.min(1, value + 0.009)] as [number, number] },
          ];
        }),
      ),
    })),
  };
}

function temperatures(names: SampleNames): Table {
  return {
    id: 'temperature',
    title: 'Temperature scaling',
    caption: 'Fitted on the validation set, reported on the test set.',
    columns: [
      { key: 'system', title: 'System', format: 'text' },
      { key: 'temperature', title: 'Temperature', format: 'number' },
      { key: 'before', title: 'ECE before', format: 'percent', better: 'lower' },
      { key: 'after', title: 'ECE after', format: 'percent', better: 'lower' },
      { key: 'over', title: 'Overconfident' },
    ],
    rows: classifiers(names).map((system, i) => ({
      system,
      temperature: [1.31, 0.87, 1.02, 1.12][i]!,
      before: { value: [0.0102, 0.0231, 0.0073, 0.0152][i]!, interval: [0.0045 + i / 500, 0.0141 + i / 300] },
      after: i === 3 ? null : { value: [0.0054, 0.0061, 0.007][i]!, interval: [0.003, 0.0112] },
      over: i % 2 === 0,
    })),
  };
}

function detection(names: SampleNames): Table {
  const scores = ['log-px', 'max-logit', 'max-softmax', 'approximate-mass'];
  return {
    id: 'detection',
    title: 'Detection by score, against letters',
    columns: [
      { key: 'system', title: 'System', format: 'text' },
      { key: 'score', title: 'Score', format: 'text' },
      { key: 'auroc', title: 'AUROC', format: 'percent', better: 'higher' },
      { key: 'fpr95', title: 'FPR at 95% TPR', format: 'percent', better: 'lower' },
      { key: 'passes', title: 'Passes', format: 'number' },
    ],
    rows: [names.baseline, names.jem].flatMap((system, s) =>
      scores.map((score, i) => ({
        system,
        score,
        auroc: {
          value: 0.81 + 0.1 * s + 0.012 * i,
          interval: [0.79 + 0.1 * s + 0.012 * i, 0.83 + 0.1 * s + 0.012 * i],
        },
        fpr95: { value: 0.45 - 0.2 * s - 0.02 * i },
        passes: score === 'approximate-mass' ? 2 : 1,
      })),
    ),
  };
}

function gates(names: SampleNames): GateResult[] {
  const interval = { level: 0.95, method: 'wilson' };
  const none = { interval: null, level: null, method: null };
  return [
    {
      rule: `accuracy (model ${names.jem}) at least 0.95`,
      suite: 'accuracy',
      measure: 'accuracy',
      model: names.jem,
      dataset: 'test',
      params: {},
      value: 0.985,
      op: '>=',
      limit: 0.95,
      margin: 0.035,
      n: 2000,
      interval: [0.979, 0.989],
      ...interval,
      format: 'percent',
      passed: true,
      reason: null,
    },
    {
      rule: `robust-accuracy (model ${names.jem}, epsilon 8/255) at least 0.35`,
      suite: 'attack',
      measure: 'robust-accuracy',
      model: names.jem,
      dataset: 'test',
      params: { epsilon: '8/255' },
      value: 0.27,
      op: '>=',
      limit: 0.35,
      margin: -0.08,
      n: 200,
      interval: [0.213, 0.335],
      ...interval,
      format: 'percent',
      passed: false,
      reason: 'the value is below the limit',
    },
    {
      rule: `ece (model ${names.robust}) at most 0.01 above ${names.baseline}`,
      suite: 'calibration',
      measure: 'ece',
      model: names.robust,
      dataset: 'test',
      params: { bins: 15 },
      over: { model: names.baseline, value: 0.0102 },
      value: 0.0129,
      op: '<=',
      limit: 0.01,
      margin: -0.0029,
      n: 2000,
      ...none,
      format: 'number',
      passed: false,
      reason: `the difference is above the limit: 0.0231 against 0.0102 of ${names.baseline}`,
    },
    {
      rule: `auroc (model ${names.scalar}, dataset ultrasound) at least 0.9`,
      suite: null,
      measure: 'auroc',
      model: names.scalar,
      dataset: 'ultrasound',
      params: {},
      value: null,
      op: '>=',
      limit: 0.9,
      margin: null,
      n: null,
      ...none,
      format: 'number',
      passed: false,
      reason: 'no "auroc" with dataset ultrasound; there are letters, noise',
    },
  ];
}

function costs(names: SampleNames): Cost[] {
  return classifiers(names).flatMap((model, i) => [
    {
      measurement: 'clean',
      model,
      dataset: 'test',
      params: {},
      examples: 2000,
      units: 4,
      forward: 2000 * (i === 3 ? 51 : 1),
      gradient: i === 3 ? 100_000 : 0,
      seconds: 0.61 + i * 4.2,
    },
    {
      measurement: 'attack',
      model,
      dataset: 'test',
      params: { norm: 'Linf', method: 'pgd', steps: 40, epsilon: '8/255', restarts: 2 },
      examples: 200,
      units: 2,
      forward: 812,
      gradient: 9_874 + 1000 * i,
      seconds: 12.44 + i * 21,
    },
  ]);
}

/** Every picture of some figures. */
export function picturesOf(figures: readonly Figure[]): Picture[] {
  return figures.flatMap((figure) =>
    figure.kind === 'images' ? figure.rows.flatMap((row) => row.cells.filter((cell) => cell !== null)) : [],
  );
}
