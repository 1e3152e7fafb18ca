import { type Static, Type } from '../config/type.js';
import { type Logits, logSumExp } from '../metrics/softmax.js';
import { combinations } from './grid.js';
import { refuseDisorder } from './in-order.js';
import { perturbedFeatures } from './perturbed-features.js';
import { roundHalfEven } from './pruning.js';
import { logitRounding, ofOneLogit } from './rounding.js';
import { featuresOf, probedOf, required, type Score, type ScoreInputs, statisticsOf } from './score.js';

const percentile = (value: number, what: string) =>
  Type.Number({ minimum: 0, exclusiveMaximum: 100, default: value, description: what });
const share = (value: number, what: string) =>
  Type.Number({ exclusiveMinimum: 0, maximum: 1, default: value, description: what });

const options = Type.Object(
  {
    lowest: percentile(75, 'Percentile of features that are pruned where an image shifts most.'),
    highest: percentile(85, 'The same where it shifts least.'),
    k1: share(0.05, 'Share of the features, the largest, whose values after the step count.'),
    k2: share(0.01, 'Share of the features, the largest, whose shifts count; at least one feature.'),
    lambda: Type.Number({ minimum: 0, default: 10, description: 'Weight of the shifts.' }),
    perturbed: share(0.05, 'Share of the numbers of the image that move: those with the smallest gradient.'),
    step: Type.Number({
      exclusiveMinimum: 0,
      default: 0.5,
      description: "How far, in units of the model's own input.",
    }),
  },
  { additionalProperties: false },
);
type Options = Static<typeof options>;

/** As OpenOOD tries them. */
const percentiles = [60, 65, 70, 75, 80, 85, 90, 95, 99];
const grid = combinations<Pick<Options, 'lowest' | 'highest'>>({
  lowest: percentiles,
  highest: percentiles,
}).filter(({ lowest = 0, highest = 0 }) => lowest < highest);

/** lambda Q + C of every image (Regmi 2025, eq. 5-7): how far its largest features shift, and how large they are then. */
function shifts(inputs: Pick<ScoreInputs, 'features' | 'probed'>, { k1, k2, lambda }: Options) {
  const { n, width, data } = featuresOf(inputs);
  const { perturbed } = probedOf(inputs, 'perturbed');
  const count = (part: number) => Math.max(1, Math.floor(part * width));
  return Float64Array.from({ length: n }, (_, i) => {
    const order = largestFirst(width, (j) => data[i * width + j]!);
    let [correction, shift] = [0, 0];
    for (const j of order.subarray(0, count(k1))) correction += Math.max(0, perturbed[i * width + j]!);
    for (const j of order.subarray(0, count(k2)))
      shift += Math.abs(data[i * width + j]! - perturbed[i * width + j]!);
    return lambda * shift + correction;
  });
}

const largestFirst = (width: number, value: (j: number) => number): Uint32Array =>
  Uint32Array.from({ length: width }, (_, j) => j).sort((a, b) => value(b) - value(a) || a - b);

/** (n) s1 / s2: the sum of the positive features over that of those which the image's own percentile keeps. */
function ratios(inputs: ScoreInputs, settings: Options): Float64Array {
  const { lowest, highest } = settings;
  refuseDisorder({ lowest, highest }, 'lowest', 'highest');
  const { n, width, data } = featuresOf(inputs);
  const { sorted, count } = statisticsOf(inputs, 'sorted', 'count');
  const known = sorted.subarray(0, count[0]);
  const all = shifts(inputs, settings);
  return Float64Array.from({ length: n }, (_, i) => {
    const pruned = lowest + (1 - shareUpTo(known, all[i]!)) * (highest - lowest);
    const kept = Math.max(1, width - roundHalfEven((width * pruned) / 100));
    const own = Float64Array.from({ length: width }, (_, j) => Math.max(0, data[i * width + j]!));
    own.sort().reverse();
    let [sum, large] = [0, 0];
    for (let j = 0; j < width; j++) {
      sum += own[j]!;
      if (j < kept) large += own[j]!;
    }
    return large > 0 ? sum / large : 1;
  });
}

/** Of ascending values, the share of those that are not above x. */
function shareUpTo(ascending: ArrayLike<number>, x: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! <= x) low = middle + 1;
    else high = middle;
  }
  return low / ascending.length;
}

/** What the last layer makes of features that are multiplied image by image. */
function logitsOfScaled(inputs: ScoreInputs, scale: (i: number) => number): Logits {
  const { n, width, data } = featuresOf(inputs);
  const { weight, bias } = required(inputs.lastLayer, 'last layer');
  const classes = bias.length;
  const logits = Float64Array.from({ length: n * classes }, (_, at) => {
    const [i, c] = [Math.floor(at / classes), at % classes];
    let sum = 0;
    for (let j = 0; j < width; j++) sum += weight[c * width + j]! * data[i * width + j]!;
    return scale(i) * sum + bias[c]!;
  });
  return { n, classes, data: logits };
}

function row(
  form: Pick<Score, 'id' | 'title' | 'label'>,
  logits: (inputs: ScoreInputs, ratio: Float64Array) => Logits,
): Score<Options> {
  const scaled = (inputs: ScoreInputs, settings: Options) => logits(inputs, ratios(inputs, settings));
  return {
    ...form,
    source: 'Regmi 2025',
    needs: ['logits', 'features', 'lastLayer', 'inputGradient'],
    reads: ['features', 'lastLayer'],
    options,
    grid,
    probe: perturbedFeatures,
    fit: {
      role: ['validation', 'train'],
      unlabelled: true,
      options: ['k1', 'k2', 'lambda', 'perturbed', 'step'],
      shapes: ({ images }) => ({ sorted: [images], count: [1] }),
      async statistics(parts, { images }, settings) {
        const sorted = new Float64Array(images);
        let count = 0;
        for await (const part of parts) {
          const own = shifts(part, settings);
          sorted.set(own, count);
          count += own.length;
        }
        sorted.subarray(0, count).sort();
        return { sorted, count: Float64Array.of(count) };
      },
    },
    shifts: true,
    compute: (inputs, settings) => logSumExp(scaled(inputs, settings)),
    // Of the logits; the percentile is taken as exact.
    rounding: (inputs, values, settings) => logitRounding(scaled(inputs, settings), values, ofOneLogit),
  };
}

/** AdaSCALE-A: features times exp(r). */
export const adascaleA = row(
  { id: 'adascale-a', title: 'AdaSCALE-A', label: 'logsumexp of W (h exp r) + b' },
  (inputs, ratio) => logitsOfScaled(inputs, (i) => Math.exp(ratio[i]!)),
);

/** AdaSCALE-L: logits times r^2. */
export const adascaleL = row(
  { id: 'adascale-l', title: 'AdaSCALE-L', label: 'logsumexp of f r^2' },
  (inputs, ratio) => {
    const { n, classes, data } = logitsOfScaled(inputs, () => 1);
    return {
      n,
      classes,
      data: Float64Array.from(data, (f, at) => f * ratio[Math.floor(at / classes)]! ** 2),
    };
  },
);
