import * as tf from '@tensorflow/tfjs';
import type { Row } from '../row.js';
import type { Site } from '../site.js';

/** Y = alpha A' B' + beta C, where A' and B' may be transposed. */
function gemm(s: Site): tf.Tensor {
  const [alpha, beta] = [s.number('alpha', 1), s.number('beta', 1)];
  const product = tf.matMul(s.x(), s.x(1), s.flag('transA'), s.flag('transB'));
  const scaled = alpha === 1 ? product : tf.mul(product, alpha);
  if (!s.has(2)) return scaled;
  return tf.add(scaled, beta === 1 ? s.x(2) : tf.mul(s.x(2), beta));
}

/** A batch of matrices, broadcast. TensorFlow.js differentiates products only where the batches are equal. */
function batched(x: tf.Tensor, batch: readonly number[]): tf.Tensor {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const dims = [...batch, rows, columns];
  return dims.length === x.rank && dims.every((d, i) => d === x.shape[i]) ? x : tf.mul(x, tf.ones(dims));
}

export function matmul(left: tf.Tensor, right: tf.Tensor): tf.Tensor {
  if (left.rank === 1)
    return tf.squeeze(matmul(tf.expandDims(left, 0), right), [Math.max(0, right.rank - 2)]);
  if (right.rank === 1) return tf.squeeze(matmul(left, tf.expandDims(right, 1)), [left.rank - 1]);
  if (right.rank === 2) {
    // One matrix for the whole batch: a single product.
    const [inner, columns] = right.shape as [number, number];
    const rows = tf.matMul(tf.reshape(left, [left.size / Math.max(1, inner), inner]), right);
    return tf.reshape(rows, [...left.shape.slice(0, -1), columns]);
  }
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(
    left.shape.slice(0, -2),
    right.shape.slice(0, -2),
  );
  return tf.matMul(batched(left, batch), batched(right, batch));
}

/** An operand with one letter per axis. */
interface Lettered {
  x: tf.Tensor;
  letters: string[];
}

function transposed({ x, letters }: Lettered, order: readonly string[]): tf.Tensor {
  const perm = order.map((letter) => letters.indexOf(letter));
  return perm.every((p, i) => p === i) ? x : tf.transpose(x, perm);
}

/** Sums over the letters that are not wanted. */
function summed({ x, letters }: Lettered, kept: ReadonlySet<string>): Lettered {
  const axes = letters.flatMap((letter, i) => (kept.has(letter) ? [] : [i]));
  return axes.length === 0
    ? { x, letters }
    : { x: tf.sum(x, axes), letters: letters.filter((l) => kept.has(l)) };
}

/** The product of two operands, summed over the letters that both have and nobody wants. */
function contract(a: Lettered, b: Lettered, kept: ReadonlySet<string>): Lettered {
  const shared = a.letters.filter((l) => b.letters.includes(l));
  const batch = shared.filter((l) => kept.has(l));
  const inner = shared.filter((l) => !kept.has(l));
  const left = summed(a, new Set([...kept, ...b.letters]));
  const right = summed(b, new Set([...kept, ...a.letters]));
  const rows = left.letters.filter((l) => !shared.includes(l));
  const columns = right.letters.filter((l) => !shared.includes(l));
  const extent = (of: Lettered, letters: string[]) => letters.map((l) => of.x.shape[of.letters.indexOf(l)]!);
  const size = (dims: number[]) => dims.reduce((p, d) => p * d, 1);
  const [batchDims, rowDims, columnDims] = [extent(left, batch), extent(left, rows), extent(right, columns)];
  const depth = size(extent(left, inner));
  const product = tf.matMul(
    tf.reshape(transposed(left, [...batch, ...rows, ...inner]), [size(batchDims), size(rowDims), depth]),
    tf.reshape(transposed(right, [...batch, ...inner, ...columns]), [
      size(batchDims),
      depth,
      size(columnDims),
    ]),
  );
  return {
    x: tf.reshape(product, [...batchDims, ...rowDims, ...columnDims]),
    letters: [...batch, ...rows, ...columns],
  };
}

/** Letters of an operand or the result, digits in place of an ellipsis that stands for so many axes. */
function lettersOf(subscripts: string, hidden: number): string[] {
  const digits = Array.from({ length: hidden }, (_, i) => String(hidden - 1 - i)).join('');
  return [...subscripts.replace('...', digits)];
}

/** Products by matMul, which has a gradient; TensorFlow.js's own einsum has none. */
function einsum(s: Site): tf.Tensor {
  const [left, right] = s.text('equation', '').replaceAll(' ', '').split('->') as [string, string];
  const terms = left.split(',');
  const hidden = terms.map((term, i) =>
    term.includes('...') ? s.x(i).rank - term.replace('...', '').length : 0,
  );
  const operands = terms.map((term, i) => ({ x: s.x(i), letters: lettersOf(term, hidden[i]!) }));
  const all = [...left.replaceAll(/[,.]/g, '')];
  const once = all.filter((l) => all.indexOf(l) === all.lastIndexOf(l));
  const result = lettersOf(
    right ?? `${left.includes('...') ? '...' : ''}${once.sort().join('')}`,
    Math.max(...hidden),
  );
  if (operands.some(({ letters }) => new Set(letters).size < letters.length))
    throw s.unsupported('an index occurs twice in one operand');
  const product = operands.reduce((a, b, i) =>
    contract(a, b, new Set([...result, ...operands.slice(i + 1).flatMap(({ letters }) => letters)])),
  );
  return transposed(summed(product, new Set(result)), result);
}

/** Matrix products. */
export const linear: readonly Row[] = [
  { op: 'Gemm', run: gemm },
  { op: 'MatMul', run: (s) => matmul(s.x(), s.x(1)) },
  { op: 'Einsum', run: einsum },
];
