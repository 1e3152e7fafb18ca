import { int, ints } from '../graph/build.js';
import type { Tensor } from '../graph/graph.js';
import { floats } from '../graph/tensor.js';
import type { Site } from './site.js';

/** Queries, keys or values as (batch, heads, length, size), whichever of its two forms the node has. */
function heads(s: Site, value: string, attribute: string): string {
  const dims = s.shape(value);
  if (dims.length === 4) return value;
  const count = s.number(attribute, 0);
  if (!(count > 0)) throw s.unsupported(`${attribute} is not given`);
  const split = s.reshape(value, [0, dims[1]!, count, dims[2]! / count]);
  return s.b.op('Transpose', [split], { perm: ints([0, 2, 1, 3]) });
}

/** Heads of keys and values are shared by groups of queries: each is repeated. */
function repeated(
  s: Site,
  value: string,
  [count, length, size]: readonly [number, number, number],
  full: number,
): string {
  if (count === full) return value;
  const each = s.reshape(value, [0, count, 1, length, size]);
  const copies = s.b.op('Tile', [each, s.b.ints([1, 1, full / count, 1, 1])]);
  return s.reshape(copies, [0, full, length, size]);
}

/** Adds a mask to the scores: a boolean one says what is seen, another is added as it is. */
function masked(s: Site, scores: string, input: number): string {
  const mask: Tensor | undefined = s.constant(s.x[input]!);
  if (!mask) throw s.unsupported('its mask is computed at run time');
  return mask.type === 'bool' ? s.where(s.x[input]!, scores, -Infinity) : s.add(scores, s.x[input]!);
}

function causal(s: Site, scores: string, queries: number, keys: number): string {
  const hidden = Float32Array.from({ length: queries * keys }, (_, i) =>
    i % keys > Math.floor(i / keys) ? -Infinity : 0,
  );
  return s.add(scores, s.b.constant(floats([queries, keys], hidden), 'causal'));
}

/**
 * softmax(Q K' scale + mask) V per head (Vaswani et al. 2017; ONNX operator Attention, opset 23). Caches of past
 * keys belong to text generation and are not covered.
 */
export function attention(s: Site): string[] {
  if (s.node.outputs.slice(1).some((o) => o !== ''))
    throw s.unsupported('more outputs than the first are used');
  if ([4, 5, 6].some((i) => s.has(i))) throw s.unsupported('it has past keys or padding');
  if (s.number('softcap', 0)) throw s.unsupported('softcap');
  const q = heads(s, s.x[0]!, 'q_num_heads');
  const flat = s.rank(s.x[0]!) === 3;
  const sizeOf = (value: string, attribute: string) => {
    const dims = s.shape(value);
    const count = s.number(attribute, 1);
    return (dims.length === 4 ? dims.slice(1) : [count, dims[1]!, dims[2]! / count]) as [
      number,
      number,
      number,
    ];
  };
  const [count, length, size] = sizeOf(s.x[0]!, 'q_num_heads');
  const keySize = sizeOf(s.x[1]!, 'kv_num_heads');
  const valueSize = sizeOf(s.x[2]!, 'kv_num_heads');
  const k = repeated(s, heads(s, s.x[1]!, 'kv_num_heads'), keySize, count);
  const v = repeated(s, heads(s, s.x[2]!, 'kv_num_heads'), valueSize, count);
  const turned = s.b.op('Transpose', [k], { perm: ints([0, 1, 3, 2]) });
  let scores = s.mul(s.matmul(q, turned), s.number('scale', 1 / Math.sqrt(size)));
  if (s.has(3)) scores = masked(s, scores, 3);
  if (s.number('is_causal', 0)) scores = causal(s, scores, length, keySize[1]);
  const seen = s.matmul(s.b.op('Softmax', [scores], { axis: int(-1) }), v);
  if (!flat) return [seen];
  const back = s.b.op('Transpose', [seen], { perm: ints([0, 2, 1, 3]) });
  return [s.reshape(back, [0, length, count * valueSize[2]])];
}
