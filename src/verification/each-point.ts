import type { Shapes } from '../autodiff/site.js';
import { GraphBuilder, int, ints, numberAttribute } from '../graph/build.js';
import type { Graph, Node } from '../graph/graph.js';
import { toNumbers } from '../graph/tensor.js';
import { mapTuple } from '../map-tuple.js';

/** Operators that lay numbers out anew, in their order. */
const LAYOUTS = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);
/** Operators with an axis, by what it is where nothing is said. */
const AXES: ReadonlyMap<string, number> = new Map([
  ['Concat', 0],
  ['Gather', 0],
  ['Split', 0],
  ['Softmax', -1],
  ['LogSoftmax', -1],
  ['LayerNormalization', -1],
]);

/**
 * A graph that takes one point, and has constants of its shapes in it, for any number of them: its input gets an axis of points before
 * it, or in the place of a first axis of 1, and so do all values that follow from it. What lays numbers out anew does so for each
 * point; constants are put beside each; axes are counted from behind the new one. Whether the result is right must be found out by running it.
 * @param graph folded, so that what does not depend on the input is a constant
 * @param shapes of one point
 * @param leading whether the first axis of the input becomes that of points
 */
export function forEachPoint(graph: Graph, input: string, shapes: Shapes, leading: boolean): Graph {
  const b = GraphBuilder.rewriting(graph);
  const writer = new Writer(b, input, shapes, leading);
  for (const node of graph.nodes)
    if (node.inputs.some((name) => writer.depends(name))) b.within(node.name, () => writer.add(node));
    else b.add(node);
  return b.build();
}

class Writer {
  /** Of each value that depends on the input, whether the axis of points came before all that it has. */
  private readonly before: Map<string, boolean>;

  constructor(
    private readonly b: GraphBuilder,
    private readonly input: string,
    private readonly shapes: Shapes,
    leading: boolean,
  ) {
    this.before = new Map([[input, !leading]]);
  }

  depends(name: string): boolean {
    return this.before.has(name);
  }

  add(node: Node): void {
    const { b } = this;
    const [output] = node.outputs as [string];
    if (node.domain === '' && this.isLayout(node)) {
      const dims = this.dimsOf(output);
      const leads = dims.length > 1 && dims[0] === 1;
      this.before.set(output, !leads);
      const own = b.ints([-1, ...(leads ? dims.slice(1) : dims)]);
      b.add({ ...node, op: 'Reshape', inputs: [node.inputs[0]!, own], attributes: {} });
      return;
    }
    const before = node.inputs.some((name) => this.before.get(name));
    for (const one of node.outputs) this.before.set(one, before);
    const placed = before ? this.moved(node) : node;
    if (placed.domain !== '') b.add(placed);
    else if (placed.op === 'Concat') b.add(this.beside(placed, before));
    else if (placed.op === 'Slice' && !before) b.add(this.ofAllPoints(placed));
    else if (placed.op === 'Gemm' && before) this.multiplied(placed);
    else if (placed.op === 'BatchNormalization' && before) this.normalized(placed);
    else b.add(placed);
  }

  /** In the same order; a row of one, too, that is taken out by its number. */
  private isLayout({ op, inputs: [from, places], attributes }: Node): boolean {
    if (!this.depends(from!)) return false;
    if (LAYOUTS.has(op)) return true;
    const first = (numberAttribute(attributes.axis) ?? 0) === 0;
    return op === 'Gather' && first && this.dimsOf(from!)[0] === 1 && this.dimsOf(places!).length === 0;
  }

  /** With its axes one further back. */
  private moved(node: Node): Node {
    const { op, domain, inputs, attributes } = node;
    if (domain !== '') return node;
    const rank = this.dimsOf(inputs[0]!).length;
    const back = (axis: number) => (axis < 0 ? axis : axis + 1);
    const usual = AXES.get(op);
    if (usual !== undefined) {
      const axis = numberAttribute(attributes.axis) ?? usual;
      return { ...node, attributes: { ...attributes, axis: int(back(axis)) } };
    }
    if (op === 'Transpose') {
      const { perm } = attributes;
      const order = perm?.kind === 'ints' ? perm.value : Array.from({ length: rank }, (_, i) => rank - 1 - i);
      return { ...node, attributes: { ...attributes, perm: ints([0, ...order.map(back)]) } };
    }
    const at = op.startsWith('Reduce') ? 1 : op === 'Slice' ? 3 : undefined;
    const axes = at === undefined ? undefined : this.axesOf(node, at, rank);
    if (at === undefined || !axes) return node;
    return {
      ...node,
      inputs: [...inputs.slice(0, at), this.b.ints(axes.map(back)), ...inputs.slice(at + 1)],
    };
  }

