import { float, int, ints, string } from '../../graph/build.js';
import type { GradientRow } from '../row.js';
import type { Site } from '../site.js';

/** Y = alpha A' B' + beta C, where A' and B' may be transposed. */
function gemm(s: Site): (string | undefined)[] {
  const [a, b] = s.x as readonly [string, string];
  const alpha = s.number('alpha', 1);
  const beta = s.number('beta', 1);
  const transA = s.number('transA', 0) === 1;
  const transB = s.number('transB', 0) === 1;
  const product = (left: string, right: string, transLeft: boolean, transRight: boolean) =>
    s.b.op('Gemm', [left, right], {
      alpha: float(alpha),
      transA: int(transLeft ? 1 : 0),
      transB: int(transRight ? 1 : 0),
    });
  const toA = transA ? product(b, s.g, transB, true) : product(s.g, b, false, !transB);
  const toB = transB ? product(s.g, a, true, transA) : product(a, s.g, !transA, false);
  const toC = s.wanted(2) ? sumTo(s, beta === 1 ? s.g : s.mul(s.g, beta), s.x[2]!) : undefined;
  return [toA, toB, toC];
}

function transposeLast(s: Site, value: string): string {
  const rank = s.rank(value);
  const perm = Array.from({ length: rank }, (_, i) => i);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return s.b.op('Transpose', [value], { perm: ints(perm) });
}

/** Batches broadcast against each other; the matrices themselves do not. */
function matmul(s: Site): (string | undefined)[] {
  const [a, b] = s.x as readonly [string, string];
  if (s.rank(a) < 2 || s.rank(b) < 2) throw s.unsupported('an operand is a vector; it is lowered first');
  const toA = s.wanted(0) ? sumTo(s, s.matmul(s.g, transposeLast(s, b)), a, s.shape(s.y), 2) : undefined;
  const toB = s.wanted(1) ? sumTo(s, s.matmul(transposeLast(s, a), s.g), b, s.shape(s.y), 2) : undefined;
  return [toA, toB];
}

/**
 * Sums a gradient of shape `dims` over the axes along which `value` was broadcast, the last `spare` axes
 * excepted.
 */
export function sumTo(s: Site, gradient: string, value: string, dims = s.shape(s.y), spare = 0): string {
  const target = s.shape(value);
  const lead = dims.length - target.length;
  const extra = Array.from({ length: lead }, (_, i) => i);
  const ones = target.flatMap((d, i) =>
    i < target.length - spare && d === 1 && dims[i + lead] !== 1 ? [i] : [],
  );
  const summed = extra.length ? s.reduceSum(gradient, extra, false) : gradient;
  return ones.length ? s.reduceSum(summed, ones) : summed;
}

/**
 * The gradient of an operand is the product of the output's gradient with all other operands, summed over the
 * indices that the operand lacks. An index that only this operand has was summed over: its gradient is spread.
 */
function einsum(s: Site): (string | undefined)[] {
  const { operands, result } = subscriptsOf(s);
  return s.x.map((x, i) => {
    if (!s.wanted(i)) return undefined;
    const own = operands[i]!;
    if (new Set(own).size < own.length) throw s.unsupported('an index occurs twice in one operand');
    const rest = operands.filter((_, k) => k !== i);
    const reached = [...own].filter((index) => result.includes(index) || rest.some((r) => r.includes(index)));
    const equation = `${[result, ...rest].join(',')}->${reached.join('')}`;
    const others = s.x.filter((_, k) => k !== i);
    const product = s.b.op('Einsum', [s.g, ...others], { equation: string(equation) });
    if (reached.length === own.length) return product;
    const spread = [...own].flatMap((index, axis) => (reached.includes(index) ? [] : [axis]));
    return s.expandLike(s.b.op('Unsqueeze', [product, s.b.ints(spread)]), x);
  });
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The indices of each operand and of the result; where the result is left out, those that occur once, sorted. */
function subscriptsOf(s: Site): { operands: string[]; result: string } {
  const [left, right] = s.text('equation', '').replaceAll(' ', '').split('->') as [string, string];
  const all = [...left.replaceAll(/[,.]/g, '')];
  const once = all.filter((index) => all.indexOf(index) === all.lastIndexOf(index));
  const implied = `${left.includes('...') ? '...' : ''}${once.sort().join('')}`;
  // An ellipsis stands for as many indices as the operand has axes beyond those it names; the last ones meet.
  const free = [...ALPHABET].filter((letter) => !left.includes(letter));
  const operands = left.split(',').map((own, i) => {
    if (!own.includes('...')) return own;
    const axes = s.rank(s.x[i]!) - (own.length - 3);
    if (
      axes > 0 &&
      s
        .shape(s.x[i]!)
        .slice(own.indexOf('.'), own.indexOf('.') + axes)
        .some((d) => d === 1)
    )
      throw s.unsupported('an ellipsis over an axis of one, which may broadcast');
    return own.replace('...', axes > 0 ? free.slice(-axes).join('') : '');
  });
  const widest = s.rank(s.y) - (right ?? implied).replace('...', '').length;
  return {
    operands,
    result: (right ?? implied).replace('...', widest > 0 ? free.slice(-widest).join('') : ''),
  };
}

/** Gradients of matrix products. */
export const linear: readonly GradientRow[] = [
  { op: 'Gemm', gradient: gemm },
  { op: 'MatMul', gradient: matmul },
  { op: 'Einsum', gradient: einsum },
];
