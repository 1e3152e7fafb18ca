import * as tf from '@tensorflow/tfjs';
import { mapTuple } from '../../../map-tuple.js';
import type { Row } from '../row.js';
import type { Site } from '../site.js';
import { int32 } from '../transfer.js';

/** Arithmetic on floats by TensorFlow.js, on integers here: its own wraps around and rounds the other way. */
function arithmetic(
  op: string,
  floats: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  integers: (a: number, b: number) => number,
): Row {
  return {
    op,
    run: (s) => {
      const [a, b] = [s.x(), s.x(1)];
      return a.dtype === 'float32' ? floats(a, b) : onHost(s, a, b, integers);
    },
  };
}

function onHost(s: Site, a: tf.Tensor, b: tf.Tensor, f: (a: number, b: number) => number): tf.Tensor {
  const dims = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const [left, right] = mapTuple([a, b], (x) => tf.broadcastTo(x, dims).dataSync());
  const data = Int32Array.from(left, (v, i) =>
    int32(f(v, right[i]!), `node "${s.node.name}" (${s.node.op})`),
  );
  return tf.tensor(data, dims, 'int32');
}

/** Like Python's %: the sign is the divisor's. */
const floorMod = (a: number, b: number) => a - b * Math.floor(a / b);

function mod(s: Site): tf.Tensor {
  const [a, b] = [s.x(), s.x(1)];
  const likeC = s.flag('fmod');
  if (a.dtype !== 'float32') return onHost(s, a, b, likeC ? (p, q) => p % q : floorMod);
  if (!likeC) return tf.mod(a, b);
  const quotient = tf.div(a, b);
  return tf.sub(a, tf.mul(b, tf.mul(tf.sign(quotient), tf.floor(tf.abs(quotient)))));
}

/** Of equal shapes first: TensorFlow.js does not differentiate its extrema where they broadcast. */
function extremum(f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) {
  return (a: tf.Tensor, b: tf.Tensor): tf.Tensor => {
    if (a.dtype !== 'float32' || tf.util.arraysEqual(a.shape, b.shape)) return f(a, b);
    const ones = tf.ones(tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape));
    return f(tf.mul(a, ones), tf.mul(b, ones));
  };
}

const reduced = (op: string, f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Row => ({
  op,
  run: (s) => s.all().reduce(f),
});

const asNumbers = (x: tf.Tensor) => (x.dtype === 'bool' ? tf.cast(x, 'int32') : x);

const comparison = (op: string, f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Row => ({
  op,
  flat: true,
  run: (s) => f(asNumbers(s.x()), asNumbers(s.x(1))),
});

const logic = (op: string, f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Row => ({
  op,
  flat: true,
  run: (s) => f(s.x(), s.x(1)),
});

/** Operators on two or more tensors that broadcast against each other. */
export const arithmetics: readonly Row[] = [
  arithmetic('Add', tf.add, (a, b) => a + b),
  arithmetic('Sub', tf.sub, (a, b) => a - b),
  arithmetic('Mul', tf.mul, (a, b) => a * b),
  arithmetic('Div', tf.div, (a, b) => Math.trunc(a / b)),
  { op: 'Mod', run: mod },
  reduced('Sum', tf.add),
  reduced('Max', extremum(tf.maximum)),
  reduced('Min', extremum(tf.minimum)),
  { op: 'Mean', run: (s) => tf.div(s.all().reduce(tf.add<tf.Tensor>), s.node.inputs.length) },
  { op: 'Where', run: (s) => tf.where(s.x(), s.x(1), s.x(2)) },
  comparison('Equal', tf.equal),
  comparison('Greater', tf.greater),
  comparison('GreaterOrEqual', tf.greaterEqual),
  comparison('Less', tf.less),
  comparison('LessOrEqual', tf.lessEqual),
  logic('And', tf.logicalAnd),
  logic('Or', tf.logicalOr),
  logic('Xor', tf.logicalXor),
  { op: 'Not', flat: true, run: (s) => tf.logicalNot(s.x()) },
];
