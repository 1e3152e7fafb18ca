import { AssayError, unknownName } from '../errors.js';
import { checkLogits, type Logits, logSoftmax, logSumExp } from '../metrics/softmax.js';
import { unorderedSum } from '../metrics/unordered-sum.js';
import type { Capability } from '../models/system.js';
import {
  GRADIENT_ROUNDING,
  LOGIT_ROUNDING,
  logitRounding,
  ofEntropy,
  ofOneLogit,
  ofProbability,
  relativeRounding,
} from './rounding.js';

/** What scores are computed from; an array is absent when the system does not offer it. */
export interface ScoreInputs {
  n: number;
  /** (n, classes) */
  logits?: Logits;
  /** (n) log p(x) up to a constant. */
  logPx?: ArrayLike<number>;
  /** (n) ||d log p(x) / dx||_2, x in the units of the model's own input. */
  logPxGradientNorm?: ArrayLike<number>;
}

export interface ScoreOptions {
  /** T of the `energy` score. */
  temperature: number;
}

/** A confidence that an image is in-distribution: higher means more so. */
export interface Score {
  id: string;
  title: string;
  /** As an axis label. */
  label: string;
  source: string;
  needs: readonly Capability[];
  /** (n) */
  compute(inputs: ScoreInputs, options: ScoreOptions): Float64Array;
  /** (n) How far each of these values may be off, since networks compute in float32. */
  rounding(inputs: ScoreInputs, values: Float64Array): Float64Array;
}

/** An input that the suite must have provided, since `needs` said so. */
function required<T>(input: T | undefined, what: string): T {
  if (input === undefined) {
    throw new AssayError('suite-failed', `a score was asked for without its ${what}`, {
      hint: 'request only scores whose `needs` the system offers',
    });
  }
  return input;
}

/** The logits, finite throughout: a NaN would be passed over in silence by comparisons. */
const logitsOf = ({ logits }: ScoreInputs): Logits => {
  const present = required(logits, 'logits');
  checkLogits(present);
  return present;
};

const perRow = (inputs: ScoreInputs, row: (values: Float64Array) => number): Float64Array => {
  const { n, classes, data } = logitsOf(inputs);
  const values = new Float64Array(classes);
  return Float64Array.from({ length: n }, (_, i) => {
    for (let k = 0; k < classes; k++) values[k] = data[i * classes + k];
    return row(values);
  });
};

const perProbabilityRow = (inputs: ScoreInputs, row: (logP: Float64Array) => number): Float64Array => {
  const logits = logitsOf(inputs);
  return perRow({ n: inputs.n, logits: { ...logits, data: logSoftmax(logits) } }, row);
};

/** The largest two of at least one number; the second is -infinity when there is one only. */
function topTwo(values: Float64Array): [number, number] {
  let [first, second] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value > first) [first, second] = [value, first];
    else if (value > second) second = value;
  }
  return [first, second];
}

const rows: Score[] = [
  {
    id: 'log-px',
    title: 'log p(x)',
    label: 'log p(x), up to a constant',
    source: 'Grathwohl et al. 2019, eq. 8',
    needs: ['logPx'],
    compute: ({ logPx }) => Float64Array.from(required(logPx, 'log p(x)')),
    // Where there are logits it is their logsumexp, which may be small when they are large.
    rounding: (inputs, values) =>
      inputs.logits
        ? logitRounding(inputs.logits, values, ofOneLogit)
        : relativeRounding(values, LOGIT_ROUNDING),
  },
  {
    id: 'max-logit',
    title: 'max logit',
    label: 'largest logit',
    source: 'Hendrycks et al. 2022',
    needs: ['logits'],
    compute: (inputs) => perRow(inputs, (f) => topTwo(f)[0]),
    rounding: (inputs, values) => logitRounding(logitsOf(inputs), values, ofOneLogit),
  },
  {
    id: 'max-softmax',
    title: 'max softmax',
    label: 'max p(y|x)',
    source: 'Hendrycks & Gimpel 2017',
    needs: ['logits'],
    compute: (inputs) => perProbabilityRow(inputs, (logP) => Math.exp(topTwo(logP)[0])),
    rounding: (inputs, values) =>
      logitRounding(logitsOf(inputs), values, (logP) => ofProbability(Math.exp(topTwo(logP)[0]))),
  },
  {
    id: 'energy',
    title: 'energy',
    label: 'T logsumexp(f / T)',
    source: 'Liu et al. 2020',
    needs: ['logits'],
    compute: (inputs, { temperature }) =>
      logSumExp(logitsOf(inputs), temperature).map((value) => temperature * value),
    rounding: (inputs, values) => logitRounding(logitsOf(inputs), values, ofOneLogit),
  },
  {
    id: 'entropy',
    title: 'negative entropy',
    label: '-H(p(y|x)), nats',
    source: 'Macêdo et al. 2021',
    needs: ['logits'],
    compute: (inputs) => perProbabilityRow(inputs, (logP) => unorderedSum(logP.map((l) => Math.exp(l) * l))),
    rounding: (inputs, values) => logitRounding(logitsOf(inputs), values, ofEntropy),
  },
  {
    id: 'margin',
    title: 'softmax margin',
    label: 'largest minus second largest p(y|x)',
    source: 'difference of the two largest probabilities',
    needs: ['logits'],
    compute: (inputs) =>
      perProbabilityRow(inputs, (logP) => {
        const [first, second] = topTwo(logP);
        return Math.exp(first) - Math.exp(second);
      }),
    rounding: (inputs, values) =>
      logitRounding(logitsOf(inputs), values, (logP) => {
        const [first, second] = topTwo(logP).map(Math.exp);
        return ofProbability(first) + ofProbability(second);
      }),
  },
  {
    id: 'approximate-mass',
    title: 'approximate mass',
    label: "-||d log p(x) / dx||, model's input units",
    source: 'Grathwohl et al. 2019, section 5.3.3',
    needs: ['logPx', 'inputGradient'],
    compute: ({ logPxGradientNorm }) =>
      Float64Array.from(required(logPxGradientNorm, 'gradient norms'), (norm) => -norm),
    rounding: (_inputs, values) => relativeRounding(values, GRADIENT_ROUNDING),
  },
];

/** Every score, by id. */
export const scores: ReadonlyMap<string, Score> = new Map(rows.map((score) => [score.id, score]));

/** The score of that id. Errors: `unknown-name`. */
export function scoreNamed(id: string): Score {
  const score = scores.get(id);
  if (!score) throw unknownName('OOD score', id, [...scores.keys()]);
  return score;
}
