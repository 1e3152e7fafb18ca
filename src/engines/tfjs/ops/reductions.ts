import * as tf from '@tensorflow/tfjs';
import { fromStart } from '../../../graph/node-reader.js';
import type { Row } from '../row.js';
import { type Site, still } from '../site.js';

/** The axes a reduction works on, counted from 0; undefined when it is asked to do nothing. */
function axesOf(s: Site): number[] | undefined {
  const { rank } = s.x();
  const given = s.optionalNumbers(1) ?? [];
  if (given.length === 0) return s.flag('noop_with_empty_axes') ? undefined : s.x().shape.map((_, i) => i);
  return given.map((axis) => fromStart(axis, rank));
}

type Reduce = (x: tf.Tensor, axes: number[], keep: boolean) => tf.Tensor;

/** With no axes at all (a scalar, or nothing to do), each element is a group of its own. */
function reduction(op: string, f: Reduce): Row {
  return {
    op,
    run: (s) => f(asNumbers(s.x()), axesOf(s) ?? [], s.flag('keepdims', true)),
  };
}

const asNumbers = (x: tf.Tensor) => (x.dtype === 'bool' ? tf.cast(x, 'int32') : x);

/**
 * The mean of the elements that are extreme: equal to the extremum, and its gradient is shared evenly among equal
 * ones, where TensorFlow.js gives each of them all of it.
 */
export function extremum(find: Reduce): Reduce {
  return (x, axes, keep) => {
    if (x.dtype !== 'float32') return find(x, axes, keep);
    const chosen = tf.equal(still(x), find(still(x), axes, true));
    const sum = tf.sum(tf.where(chosen, x, tf.zerosLike(still(x))), axes, keep);
    return tf.div(sum, tf.sum(tf.cast(chosen, 'float32'), axes, keep));
  };
}

/** Shifted by the maximum, off the tape: the gradient is then a softmax exactly. */
const logSumExp: Reduce = (x, axes, keep) => {
  const top = tf.max(still(x), axes, true);
  // A row of -Infinity stays one.
  const shift = tf.where(tf.isFinite(top), top, tf.zerosLike(top));
  const sum = tf.log(tf.sum(tf.exp(tf.sub(x, shift)), axes, true));
  const total = tf.add(sum, shift);
  return keep ? total : tf.squeeze(total, axes);
};

function extremePlace(s: Site, find: (x: tf.Tensor, axis: number) => tf.Tensor): tf.Tensor {
  const x = s.x();
  const axis = s.axis(0);
  const last = s.flag('select_last_index');
  const place = last ? tf.sub(x.shape[axis]! - 1, find(tf.reverse(x, axis), axis)) : find(x, axis);
  const index = tf.cast(place, 'int32');
  return s.flag('keepdims', true) ? tf.expandDims(index, axis) : index;
}

/** Reductions and running sums. */
export const reductions: readonly Row[] = [
  reduction('ReduceSum', tf.sum),
  reduction('ReduceMean', tf.mean),
  reduction('ReduceProd', tf.prod),
  reduction('ReduceMax', extremum(tf.max)),
  reduction('ReduceMin', extremum(tf.min)),
  reduction('ReduceLogSumExp', logSumExp),
  reduction('ReduceL1', (x, axes, keep) => tf.sum(tf.abs(x), axes, keep)),
  reduction('ReduceL2', (x, axes, keep) => tf.sqrt(tf.sum(tf.square(x), axes, keep))),
  reduction('ReduceSumSquare', (x, axes, keep) => tf.sum(tf.square(x), axes, keep)),
  reduction('ReduceLogSum', (x, axes, keep) => tf.log(tf.sum(x, axes, keep))),
  { op: 'ArgMax', flat: true, run: (s) => extremePlace(s, tf.argMax) },
  { op: 'ArgMin', flat: true, run: (s) => extremePlace(s, tf.argMin) },
  {
    op: 'CumSum',
    run: (s) =>
      tf.cumsum(s.x(), fromStart(s.numbers(1)[0]!, s.x().rank), s.flag('exclusive'), s.flag('reverse')),
  },
];