  /** The axes that a sum or a slice is of: where none are named, all, or as many as there are starts. */
  private axesOf({ inputs, attributes }: Node, at: number, rank: number): number[] | undefined {
    const named = this.numbersOf(inputs[at]);
    if (named || inputs[at]) return named;
    if (numberAttribute(attributes.noop_with_empty_axes)) return undefined;
    const count = at === 1 ? rank : this.numbersOf(inputs[1])?.length;
    return count === undefined ? undefined : Array.from({ length: count }, (_, axis) => axis);
  }

  /** A slice that takes the only point there is, of all points. */
  private ofAllPoints(node: Node): Node {
    const { inputs, outputs } = node;
    const rank = this.dimsOf(inputs[0]!).length;
    const axes = this.axesOf(node, 3, rank);
    const [starts, ends, steps] = [1, 2, 4].map((i) => this.numbersOf(inputs[i]));
    if (!axes || !starts || !ends || (inputs[4] && !steps) || this.dimsOf(outputs[0]!)[0] !== 1) return node;
    const others = axes.flatMap((axis, i) => (axis === 0 || axis === -rank ? [] : [i]));
    if (others.length === axes.length) return node;
    if (others.length === 0) return { ...node, op: 'Identity', inputs: [inputs[0]!] };
    const of = (numbers: readonly number[]) => this.b.ints(others.map((i) => numbers[i]!));
    return { ...node, inputs: [inputs[0]!, of(starts), of(ends), of(axes), ...(steps ? [of(steps)] : [])] };
  }

  /** Channels are no second axis then: as the product and the sum that it is. */
  private normalized({ name, inputs, outputs, attributes }: Node): void {
    const { b } = this;
    const [x, scale, bias, mean, variance] = inputs as [string, string, string, string, string];
    const dims = [-1, ...this.dimsOf(x).slice(2).fill(1)];
    const spread = b.op('Sqrt', [
      b.op('Add', [variance, b.scalar(numberAttribute(attributes.epsilon) ?? 1e-5)]),
    ]);
    const slope = b.op('Div', [scale, spread]);
    const offset = b.op('Sub', [bias, b.op('Mul', [mean, slope])]);
    const [factors, added] = mapTuple([slope, offset], (one) => b.op('Reshape', [one, b.ints(dims)]));
    const plain = { name, domain: '', outputs: outputs.slice(0, 1), attributes: {} };
    b.add({ ...plain, op: 'Add', inputs: [b.op('Mul', [x, factors]), added] });
  }

  /** Matrices of each point are no matrix: as the product and the sum that it is (engines make it of these where there is one point). */
  private multiplied({ name, inputs, outputs, attributes }: Node): void {
    const { b } = this;
    const number = (attribute: string, usual: number) => numberAttribute(attributes[attribute]) ?? usual;
    const turned = (value: string, attribute: string) => {
      if (number(attribute, 0) === 0) return value;
      return b.op('Transpose', [value], { perm: ints(this.depends(value) ? [0, 2, 1] : [1, 0]) });
    };
    const scaled = (value: string, by: number) => (by === 1 ? value : b.op('Mul', [value, b.scalar(by)]));
    const [left, right, added] = inputs as [string, string, string | undefined];
    const product = scaled(
      b.op('MatMul', [turned(left, 'transA'), turned(right, 'transB')]),
      number('alpha', 1),
    );
    const plain = { name, domain: '', outputs, attributes: {} };
    if (!added) b.add({ ...plain, op: 'Identity', inputs: [product] });
    else b.add({ ...plain, op: 'Add', inputs: [product, scaled(added, number('beta', 1))] });
  }

  /** With its constants once for each point. */
  private beside(node: Node, before: boolean): Node {
    const { b } = this;
    const inputs = node.inputs.map((name) => {
      if (this.depends(name)) return name;
      const points = b.op('Shape', [this.input], { start: int(0), end: int(1) });
      const dims = this.dimsOf(name);
      const own = b.ints(before ? dims : dims.slice(1));
      return b.op('Expand', [name, b.op('Concat', [points, own], { axis: int(0) })]);
    });
    return { ...node, inputs };
  }

  private numbersOf(name: string | undefined): number[] | undefined {
    const known = this.b.constantOf(name ?? '');
    return known && toNumbers(known);
  }

  private dimsOf(name: string): readonly number[] {
    return this.shapes.get(name)?.dims ?? [];
  }
}
