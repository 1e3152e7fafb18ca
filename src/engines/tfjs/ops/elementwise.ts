import * as tf from '@tensorflow/tfjs';
import { fromStart } from '../../../graph/node-reader.js';
import { type Row, unary } from '../row.js';
import { type Site, still } from '../site.js';

/** A function of the last axis, along any axis. */
export function alongAxis(x: tf.Tensor, axis: number, f: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  const last = x.rank - 1;
  if (axis === last || x.rank === 0) return f(x);
  const swap = x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
  return tf.transpose(f(tf.transpose(x, swap)), swap);
}

/** max(x, 0) + scale (exp(min(x, 0) / width) - 1): ELU, CELU and SELU. */
function exponentialTail(x: tf.Tensor, scale: number, width = 1): tf.Tensor {
  const tail = tf.expm1(tf.div(tf.minimum(x, 0), width));
  return tf.add(tf.relu(x), tf.mul(scale, tail));
}

const SELU = { alpha: 1.6732631921768188, gamma: 1.0507010221481323 };

/** A slope with which nothing is left between 0 and 1 is a step: its gradient is 0, on its edge too. */
const STEP = 1e30;

function hardSigmoid(s: Site): tf.Tensor {
  const slope = s.number('alpha', 0.2);
  const y = tf.clipByValue(tf.add(tf.mul(s.x(), slope), s.number('beta', 0.5)), 0, 1);
  return slope > STEP ? still(y) : y;
}

function clip(s: Site): tf.Tensor {
  const bound = (i: number, fallback: number) => s.optionalNumbers(i)?.[0] ?? fallback;
  const [low, high] = [bound(1, Number.NEGATIVE_INFINITY), bound(2, Number.POSITIVE_INFINITY)];
  const x = s.x();
  if (x.dtype === 'int32') return tf.cast(tf.minimum(tf.maximum(tf.cast(x, 'float32'), low), high), 'int32');
  // Where the bounds cross, ONNX lets the upper one win.
  return tf.clipByValue(x, Math.min(low, high), high);
}

function gelu(s: Site): tf.Tensor {
  const x = s.x();
  const gate =
    s.text('approximate', 'none') === 'tanh'
      ? tf.tanh(tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x))))))
      : tf.erf(tf.mul(x, Math.SQRT1_2));
  return tf.mul(tf.mul(0.5, x), tf.add(1, gate));
}

function pow(s: Site): tf.Tensor {
  const base = s.x();
  const exponent = tf.cast(s.x(1), 'float32');
  if (exponent.size === 1 && s.numbers(1)[0] === 2 && exponent.rank <= base.rank && base.dtype === 'float32')
    return tf.square(base);
  return base.dtype === 'float32'
    ? tf.pow(base, exponent)
    : tf.cast(tf.pow(tf.cast(base, 'float32'), exponent), base.dtype);
}

function softmax(s: Site): tf.Tensor {
  return alongAxis(s.x(), s.axis(-1), (x) => tf.softmax(x));
}

const isInfinite = (s: Site): tf.Tensor => {
  const x = s.x();
  const positive = s.flag('detect_positive', true);
  const negative = s.flag('detect_negative', true);
  if (positive && negative) return tf.isInf(x);
  return tf.logicalAnd(tf.isInf(x), positive ? tf.greater(x, 0) : tf.less(x, 0));
};

/** Operators that work element by element on floats, and softmax. */
export const elementwise: readonly Row[] = [
  unary('Neg', tf.neg),
  unary('Sqrt', tf.sqrt),
  unary('Exp', tf.exp),
  unary('Log', tf.log),
  unary('Abs', tf.abs),
  unary('Reciprocal', tf.reciprocal),
  unary('Sin', tf.sin),
  unary('Cos', tf.cos),
  unary('Tan', tf.tan),
  unary('Asin', tf.asin),
  unary('Acos', tf.acos),
  unary('Atan', tf.atan),
  unary('Sinh', tf.sinh),
  unary('Cosh', tf.cosh),
  unary('Asinh', tf.asinh),
  unary('Acosh', tf.acosh),
  unary('Atanh', tf.atanh),
  unary('Relu', tf.relu),
  unary('Sigmoid', tf.sigmoid),
  unary('Tanh', tf.tanh),
  unary('Softplus', tf.softplus),
  unary('Erf', tf.erf),
  unary('Identity', (x) => x),
  unary('Dropout', (x) => x),
  unary('Softsign', (x) => tf.div(x, tf.add(1, tf.abs(x)))),
  unary('HardSwish', (x) => tf.mul(x, tf.clipByValue(tf.add(tf.mul(x, 1 / 6), 0.5), 0, 1))),
  unary('Mish', (x) => tf.mul(x, tf.tanh(tf.softplus(x)))),
  { ...unary('Floor', tf.floor), flat: true },
  { ...unary('Ceil', tf.ceil), flat: true },
  { ...unary('Round', tf.round), flat: true },
  { ...unary('Sign', tf.sign), flat: true },
  { ...unary('IsNaN', tf.isNaN), flat: true },
  { op: 'IsInf', run: isInfinite, flat: true },
  { op: 'LeakyRelu', run: (s) => tf.leakyRelu(s.x(), s.number('alpha', 0.01)) },
  {
    op: 'PRelu',
    // In parts: the WASM backend's own kernel takes slopes that broadcast amiss.
    run: (s) => tf.add(tf.relu(s.x()), tf.mul(s.x(1), tf.minimum(s.x(), 0))),
  },
  {
    op: 'ThresholdedRelu',
    run: (s) => {
      const above = tf.greater(still(s.x()), s.number('alpha', 1));
      return tf.mul(s.x(), tf.cast(above, 'float32'));
    },
  },
  {
    op: 'Shrink',
    run: (s) => {
      const limit = s.number('lambd', 0.5);
      const x = still(s.x());
      const sign = tf.sub(tf.cast(tf.greater(x, limit), 'float32'), tf.cast(tf.less(x, -limit), 'float32'));
      return tf.sub(tf.mul(s.x(), tf.abs(sign)), tf.mul(sign, s.number('bias', 0)));
    },
  },
  { op: 'Elu', run: (s) => exponentialTail(s.x(), s.number('alpha', 1)) },
  { op: 'Celu', run: (s) => exponentialTail(s.x(), s.number('alpha', 1), s.number('alpha', 1)) },
  {
    op: 'Selu',
    run: (s) => tf.mul(s.number('gamma', SELU.gamma), exponentialTail(s.x(), s.number('alpha', SELU.alpha))),
  },
  {
    op: 'HardSigmoid',
    run: hardSigmoid,
  },
  { op: 'Clip', run: clip },
  { op: 'Gelu', run: gelu },
  { op: 'Pow', run: pow },
  { op: 'Softmax', run: softmax },
  { op: 'LogSoftmax', run: (s) => alongAxis(s.x(), s.axis(-1), (x) => tf.logSoftmax(x)) },
  {
    op: 'Hardmax',
    flat: true,
    run: (s) =>
      alongAxis(s.x(), fromStart(s.number('axis', -1), s.x().rank), (x) =>
        tf.oneHot(tf.argMax(x, -1), x.shape[x.rank - 1]!, 1, 0, 'float32'),
      ),
  },
];
