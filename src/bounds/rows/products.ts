import type { Shapes } from '../../autodiff/site.js';
import { GraphBuilder, int } from '../../graph/build.js';
import type { Graph, Node } from '../../graph/graph.js';
import type { CurveRounding, Interval, Planes, ProductRow, Span } from './row.js';
import type { BoundSite } from './site.js';

/** Two roundings of a product, and what is too small for float32. */
const ROUNDING: CurveRounding = { absolute: 1e-37, relative: 2 ** -22, argument: 0 };

/**
 * The planes that touch the product along two sides of the box, two below and two above (McCormick 1976). First is below that whose least
 * number on the box is larger; above, that whose largest is smaller.
 */
function planesOf([a, b]: Span, [c, d]: Span): Planes {
  const plane = (x: number, y: number) => ({ slopes: [y, x], intercept: -x * y }) as const;
  const reach = ({ slopes: [x, y], intercept }: ReturnType<typeof plane>, side: -1 | 1) => {
    const end = (slope: number, low: number, high: number) =>
      side < 0 ? Math.min(slope * low, slope * high) : Math.max(slope * low, slope * high);
    return end(x, a, b) + end(y, c, d) + intercept;
  };
  const [below, otherBelow] = [plane(a, c), plane(b, d)];
  const [above, otherAbove] = [plane(a, d), plane(b, c)];
  return {
    lower: reach(otherBelow, -1) > reach(below, -1) ? [otherBelow, below] : [below, otherBelow],
    upper: reach(otherAbove, 1) < reach(above, 1) ? [otherAbove, above] : [above, otherAbove],
  };
}

function imageOf([a, b]: Span, [c, d]: Span): Span {
  const corners = [a * c, a * d, b * c, b * d];
  return [Math.min(...corners), Math.max(...corners)];
}

/** A product, number by number, of two values that both depend on the image. */
export const product: ProductRow = {
  kind: 'product',
  op: 'Mul',
  interval(s: BoundSite, one: Interval, other: Interval): Interval {
    const corners = [one.lower, one.upper].flatMap((x) => [other.lower, other.upper].map((y) => s.mul(x, y)));
    return { lower: s.emit('Min', ...corners), upper: s.emit('Max', ...corners) };
  },
  image: imageOf,
  planes: planesOf,
  rounding: ROUNDING,
  refuses: (s) =>
    s.x.every((x) => `${s.shape(x).slice(1)}` === `${s.shape(s.y).slice(1)}`)
      ? undefined
      : 'its operands have other shapes than it has',
};

export const isProduct = ({ op, domain, inputs }: Node, varying: ReadonlySet<string>): boolean =>
  op === 'Mul' && domain === '' && inputs.every((input) => varying.has(input));

/** Products that a matrix product of two values may have, for an image: its walks hold them all. */
const MOST = 2 ** 20;

/**
 * The graph with products of two values that both depend on the image as products number by number: operands are spread to the shape
 * of the product, and matrix products are sums of such. It computes the same.
 * @param between nodes between pixels and logits
 */
export function numberByNumber(
  graph: Graph,
  between: readonly Node[],
  { pixels, shapes }: { pixels: string; shapes: Shapes },
): Graph {
  const varying = new Set([pixels, ...between.flatMap((node) => node.outputs)]);
  const own = new Set(between);
  const b = GraphBuilder.rewriting(graph);
  const dimsOf = (value: string) => shapes.get(value)?.dims ?? [];
  const spread = (value: string, from: readonly number[], to: readonly number[]) =>
    `${from.slice(1)}` === `${to.slice(1)}` || from.length !== to.length
      ? value
      : b.op('Expand', [value, b.ints([1, ...to.slice(1)])]);
  for (const node of graph.nodes) {
    const [x, y] = node.inputs as [string, string];
    const output = node.outputs[0]!;
    if (!own.has(node) || node.domain !== '' || !varying.has(x) || !varying.has(y)) {
      b.add(node);
      continue;
    }
    const [left, right, of] = [dimsOf(x), dimsOf(y), dimsOf(output)];
    if (node.op === 'Mul' && x !== y)
      b.within(node.name, () => b.add({ ...node, inputs: [spread(x, left, of), spread(y, right, of)] }));
    else if (node.op === 'MatMul' && canBeSpread(left, right, of))
      b.within(node.name, () => {
        const all = [...of.slice(0, -2), of.at(-2) ?? 0, left.at(-1) ?? 0, of.at(-1) ?? 0];
        const rows = b.op('Unsqueeze', [x, b.ints([-1])]);
        const columns = b.op('Unsqueeze', [y, b.ints([-3])]);
        const product = b.op('Mul', [
          spread(rows, [...left, 1], all),
          spread(columns, [...right.slice(0, -2), 1, ...right.slice(-2)], all),
        ]);
        b.add({
          ...node,
          op: 'ReduceSum',
          inputs: [product, b.ints([-2])],
          attributes: { keepdims: int(0) },
        });
      });
    else b.add(node);
  }
  return b.build();
}

/** Matrices of each image by themselves, and not too many products. */
function canBeSpread(left: readonly number[], right: readonly number[], of: readonly number[]): boolean {
  const products = of.slice(1).reduce((all, d) => all * d, left.at(-1) ?? 0);
  return left.length >= 3 && left.length === right.length && products <= MOST;
}
