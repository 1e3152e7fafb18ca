import type { Attribute, DataType, Graph, Node, Tensor, ValueInfo } from './graph.js';
import { floats, int64s } from './tensor.js';

/** The standard operator set that graphs are written in: rules and heads emit its forms. */
export const OPSET = 18;

export const int = (value: number): Attribute => ({ kind: 'int', value });
export const float = (value: number): Attribute => ({ kind: 'float', value });
export const ints = (value: number[]): Attribute => ({ kind: 'ints', value });
export const string = (value: string): Attribute => ({ kind: 'string', value });
export const tensor = (value: Tensor): Attribute => ({ kind: 'tensor', value });

/** What an attribute of one number says; undefined for others, and for none. */
export const numberAttribute = (a: Attribute | undefined): number | undefined =>
  a?.kind === 'float' || a?.kind === 'int' ? a.value : undefined;

/**
 * Builds a graph, or extends a copy of one. Node and value names are made unique; weights are shared with the
 * original, never copied.
 */
export class GraphBuilder {
  private readonly graph: Graph;
  private readonly taken: Set<string>;
  private readonly constants = new Map<string, string>();
  private counter = 0;
  /** What the names of added nodes begin with. */
  private scope = '';

  constructor(from: Graph | string = 'graph') {
    this.graph =
      typeof from === 'string'
        ? {
            name: from,
            opsets: { '': OPSET },
            irVersion: 8,
            inputs: [],
            outputs: [],
            nodes: [],
            initializers: new Map(),
          }
        : {
            ...from,
            opsets: { ...from.opsets },
            inputs: [...from.inputs],
            outputs: [...from.outputs],
            nodes: [...from.nodes],
            initializers: new Map(from.initializers),
          };
    this.taken = new Set([
      ...this.graph.inputs.map((v) => v.name),
      ...this.graph.initializers.keys(),
      ...this.graph.nodes.flatMap((n) => [n.name, ...n.outputs]),
    ]);
  }

  /** A builder that knows all names of a graph but starts without its nodes: for rewriting it node by node. */
  static rewriting(graph: Graph): GraphBuilder {
    const builder = new GraphBuilder(graph);
    builder.graph.nodes.length = 0;
    return builder;
  }

  /** A name nothing else has. */
  fresh(hint: string): string {
    let name = hint;
    while (name === '' || this.taken.has(name)) name = `${hint}_${++this.counter}`;
    this.taken.add(name);
    return name;
  }

  /** Keeps names for nodes that are added later. */
  reserve(names: readonly string[]): void {
    for (const name of names) this.taken.add(name);
  }

  input(name: string, type: DataType, dims: ValueInfo['dims']): string {
    this.graph.inputs.push({ name: this.fresh(name), type, dims });
    return this.graph.inputs[this.graph.inputs.length - 1]!.name;
  }

  /** Declares a value as an output of the graph under its own name. */
  output(name: string, type: DataType = 'float32', dims: ValueInfo['dims'] = null): void {
    this.graph.outputs.push({ name, type, dims });
  }

  /** Declares a value as an output under another name (through an Identity node). */
  outputAs(value: string, name: string, type: DataType = 'float32', dims: ValueInfo['dims'] = null): string {
    const [output] = this.node('Identity', [value], {}, [name]) as [string];
    this.output(output, type, dims);
    return output;
  }

  /** The constant of that name, if there is one. */
  constantOf(name: string): Tensor | undefined {
    return this.graph.initializers.get(name);
  }

  /** A named weight or a constant. */
  constant(value: Tensor, hint = 'constant'): string {
    const name = this.fresh(hint);
    this.graph.initializers.set(name, value);
    return name;
  }

  /** A float32 scalar; the same one is made once. */
  scalar(value: number): string {
    return this.shared(`f${Object.is(value, -0) ? '-0' : value}`, () => floats([], [value]));
  }

  /** A one-dimensional int64 constant (axes, shapes, pads); the same one is made once. */
  ints(values: readonly number[]): string {
    return this.shared(`i${values.join(',')}`, () => int64s(values));
  }

  private shared(key: string, make: () => Tensor): string {
    const known = this.constants.get(key);
    if (known) return known;
    const name = this.constant(make(), 'constant');
    this.constants.set(key, name);
    return name;
  }

  /** Adds a node with one output and returns the output's name. */
  op(op: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}, hint = op): string {
    return this.node(op, inputs, attributes, [hint])[0]!;
  }

  /** Adds a node with several outputs; '' leaves an optional one out. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute>,
    outputs: readonly string[],
    domain = '',
  ): string[] {
    const names = outputs.map((o) => (o === '' ? '' : this.fresh(o)));
    this.graph.nodes.push({
      name: this.fresh(this.scope === '' ? `${op}_node` : `${this.scope}${op}`),
      op,
      domain,
      inputs: [...inputs],
      outputs: names,
      attributes,
    });
    return names;
  }

  /** Nodes added meanwhile are named after what they belong to, which messages then tell. */
  within<T>(owner: string, work: () => T): T {
    const outer = this.scope;
    this.scope = `${outer}${owner}/`;
    try {
      return work();
    } finally {
      this.scope = outer;
    }
  }

  /** Adds a node as it is: its outputs already have their names. */
  add(node: Node): void {
    for (const output of node.outputs) this.taken.add(output);
    this.graph.nodes.push(node);
  }

  /** The graph so far. The builder may go on; the returned graph does not change. */
  build(): Graph {
    return {
      ...this.graph,
      inputs: [...this.graph.inputs],
      outputs: [...this.graph.outputs],
      nodes: [...this.graph.nodes],
      initializers: new Map(this.graph.initializers),
    };
  }
}
