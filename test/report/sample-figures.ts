import type { Figure, LineFigure, Picture } from '../../src/suites/results.js';
import { classifiers, type SampleNames, sampleClasses } from './sample.js';

/** Figures of every kind, by suite. Pictures come as pixels, as a suite gives them. */
export function sampleFigures(names: SampleNames): Record<string, Figure[]> {
  return {
    accuracy: [perClassBars(names)],
    calibration: [...classifiers(names).map(reliability), eceBars(names)],
    attack: [epsilonCurve(names), lossCurve(names), twoSided(names), attackGrid(names)],
    ood: [
      correlations(names),
      ...[names.baseline, names.robust, names.jem].map(scoreHistogram),
      ...['letters', 'textures'].map((set) => roc(names, set)),
    ],
    purification: [stepCurve(names), energyScatter(names)],
  };
}

const gauss = (x: number, mean: number, sd: number) => Math.exp(-0.5 * ((x - mean) / sd) ** 2);

function perClassBars(names: SampleNames): Figure {
  return {
    kind: 'bars',
    id: 'per-class',
    title: 'Accuracy per class',
    caption: 'Lines are 95% Wilson intervals.',
    xLabel: 'Class',
    yLabel: 'Accuracy',
    yDomain: [0.8, 1],
    yFormat: 'percent',
    categories: sampleClasses,
    series: classifiers(names).map((name, s) => ({
      name,
      values: sampleClasses.map((_, c) => {
        const value = 0.99 - 0.006 * ((c * 7 + s * 3) % 10) - 0.012 * s;
        return { value, interval: [value - 0.03, Math.min(1, value + 0.012)] };
      }),
    })),
  };
}

function eceBars(names: SampleNames): Figure {
  return {
    kind: 'bars',
    id: 'ece',
    title: 'Expected calibration error',
    xLabel: '',
    yLabel: 'ECE',
    yFormat: 'number',
    categories: classifiers(names),
    series: [
      {
        name: 'ECE',
        values: [
          { value: 0.0102, interval: [0.0068, 0.0141] },
          { value: 0.0231, interval: [0.0174, 0.0297] },
          { value: 0.0073, interval: [0.0045, 0.0114] },
          { value: null },
        ],
      },
    ],
  };
}

function reliability(system: string, s: number): Figure {
  return {
    kind: 'reliability',
    id: `reliability-${system}`,
    title: system,
    system,
    caption: `ECE ${['1.0%', '2.3%', '0.7%', '1.5%'][s]}, 15 equal-width bins.`,
    bins: Array.from({ length: 15 }, (_, b) => {
      const lo = b / 15;
      const n = b < 2 ? 0 : Math.round(3 + 1200 * (b / 14) ** (6 + 2 * s));
      const confidence = lo + 0.04;
      const accuracy = Math.min(1, Math.max(0, confidence + 0.13 * Math.sin(b + s) - 0.04));
      const half = 0.5 / Math.sqrt(n + 1);
      return {
        lo,
        hi: (b + 1) / 15,
        n,
        confidence: n === 0 ? null : confidence,
        accuracy: n === 0 ? null : accuracy,
        interval: n === 0 ? null : [Math.max(0, accuracy - half), Math.min(1, accuracy + half)],
      };
    }),
  };
}

function epsilonCurve(names: SampleNames): LineFigure {
  const epsilons = [0, 2, 4, 8, 16];
  const values = [
    [0.985, 0.72, 0.29, 0.015, 0],
    [0.96, 0.93, 0.87, 0.745, 0.31],
    [0.985, 0.88, 0.63, 0.27, 0.02],
    [0.97, 0.91, 0.83, 0.695, 0.22],
  ];
  return {
    kind: 'lines',
    id: 'epsilon',
    title: 'Accuracy against epsilon',
    caption: 'Linf PGD, 40 steps, 2 restarts; bands are 95% Wilson intervals.',
    xLabel: 'Linf distance epsilon',
    yLabel: 'Accuracy',
    yDomain: [0, 1],
    yFormat: 'percent',
    xTicks: epsilons.map((e) => ({ value: e / 255, label: e === 0 ? '0' : `${e}/255` })),
    points: true,
    series: classifiers(names).map((name, s) => ({
      name,
      points: epsilons.map((e, i) => {
        const y = values[s]![i]!;
        const half = 1.96 * Math.sqrt((y * (1 - y) + 0.005) / 200);
        return { x: e / 255, y, lo: Math.max(0, y - half), hi: Math.min(1, y + half) };
      }),
    })),
  };
}

