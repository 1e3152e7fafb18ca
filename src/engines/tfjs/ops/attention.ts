import * as tf from '@tensorflow/tfjs';
import type { Row } from '../row.js';
import type { Site } from '../site.js';

/** Queries, keys or values as (batch, heads, length, size), whichever of its two forms the node has. */
function heads(s: Site, i: number, attribute: string): tf.Tensor4D {
  const x = s.x(i);
  if (x.rank === 4) return x as tf.Tensor4D;
  const [batch, length, width] = x.shape as [number, number, number];
  const count = s.number(attribute, 0);
  if (!(count > 0)) throw s.unsupported(`${attribute} is not given`);
  return tf.transpose(tf.reshape(x, [batch, length, count, width / count]), [0, 2, 1, 3]) as tf.Tensor4D;
}

/** Heads of keys and values that groups of queries share, repeated. */
function repeated(x: tf.Tensor4D, full: number): tf.Tensor4D {
  const [batch, count, length, size] = x.shape;
  if (count === full) return x;
  const copies = tf.mul(tf.expandDims(x, 2), tf.ones([1, 1, full / count, 1, 1]));
  return tf.reshape(copies, [batch, full, length, size]);
}

/** What may be seen: truth values, or numbers that are added to the scores. */
function masked(scores: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  if (mask.dtype !== 'bool') return tf.add(scores, mask);
  const hidden = tf.where(mask, tf.zeros(mask.shape), tf.fill(mask.shape, Number.NEGATIVE_INFINITY));
  return tf.add(scores, hidden);
}

function causal(queries: number, keys: number): tf.Tensor {
  const hidden = Float32Array.from({ length: queries * keys }, (_, i) =>
    i % keys > Math.floor(i / keys) ? Number.NEGATIVE_INFINITY : 0,
  );
  return tf.tensor2d(hidden, [queries, keys]);
}

/** softmax(Q K' scale + mask) V per head (Vaswani et al. 2017). Caches of past keys are not covered. */
function attention(s: Site): tf.Tensor {
  if (s.node.outputs.slice(1).some((o) => o !== ''))
    throw s.unsupported('more outputs than the first are used');
  if ([4, 5, 6].some((i) => s.has(i))) throw s.unsupported('it has past keys or padding');
  if (s.number('softcap', 0)) throw s.unsupported('softcap');
  const q = heads(s, 0, 'q_num_heads');
  const [batch, count, length, size] = q.shape;
  const k = repeated(heads(s, 1, 'kv_num_heads'), count);
  const v = repeated(heads(s, 2, 'kv_num_heads'), count);
  let scores = tf.mul(tf.matMul(q, k, false, true), s.number('scale', 1 / Math.sqrt(size)));
  if (s.has(3)) scores = masked(scores, s.x(3));
  if (s.flag('is_causal')) scores = tf.add(scores, causal(length, k.shape[2]));
  const seen = tf.matMul(tf.softmax(scores), v);
  if (s.x().rank === 4) return seen;
  return tf.reshape(tf.transpose(seen, [0, 2, 1, 3]), [batch, length, count * v.shape[3]]);
}

/** Attention as one operator. */
export const attentions: readonly Row[] = [{ op: 'Attention', run: attention }];
