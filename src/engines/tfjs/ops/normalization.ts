import * as tf from '@tensorflow/tfjs';
import { mapTuple } from '../../../map-tuple.js';
import type { Row } from '../row.js';
import type { Site } from '../site.js';

const perChannel = (value: tf.Tensor, rank: number) =>
  tf.reshape(value, [1, -1, ...Array<number>(rank - 2).fill(1)]);

/** Batch normalisation as used at test time: a fixed affine map per channel. */
function batchNormalization(s: Site): tf.Tensor {
  if (s.flag('training_mode'))
    throw s.unsupported('it is in training mode; export the model in evaluation mode');
  const [x, scale, bias, mean, variance] = mapTuple([0, 1, 2, 3, 4], (i) => s.x(i));
  const factor = tf.div(scale, tf.sqrt(tf.add(variance, s.number('epsilon', 1e-5))));
  const centred = tf.sub(x, perChannel(mean, x.rank));
  return tf.add(tf.mul(centred, perChannel(factor, x.rank)), perChannel(bias, x.rank));
}

interface Moments {
  normal: tf.Tensor;
  mean: tf.Tensor;
  /** 1 / sqrt(variance + epsilon) */
  scale: tf.Tensor;
}

function standardised(s: Site, x: tf.Tensor, axes: number[]): Moments {
  const mean = tf.mean(x, axes, true);
  const centred = tf.sub(x, mean);
  const variance = tf.mean(tf.square(centred), axes, true);
  const scale = tf.rsqrt(tf.add(variance, s.number('epsilon', 1e-5)));
  return { normal: tf.mul(centred, scale), mean, scale };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

function layerNormalization(s: Site): tf.Tensor[] {
  const { normal, mean, scale } = standardised(s, s.x(), range(s.axis(-1), s.x().rank));
  const scaled = tf.mul(normal, s.x(1));
  return [s.has(2) ? tf.add(scaled, s.x(2)) : scaled, mean, scale];
}

function instanceNormalization(s: Site): tf.Tensor {
  const x = s.x();
  const { normal } = standardised(s, x, range(2, x.rank));
  return tf.add(tf.mul(normal, perChannel(s.x(1), x.rank)), perChannel(s.x(2), x.rank));
}

/** Since opset 21 scale and bias are per channel; before, per group. */
function groupNormalization(s: Site): tf.Tensor {
  const [x, scale, bias] = mapTuple([0, 1, 2], (i) => s.x(i));
  const groups = s.number('num_groups', 1);
  const { normal } = standardised(s, tf.reshape(x, [x.shape[0], groups, -1]), [2]);
  if (scale.size === x.shape[1]) {
    const back = tf.reshape(normal, x.shape);
    return tf.add(tf.mul(back, perChannel(scale, x.rank)), perChannel(bias, x.rank));
  }
  return tf.reshape(tf.add(tf.mul(normal, perChannel(scale, 3)), perChannel(bias, 3)), x.shape);
}

function lpNormalization(s: Site): tf.Tensor {
  const x = s.x();
  const axis = s.axis(-1);
  const norm =
    s.number('p', 2) === 1 ? tf.sum(tf.abs(x), axis, true) : tf.sqrt(tf.sum(tf.square(x), axis, true));
  return tf.div(x, norm);
}

/** x / sqrt(mean of squares + epsilon), scaled (Zhang & Sennrich 2019). */
function rmsNormalization(s: Site): tf.Tensor {
  const x = s.x();
  const squares = tf.mean(tf.square(x), range(s.axis(-1), x.rank), true);
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(squares, s.number('epsilon', 1e-5)))), s.x(1));
}

/** (x - mean) / (sqrt(variance) + 1e-9): the operator's definition adds its epsilon to the root. */
function meanVarianceNormalization(s: Site): tf.Tensor {
  const axes = s.ints('axes') ?? [0, 2, 3];
  const centred = tf.sub(s.x(), tf.mean(s.x(), axes, true));
  return tf.div(centred, tf.add(tf.sqrt(tf.mean(tf.square(centred), axes, true)), 1e-9));
}

/** Normalisations. */
export const normalization: readonly Row[] = [
  { op: 'BatchNormalization', run: batchNormalization },
  { op: 'LayerNormalization', run: layerNormalization },
  { op: 'InstanceNormalization', run: instanceNormalization },
  { op: 'GroupNormalization', run: groupNormalization },
  { op: 'RMSNormalization', run: rmsNormalization },
  { op: 'MeanVarianceNormalization', run: meanVarianceNormalization },
  { op: 'LpNormalization', run: lpNormalization },
];
