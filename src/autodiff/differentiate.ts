import type { Differentiation, Engine, Value } from '../engines/engine.js';
import { AssayError } from '../errors.js';
import { GraphBuilder, tensor } from '../graph/build.js';
import type { Graph, Node } from '../graph/graph.js';
import { prune } from '../graph/prune.js';
import { floats } from '../graph/tensor.js';
import { missingGradients, nodesBetween } from './coverage.js';
import type { GradientRow } from './row.js';
import { sumTo } from './rules/linear.js';
import { type Shapes, Site } from './site.js';
import type { Curves } from './swish.js';
import { GRADIENTS, LOWERINGS } from './table.js';
import { traceShapes } from './trace.js';

/** What is known of a graph before it is differentiated. */
export interface Known {
  /** Shapes of values, for the same feeds. */
  shapes?: Shapes;
  /** Values that are differentiated in one piece, in place of the nodes that they are written in. */
  curves?: Curves;
}

export interface Differentiated {
  graph: Graph;
  /** Name of the output that holds each gradient, by the value differentiated with respect to. */
  gradients: Record<string, string>;
}

/**
 * Writes the gradient of the sum of an output, or of its product with `along`, as another graph: all outputs of the given
 * graph and one output per gradient, each in the shape of what it is taken of. The result can be differentiated again.
 * `feeds` is any valid input with a batch of at least two (or the fixed one): shapes are read off one run, and those of
 * what composite operators are written in off another.
 * Errors: `op-unsupported` names the first node on the way that has no gradient rule.
 */
export async function gradientGraph(
  engine: Engine,
  graph: Graph,
  feeds: Record<string, Value>,
  { of, wrt, along }: Differentiation,
  { shapes: known, curves }: Known = {},
): Promise<Differentiated> {
  refuseMissing(graph, wrt, of);
  const between = nodesBetween(graph, wrt, of);
  const composite = between.filter((node) => LOWERINGS.has(node.op));
  let shapes = await traceShapes(engine, graph, feeds, { nodes: between, known });
  if (composite.length === 0) return differentiate(graph, { of, wrt, along, shapes, curves });
  const plain = lower(graph, composite, shapes);
  shapes = await traceShapes(engine, plain, feeds, { nodes: nodesBetween(plain, wrt, of), known: shapes });
  return differentiate(plain, { of, wrt, along, shapes, curves });
}

function refuseMissing(graph: Graph, wrt: readonly string[], of: string): void {
  const missing = missingGradients(graph, wrt, of);
  if (missing.length === 0) return;
  const ops = [...new Set(missing.map((n) => (n.domain ? `${n.domain}.${n.op}` : n.op)))];
  throw new AssayError('op-unsupported', `no gradient rule for ${ops.join(', ')}`, {
    path: `node "${missing[0]!.name}" (${missing[0]!.op})`,
    hint: 'suites that need no gradients still run; see CONTRIBUTING.md for how a rule is added',
  });
}

const constantsOf = (graph: Graph) => (name: string) => graph.initializers.get(name);

/** Writes the given composite nodes in primitives. */
export function lower(graph: Graph, composite: readonly Node[], shapes: Shapes): Graph {
  const b = GraphBuilder.rewriting(graph);
  const chosen = new Set(composite);
  for (const node of graph.nodes) {
    const row = chosen.has(node) ? LOWERINGS.get(node.op) : undefined;
    const values = b.within(node.name, () => row?.lower(new Site(node, b, shapes, constantsOf(graph))));
    if (!values) {
      b.add(node);
      continue;
    }
    values.forEach((value, i) => {
      const rename = { name: b.fresh(`${node.name}_lowered`), op: 'Identity', domain: '', attributes: {} };
      b.add({ ...rename, inputs: [value], outputs: [node.outputs[i]!] });
    });
  }
  return b.build();
}

/**
 * The walk: reverse mode over the nodes between `wrt` and `of`. Knows shapes; composite operators must have
 * been lowered. Broadcasting is undone here, once, for every rule that asks for it.
 */
export function differentiate(
  graph: Graph,
  { of, wrt, along, shapes, curves }: Differentiation & { shapes: Shapes; curves?: Curves | undefined },
): Differentiated {
  refuseMissing(graph, wrt, of);
  // Rules may add outputs to forward nodes, so those are copied.
  const own: Graph = { ...graph, nodes: graph.nodes.map((n) => ({ ...n, outputs: [...n.outputs] })) };
  const b = new GraphBuilder(own);
  const between = nodesBetween(own, wrt, of);
  const active = new Set([...wrt, ...between.flatMap((n) => n.outputs)]);
  const gradients = new Map<string, string>([[of, along ?? ones(b, of)]]);
  const accumulate = (name: string, gradient: string) => {
    const known = gradients.get(name);
    gradients.set(name, known ? b.op('Add', [known, gradient]) : gradient);
  };
  for (const node of between.reverse()) {
    const incoming = node.outputs.map((o) => gradients.get(o));
    if (incoming.every((g) => g === undefined)) continue;
    const [value, gradient] = [node.outputs[0]!, incoming[0]];
    const curve = curves?.get(value);
    if (curve && gradient) {
      b.within(`${node.name}/gradient`, () => accumulate(curve.of, b.op('Mul', [gradient, curve.slope(b)])));
      continue;
    }
    const site = new Site(node, b, shapes, constantsOf(own), incoming, (name) => active.has(name));
    const row = GRADIENTS.get(node.op);
    if (!row) throw site.unsupported('it is a composite operator that was not lowered');
    b.within(`${node.name}/gradient`, () => propagate(site, row, accumulate));
  }
  const names = wrt.map((name) => {
    const gradient = gradients.get(name) ?? b.op('ConstantOfShape', [b.op('Shape', [name])]);
    return [name, b.outputAs(gradient, b.fresh(`gradient_of_${name}`))] as const;
  });
  return { graph: prune(b.build()), gradients: Object.fromEntries(names) };
}

function ones(b: GraphBuilder, of: string): string {
  return b.op('ConstantOfShape', [b.op('Shape', [of])], { value: tensor(floats([1], [1])) });
}

function propagate(site: Site, row: GradientRow, accumulate: (name: string, gradient: string) => void): void {
  const { node } = site;
  const results = row.gradient(site);
  if (results.length > node.inputs.length && results.slice(node.inputs.length).some((r) => r !== undefined)) {
    throw new Error(
      `the rule of ${node.op} gave ${results.length} gradients for ${node.inputs.length} inputs`,
    );
  }
  results.forEach((gradient, i) => {
    if (gradient === undefined || !site.wanted(i)) return;
    accumulate(node.inputs[i]!, row.broadcasts ? sumTo(site, gradient, node.inputs[i]!) : gradient);
  });
}
