import { float, int } from '../../graph/build.js';
import { typeCode } from '../../graph/tensor.js';
import type { GradientRow } from '../row.js';
import { type Site, STEEP } from '../site.js';

/** Where a maximum or minimum is shared, its gradient is shared evenly (as in PyTorch). */
function extremum(s: Site): string[] {
  const chosen = s.x.map((x) => s.toFloat(s.equal(x, s.y)));
  const share = s.div(s.g, chosen.length === 1 ? chosen[0]! : s.emit('Sum', ...chosen));
  return chosen.map((c) => s.mul(share, c));
}

function power(s: Site): (string | undefined)[] {
  const [base, exponent] = s.x as readonly [string, string];
  const constant = s.constant(exponent);
  const p = constant?.data.length === 1 ? Number(constant.data[0]) : undefined;
  if (p === 2) return [s.mul(s.g, s.mul(2, base))];
  if (p !== undefined) return [s.mul(s.g, s.mul(p, s.pow(base, p - 1)))];
  const toBase = s.mul(s.g, s.mul(exponent, s.pow(base, s.sub(exponent, 1))));
  const positive = s.greater(base, 0);
  const toExponent = s.where(positive, s.mul(s.mul(s.g, s.y), s.log(s.where(positive, base, 1))), 0);
  return [toBase, toExponent];
}

/** PyTorch lets the gradient through at the bounds themselves. */
function clip(s: Site): string[] {
  let g = s.g;
  if (s.has(1)) g = s.where(s.emit('GreaterOrEqual', s.x[0]!, s.x[1]!), g, 0);
  if (s.has(2)) g = s.where(s.emit('LessOrEqual', s.x[0]!, s.x[2]!), g, 0);
  return [g];
}

const SELU = { alpha: 1.6732631921768188, gamma: 1.0507010221481323 };

