import { int, ints } from '../graph/build.js';
import type { LoweringRow } from './row.js';
import type { Site } from './site.js';

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** x - mean and its mean square, over the given axes. */
function moments(s: Site, x: string, axes: readonly number[]): { centred: string; variance: string } {
  const centred = s.sub(x, s.reduceMean(x, axes));
  return { centred, variance: s.reduceMean(s.mul(centred, centred), axes) };
}

/** (x - mean) / sqrt(variance + epsilon) over the given axes. */
function standardised(s: Site, x: string, axes: readonly number[]): string {
  const { centred, variance } = moments(s, x, axes);
  return s.div(centred, s.sqrt(s.add(variance, s.number('epsilon', 1e-5))));
}

function perChannel(s: Site, value: string, rank: number): string {
  return s.reshape(value, [1, -1, ...Array<number>(rank - 2).fill(1)]);
}

function layerNormalization(s: Site): string[] {
  const rank = s.rank(s.x[0]!);
  const scaled = s.mul(standardised(s, s.x[0]!, range(s.axis(-1), rank)), s.x[1]!);
  return [s.has(2) ? s.add(scaled, s.x[2]!) : scaled];
}

/** x / sqrt(mean of squares + epsilon), scaled (Zhang & Sennrich 2019). */
function rmsNormalization(s: Site): string[] {
  const [x, scale] = s.x as readonly [string, string];
  const axes = range(s.axis(-1), s.rank(x));
  const size = s.sqrt(s.add(s.reduceMean(s.mul(x, x), axes), s.number('epsilon', 1e-5)));
  return [s.mul(s.div(x, size), scale)];
}

function instanceNormalization(s: Site): string[] {
  const [x, scale, bias] = s.x as readonly [string, string, string];
  const rank = s.rank(x);
  const normal = standardised(s, x, range(2, rank));
  return [s.add(s.mul(normal, perChannel(s, scale, rank)), perChannel(s, bias, rank))];
}

/** Since opset 21 scale and bias are per channel; before, per group. */
function groupNormalization(s: Site): string[] {
  const [x, scale, bias] = s.x as readonly [string, string, string];
  const rank = s.rank(x);
  const channels = s.shape(x)[1];
  const groups = s.number('num_groups', 1);
  const grouped = s.reshape(x, [0, groups, -1]);
  const normal = standardised(s, grouped, [2]);
  if (s.shape(scale)[0] === channels) {
    const back = s.reshapeLike(normal, x);
    return [s.add(s.mul(back, perChannel(s, scale, rank)), perChannel(s, bias, rank))];
  }
  return [s.reshapeLike(s.add(s.mul(normal, perChannel(s, scale, 3)), perChannel(s, bias, 3)), x)];
}

/**
 * (x - mean) / (sqrt(variance) + 1e-9): the operator's definition adds its epsilon to the root. onnxruntime adds none, and gives no
 * numbers where all are the same.
 */
function meanVarianceNormalization(s: Site): string[] {
  const { centred, variance } = moments(s, s.x[0]!, s.ints('axes') ?? [0, 2, 3]);
  return [s.div(centred, s.add(s.sqrt(variance), 1e-9))];
}

/**
 * x / (bias + alpha / size * sum of squares of nearby channels) ^ beta (Krizhevsky et al. 2012, section 3.3). The
 * sum is an average pool over channels, which become rows.
 */
function localResponse(s: Site): string[] {
  const x = s.x[0]!;
  const size = s.number('size', 1);
  const before = Math.floor((size - 1) / 2);
  const rows = s.reshape(s.mul(x, x), [0, 1, s.shape(x)[1]!, -1]);
  const pooled = s.b.op('AveragePool', [rows], {
    kernel_shape: ints([size, 1]),
    pads: ints([before, 0, size - 1 - before, 0]),
    count_include_pad: int(1),
  });
  const sum = s.reshapeLike(s.mul(pooled, s.number('alpha', 1e-4)), x);
  return [s.div(x, s.pow(s.add(sum, s.number('bias', 1)), s.number('beta', 0.75)))];
}

function lpNormalization(s: Site): string[] {
  const x = s.x[0]!;
  const axes = [s.axis(-1)];
  if (s.number('p', 2) === 1) return [s.div(x, s.b.op('ReduceSum', [s.emit('Abs', x), s.b.ints(axes)]))];
  return [s.div(x, s.sqrt(s.b.op('ReduceSum', [s.mul(x, x), s.b.ints(axes)])))];
}

/** Normalisations in primitives. */
export const normalizations: readonly LoweringRow[] = [
  { op: 'LayerNormalization', lower: layerNormalization },
  { op: 'RMSNormalization', lower: rmsNormalization },
  { op: 'InstanceNormalization', lower: instanceNormalization },
  { op: 'GroupNormalization', lower: groupNormalization },
  { op: 'MeanVarianceNormalization', lower: meanVarianceNormalization },
  { op: 'LRN', lower: localResponse },
  { op: 'LpNormalization', lower: lpNormalization },
];