/** What is proved, what is not broken and the band in between, of three models. */
function twoSided(names: SampleNames): LineFigure {
  const epsilons = [1, 2, 4, 8];
  const at = (y: number, e: number) => ({
    x: e / 255,
    y,
    lo: Math.max(0, y - 0.08),
    hi: Math.min(1, y + 0.08),
  });
  const models = [
    { name: names.baseline, lower: [0.61, 0.28, 0.02, 0], upper: [0.9, 0.72, 0.29, 0.03] },
    { name: names.robust, lower: [0.93, 0.86, 0.68, 0.31], upper: [0.95, 0.92, 0.87, 0.745] },
    { name: names.jem, lower: [0.7, 0.4, 0.11, 0], upper: [0.92, 0.83, 0.63, 0.27] },
  ];
  return {
    kind: 'lines',
    id: 'sides',
    title: 'Robust accuracy from both sides',
    xLabel: 'Linf radius',
    yLabel: 'Accuracy',
    yDomain: [0, 1],
    yFormat: 'percent',
    points: true,
    xTicks: epsilons.map((e) => ({ value: e / 255, label: `${e}/255` })),
    series: models.flatMap(({ name, lower, upper }) => [
      { name, variant: 'proved', points: epsilons.map((e, k) => at(lower[k]!, e)) },
      { name, variant: 'not broken', dashed: true, points: epsilons.map((e, k) => at(upper[k]!, e)) },
    ]),
    band: {
      label: 'neither proved nor broken',
      areas: models.map(({ name, lower, upper }) => ({
        name,
        points: epsilons.map((e, k) => ({ x: e / 255, lo: lower[k]!, hi: upper[k]! })),
      })),
    },
  };
}

function lossCurve(names: SampleNames): LineFigure {
  return {
    kind: 'lines',
    id: 'loss',
    title: 'Attack loss by step',
    caption: 'Mean margin over the examples; solid PGD, dashed with momentum.',
    xLabel: 'Step',
    yLabel: 'Margin loss',
    series: [names.baseline, names.jem].flatMap((name, s) =>
      [false, true].map((dashed) => ({
        name: dashed ? `${name}, momentum` : name,
        dashed,
        points: Array.from({ length: 41 }, (_, x) => ({
          x,
          y: -8 + (14 - 5 * s + (dashed ? 1 : 0)) * (1 - Math.exp(-x / (6 + 4 * s))),
        })),
      })),
    ),
  };
}

function scoreHistogram(system: string, s: number): Figure {
  const edges = Array.from({ length: 41 }, (_, i) => -20 + i);
  const series = [
    { name: 'test', mean: 8 + s, sd: 3 },
    { name: 'letters', mean: 3 - s, sd: 4 },
    { name: 'textures', mean: -8, sd: 3.5 },
  ].map(({ name, mean, sd }) => {
    const raw = edges.slice(0, -1).map((x) => gauss(x + 0.5, mean, sd));
    const total = raw.reduce((a, b) => a + b, 0);
    return { name, counts: raw.map((v) => v / total) };
  });
  return {
    kind: 'histogram',
    id: `scores-${system}`,
    title: `log p(x) of ${system}`,
    xLabel: 'log p(x), up to a constant',
    edges,
    series,
  };
}

function roc(names: SampleNames, dataset: string): LineFigure {
  return {
    kind: 'lines',
    id: `roc-${dataset}`,
    title: `ROC against ${dataset}`,
    xLabel: 'False positive rate',
    yLabel: 'True positive rate',
    xDomain: [0, 1],
    yDomain: [0, 1],
    yFormat: 'percent',
    diagonal: true,
    series: [...classifiers(names), names.scalar].map((name, s) => ({
      name,
      points: Array.from({ length: 101 }, (_, i) => ({ x: i / 100, y: (i / 100) ** (0.08 + 0.07 * s) })),
    })),
  };
}