/** Gradients of operators that work element by element. */
export const elementwise: readonly GradientRow[] = [
  { op: 'Add', broadcasts: true, gradient: ({ g }) => [g, g] },
  { op: 'Sub', broadcasts: true, gradient: (s) => [s.g, s.neg(s.g)] },
  { op: 'Mul', broadcasts: true, gradient: (s) => [s.mul(s.g, s.x[1]!), s.mul(s.g, s.x[0]!)] },
  {
    op: 'Div',
    broadcasts: true,
    gradient: (s) => [s.div(s.g, s.x[1]!), s.wanted(1) ? s.neg(s.div(s.mul(s.g, s.y), s.x[1]!)) : undefined],
  },
  { op: 'Pow', broadcasts: true, gradient: power },
  { op: 'Sum', broadcasts: true, gradient: (s) => s.x.map(() => s.g) },
  { op: 'Max', broadcasts: true, gradient: extremum },
  { op: 'Min', broadcasts: true, gradient: extremum },
  {
    op: 'Where',
    broadcasts: true,
    gradient: (s) => [undefined, s.where(s.x[0]!, s.g, 0), s.where(s.x[0]!, 0, s.g)],
  },
  {
    op: 'PRelu',
    broadcasts: true,
    gradient: (s) => [
      s.mul(s.g, s.where(s.greater(s.x[0]!, 0), 1, s.x[1]!)),
      s.mul(s.g, s.emit('Min', s.x[0]!, 0)),
    ],
  },
  { op: 'Neg', gradient: (s) => [s.neg(s.g)] },
  { op: 'Sqrt', gradient: (s) => [s.div(s.mul(s.g, 0.5), s.y)] },
  { op: 'Exp', gradient: (s) => [s.mul(s.g, s.y)] },
  { op: 'Log', gradient: (s) => [s.div(s.g, s.x[0]!)] },
  { op: 'Abs', gradient: (s) => [s.mul(s.g, s.emit('Sign', s.x[0]!))] },
  { op: 'Reciprocal', gradient: (s) => [s.neg(s.mul(s.g, s.mul(s.y, s.y)))] },
  { op: 'Sin', gradient: (s) => [s.mul(s.g, s.emit('Cos', s.x[0]!))] },
  { op: 'Cos', gradient: (s) => [s.neg(s.mul(s.g, s.emit('Sin', s.x[0]!)))] },
  { op: 'Tan', gradient: (s) => [s.mul(s.g, s.add(1, s.mul(s.y, s.y)))] },
  { op: 'Asin', gradient: (s) => [s.div(s.g, s.sqrt(s.sub(1, s.mul(s.x[0]!, s.x[0]!))))] },
  { op: 'Acos', gradient: (s) => [s.neg(s.div(s.g, s.sqrt(s.sub(1, s.mul(s.x[0]!, s.x[0]!)))))] },
  { op: 'Sinh', gradient: (s) => [s.mul(s.g, s.emit('Cosh', s.x[0]!))] },
  { op: 'Cosh', gradient: (s) => [s.mul(s.g, s.emit('Sinh', s.x[0]!))] },
  { op: 'Asinh', gradient: (s) => [s.div(s.g, s.sqrt(s.add(1, s.mul(s.x[0]!, s.x[0]!))))] },
  { op: 'Acosh', gradient: (s) => [s.div(s.g, s.sqrt(s.sub(s.mul(s.x[0]!, s.x[0]!), 1)))] },
  { op: 'Atanh', gradient: (s) => [s.div(s.g, s.sub(1, s.mul(s.x[0]!, s.x[0]!)))] },
  { op: 'Atan', gradient: (s) => [s.div(s.g, s.add(1, s.mul(s.x[0]!, s.x[0]!)))] },
  { op: 'Relu', gradient: (s) => [s.mul(s.g, s.step(s.y))] },
  {
    op: 'LeakyRelu',
    gradient: (s) => {
      const leak = s.number('alpha', 0.01);
      // The input decides: the output has the same sign only for positive slopes.
      const step = s.step(leak > 0 ? s.y : s.x[0]!);
      if (leak < 0 || leak > 1) return [s.mul(s.g, s.add(leak, s.mul(1 - leak, step)))];
      const slope = s.b.op('HardSigmoid', [step], { alpha: float(1 - leak), beta: float(leak) });
      return [s.mul(s.g, slope)];
    },
  },
  {
    op: 'ThresholdedRelu',
    gradient: (s) => [s.where(s.greater(s.x[0]!, s.number('alpha', 1)), s.g, 0)],
  },
  { op: 'Clip', gradient: clip },
  {
    op: 'Shrink',
    gradient: (s) => [s.where(s.greater(s.emit('Abs', s.x[0]!), s.number('lambd', 0.5)), s.g, 0)],
  },
  { op: 'Sigmoid', gradient: (s) => [s.mul(s.g, s.mul(s.y, s.sub(1, s.y)))] },
  { op: 'Tanh', gradient: (s) => [s.mul(s.g, s.sub(1, s.mul(s.y, s.y)))] },
  { op: 'Softplus', gradient: (s) => [s.mul(s.g, s.emit('Sigmoid', s.x[0]!))] },
  {
    op: 'Softsign',
    gradient: (s) => {
      const scale = s.add(1, s.emit('Abs', s.x[0]!));
      return [s.div(s.g, s.mul(scale, scale))];
    },
  },
  {
    op: 'Elu',
    gradient: (s) => [s.where(s.greater(s.x[0]!, 0), s.g, s.mul(s.g, s.add(s.y, s.number('alpha', 1))))],
  },
  {
    op: 'Selu',
    gradient: (s) => {
      const gamma = s.number('gamma', SELU.gamma);
      const negative = s.add(s.y, gamma * s.number('alpha', SELU.alpha));
      return [s.mul(s.g, s.where(s.greater(s.x[0]!, 0), gamma, negative))];
    },
  },
  {
    op: 'Celu',
    gradient: (s) => {
      const alpha = s.number('alpha', 1);
      return [s.mul(s.g, s.exp(s.div(s.emit('Min', s.x[0]!, 0), alpha)))];
    },
  },
  {
    op: 'HardSigmoid',
    gradient: (s) => {
      const alpha = s.number('alpha', 0.2);
      if (alpha === STEEP || Math.abs(alpha - STEEP) < STEEP * 1e-6) return [undefined]; // our own step function
      const inside = s.emit('And', s.greater(s.y, 0), s.less(s.y, 1));
      return [s.where(inside, s.mul(s.g, alpha), 0)];
    },
  },
  {
    op: 'Erf',
    gradient: (s) => [s.mul(s.g, s.mul(2 / Math.sqrt(Math.PI), s.exp(s.neg(s.mul(s.x[0]!, s.x[0]!)))))],
  },
  {
    op: 'Softmax',
    gradient: (s) => {
      const along = s.reduceSum(s.mul(s.g, s.y), [s.axis(-1)]);
      return [s.mul(s.sub(s.g, along), s.y)];
    },
  },
  {
    op: 'LogSoftmax',
    gradient: (s) => [s.sub(s.g, s.mul(s.exp(s.y), s.reduceSum(s.g, [s.axis(-1)])))],
  },
  { op: 'Identity', gradient: ({ g }) => [g] },
  { op: 'Dropout', gradient: ({ g }) => [g] },
  {
    op: 'Cast',
    gradient: (s) => {
      const type = s.type(s.x[0]!);
      // An integer that a gradient reaches is what straight-through rounding made: its gradient is no integer.
      return [s.b.op('Cast', [s.g], { to: int(typeCode(type.includes('float') ? type : 'float32')) })];
    },
  },
];
