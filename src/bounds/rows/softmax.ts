import type { Shapes } from '../../autodiff/site.js';
import { GraphBuilder, int, ints } from '../../graph/build.js';
import type { Graph, Node } from '../../graph/graph.js';
import { int64s } from '../../graph/tensor.js';
import { CAPPED_EXP, SHARE } from './curves.js';

/** Differences that a Softmax may have, for an image: its walks hold them all. */
const MOST = 2 ** 20;

/**
 * The graph with Softmax in differences: softmax(x)_i = 1 / (1 + sum over j != i of exp(x_j - x_i)). By itself a number is no
 * difference, so that intervals are the smallest that hold: x_i is least where all others are largest. Nothing is divided, and no
 * largest number is subtracted, which is what engines do and changes nothing but rounding.
 *
 * That rounding is within what these operators have room for: with m the largest of x, engines' exponents x_j - m are off by
 * u |x_j - m| each, which shares are off by in total by a few u, since t exp(-t) < 1; that, and exponentials and quotients,
 * is in the room of SHARE; their sum in that of the sum. Exponents are capped, since e^18 against 1 is no share that float32 results tell from 0
 * in that room. Of one class it is 1.
 * @param between nodes between pixels and logits
 * @returns beside the graph, by the value that it gives, what a node is to bounds
 */
export function inDifferences(
  graph: Graph,
  between: readonly Node[],
  shapes: Shapes,
): { graph: Graph; own: ReadonlyMap<string, string> } {
  const among = new Set(between);
  const own = new Map<string, string>();
  const b = GraphBuilder.rewriting(graph);
  for (const node of graph.nodes) {
    const dims = shapes.get(node.inputs[0]!)?.dims ?? [];
    const axis = axisOf(node, dims.length);
    const classes = dims[axis] ?? 0;
    const differences = dims.slice(1).reduce((product, d) => product * d, classes - 1);
    const isSoftmax = among.has(node) && node.op === 'Softmax' && node.domain === '' && axis > 0;
    if (isSoftmax && classes === 1) b.within(node.name, () => one(b, node));
    else if (isSoftmax && classes > 1 && differences <= MOST)
      b.within(node.name, () => spelled(b, node, { rank: dims.length, axis, classes }, own));
    else b.add(node);
  }
  return { graph: b.build(), own };
}

function axisOf({ attributes }: Node, rank: number): number {
  const given = attributes.axis?.kind === 'int' ? Number(attributes.axis.value) : -1;
  return given < 0 ? given + rank : given;
}

/** 1, for each image. */
function one(b: GraphBuilder, node: Node): void {
  const inputs = [b.op('Mul', [node.inputs[0]!, b.scalar(0)]), b.scalar(1)];
  b.add({ ...node, op: 'Add', inputs, attributes: {} });
}

function spelled(
  b: GraphBuilder,
  node: Node,
  { rank, axis, classes }: { rank: number; axis: number; classes: number },
  own: Map<string, string>,
): void {
  const perm = Array.from({ length: rank }, (_, i) => i);
  [perm[axis], perm[rank - 1]] = [rank - 1, axis];
  const isLast = axis === rank - 1;
  const x = isLast ? node.inputs[0]! : b.op('Transpose', [node.inputs[0]!], { perm: ints(perm) });
  const others = Array.from({ length: classes * (classes - 1) }, (_, k) => {
    const [i, j] = [Math.floor(k / (classes - 1)), k % (classes - 1)];
    return j < i ? j : j + 1;
  });
  const places = b.constant(int64s(others, [classes, classes - 1]), 'others');
  const differences = b.op('Sub', [
    b.op('Gather', [x, places], { axis: int(rank - 1) }),
    b.op('Unsqueeze', [x, b.ints([-1])]),
  ]);
  const odds = b.op('Exp', [differences]);
  own.set(odds, CAPPED_EXP);
  const sum = b.op('Add', [b.op('ReduceSum', [odds, b.ints([-1])], { keepdims: int(0) }), b.scalar(1)]);
  const whole = b.op('Clip', [sum, b.scalar(1)]);
  const output = node.outputs[0]!;
  const plain = { domain: '', attributes: {} };
  if (isLast) {
    own.set(output, SHARE);
    b.add({ ...plain, name: node.name, op: 'Reciprocal', inputs: [whole], outputs: [output] });
    return;
  }
  const share = b.op('Reciprocal', [whole]);
  own.set(share, SHARE);
  b.add({
    name: node.name,
    op: 'Transpose',
    domain: '',
    inputs: [share],
    outputs: [output],
    attributes: { perm: ints(perm) },
  });
}