function correlations({ baseline, robust, jem }: SampleNames): Figure {
  const names = [baseline, robust, jem];
  return {
    kind: 'heatmap',
    id: 'correlations',
    title: 'Rank correlations of scores',
    xLabel: '',
    yLabel: '',
    columns: names,
    rows: names.map((label, r) => ({
      label,
      values: names.map((_, c) => ({
        value: r === 2 && c === 0 ? null : r === c ? 1 : 0.4 - 0.5 * Math.abs(r - c),
      })),
    })),
    domain: [-1, 1],
    middle: 0,
  };
}

function stepCurve(names: SampleNames): LineFigure {
  const steps = [0, 1, 2, 5, 10, 20];
  return {
    kind: 'lines',
    id: 'steps',
    title: 'Accuracy by purification steps',
    caption:
      'Adversarial examples against the bare model (transfer) and against the whole system (BPDA + EOT).',
    xLabel: 'Langevin steps',
    yLabel: 'Accuracy',
    yDomain: [0, 1],
    yFormat: 'percent',
    points: true,
    series: ['clean', 'transfer', 'BPDA + EOT'].map((condition, c) => ({
      name: `${names.purified}, ${condition}`,
      points: steps.map((x) => ({
        x,
        y: [0.985 - x / 900, 0.27 + 0.5 * (1 - Math.exp(-x / 4)), 0.27 + x / 130][c]!,
      })),
    })),
  };
}

function energyScatter(names: SampleNames): Figure {
  return {
    kind: 'vega-lite',
    id: 'energy',
    title: 'Energy before and after purification',
    caption: 'One point per example.',
    spec: {
      data: {
        values: Array.from({ length: 60 }, (_, i) => ({
          before: -30 + ((i * 37) % 60) / 2,
          after: -18 + ((i * 23) % 40) / 3,
          system: i % 2 === 0 ? names.jem : names.purified,
        })),
      },
      mark: { type: 'point', filled: true, opacity: 0.7 },
      encoding: {
        x: { field: 'before', type: 'quantitative', title: 'log p(x) before' },
        y: { field: 'after', type: 'quantitative', title: 'log p(x) after' },
        color: { field: 'system', type: 'nominal', title: null, legend: { orient: 'bottom' } },
      },
    },
  };
}

function attackGrid(names: SampleNames): Figure {
  return {
    kind: 'images',
    id: 'examples',
    title: 'Clean, perturbed, difference',
    caption: 'Difference amplified ten times around grey. Green frames: still classified correctly.',
    columns: ['clean', 'Linf 4/255', 'difference', 'Linf 8/255', 'difference'],
    rows: classifiers(names).map((label, r) => ({
      label,
      cells: [0, 4, 4, 8, 8].map((epsilon, c) => {
        if (r === 3 && c === 4) return null;
        const broken = epsilon >= 8 && r % 2 === 0;
        const difference = c === 2 || c === 4;
        return {
          ...glyph(r, epsilon, difference),
          ...(!difference && {
            caption: broken ? 'hook 71%' : `${sampleClasses[r]} ${99 - epsilon}%`,
            mark: broken ? 'bad' : 'ok',
          }),
        };
      }),
    })),
  };
}

function glyph(kind: number, epsilon: number, difference: boolean): Picture {
  const pixels = new Float32Array(28 * 28);
  for (let y = 0; y < 28; y++) {
    for (let x = 0; x < 28; x++) {
      const radius = Math.hypot(x - 13.5, y - 13.5);
      const strokes = [
        Math.abs(radius - 8),
        Math.min(Math.abs(x - 13.5), Math.abs(y - 13.5)),
        Math.abs(x - y),
        Math.abs(y - 14 - 5 * Math.sin(x / 3)),
      ];
      const clean = radius > 13 ? 0 : Math.max(0, 1 - strokes[kind % 4]! / 2);
      const shift = (epsilon / 255) * Math.sign(Math.sin(x * 1.7 + kind) * Math.cos(y * 2.3 + epsilon));
      pixels[28 * y + x] = difference ? 0.5 + 10 * shift : Math.min(1, Math.max(0, clean + shift));
    }
  }
  return { pixels, shape: [1, 28, 28] };
}
