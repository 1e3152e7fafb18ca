import { nodesBetween } from '../autodiff/coverage.js';
import { lower as inPrimitives } from '../autodiff/differentiate.js';
import type { Shapes } from '../autodiff/site.js';
import { GRADIENTS, LOWERINGS } from '../autodiff/table.js';
import { traceShapes } from '../autodiff/trace.js';
import type { Engine, Value } from '../engines/engine.js';
import { AssayError } from '../errors.js';
import { GraphBuilder } from '../graph/build.js';
import type { Graph, Node } from '../graph/graph.js';
import { prune } from '../graph/prune.js';
import { fused, OWN } from './fused.js';
import { gamma } from './rounding.js';
import type { AffineRow, BoundRow, CurveRow, WindowRow } from './row.js';
import { BoundSite } from './site.js';
import { BOUNDS } from './table.js';

/** A network from pixels to logits. */
export interface Network {
  graph: Graph;
  /** Input (n, C, H, W). */
  pixels: string;
  /** (C, H, W) */
  shape: readonly number[];
  /** Output (n, classes). */
  logits: string;
}

/** A node between pixels and logits, and how it is bounded. */
export interface Step<Row extends BoundRow = BoundRow> {
  node: Node;
  row: Row;
}

export type Bent = Step<CurveRow | WindowRow>;

/** A network whose every operator can be bounded. */
export interface Bounded extends Network {
  /** In topological order. */
  steps: readonly Step[];
  /** Those that are not affine: at their inputs intervals are needed. */
  bent: readonly Bent[];
  shapes: Shapes;
  /** Values that depend on the image. */
  varying: ReadonlySet<string>;
  /** Values of affine steps that rounding touches, in them or in the sum of their coefficients; and by how much, relatively. */
  rounded: ReadonlyMap<string, number>;
  /** Whether intervals grow by that. */
  outward: boolean;
}

/** The same, computed as if float32 did not round. */
export const withoutRounding = (network: Bounded): Bounded => ({ ...network, outward: false });

/** Images of the run that shapes are read off: no constant has that as its first dimension by chance of being 1 or 2. */
const TRACED = 3;

export const isAffine = (step: Step): step is Step<AffineRow> => step.row.kind === 'affine';
const isBent = (step: Step): step is Bent => step.row.kind !== 'affine';

/** The first operator between pixels and logits that surely cannot be bounded; undefined where there is none. Nothing is run. */
export function unboundedNode(graph: Graph, pixels: string, logits: string): Node | undefined {
  return nodesBetween(fused(graph), [pixels], logits).find(
    ({ op, domain }) => domain !== OWN && (domain !== '' || !(BOUNDS.has(op) || LOWERINGS.has(op))),
  );
}

/**
 * Looks at every operator between pixels and logits. Composite operators without a row are written in primitives first.
 * Errors: `op-unsupported` names the first that cannot be bounded.
 */
export async function boundedNetwork(engine: Engine, given: Network): Promise<Bounded> {
  const { pixels, shape, logits } = given;
  const outputs = given.graph.outputs.filter(({ name }) => name === logits);
  let graph = prune({ ...given.graph, outputs });
  const size = shape.reduce((product, d) => product * d, 1);
  const image: Value = {
    type: 'float32',
    dims: [TRACED, ...shape],
    data: Float32Array.from({ length: TRACED * size }, (_, i) => ((i * 7919) % 1009) / 1009),
  };
  const traced = (of: Graph, known?: Shapes) =>
    traceShapes(
      engine,
      of,
      { [pixels]: image },
      { nodes: nodesBetween(of, [pixels], logits), ...(known && { known }) },
    );
  let shapes = await traced(graph);
  const composite = nodesBetween(graph, [pixels], logits).filter(
    ({ op }) => !BOUNDS.has(op) && LOWERINGS.has(op),
  );
  if (composite.length > 0) {
    graph = inPrimitives(graph, composite, shapes);
    shapes = await traced(graph, shapes);
  }
  // Shapes were read off a graph that runs.
  graph = prune(fused(graph));
  const between = nodesBetween(graph, [pixels], logits);
  const varying = new Set([pixels, ...between.flatMap((node) => node.outputs)]);
  const steps = between.map((node): Step => {
    const row = node.domain === '' || node.domain === OWN ? BOUNDS.get(node.op) : undefined;
    if (!row) throw unbounded(node, 'there are no bounds for that operator');
    const batch = node.outputs.find((output) => output !== '' && shapes.get(output)?.dims[0] !== TRACED);
    if (batch !== undefined) throw unbounded(node, 'the first axis of what it gives is not the batch');
    if (row.kind === 'affine') {
      const why = row.refuses?.(siteOf(node, new GraphBuilder(graph), { graph, shapes, varying }));
      if (why) throw unbounded(node, why);
      if (!GRADIENTS.has(node.op)) throw unbounded(node, 'it has no gradient');
    } else if (node.inputs.slice(1).some((input) => varying.has(input)))
      throw unbounded(node, 'more than one of its operands depends on the image');
    return { node, row };
  });
  const known = { graph, shapes, varying };
  return {
    graph,
    pixels,
    shape,
    logits,
    steps,
    bent: steps.filter(isBent),
    shapes,
    varying,
    rounded: roundings(steps, known),
    outward: true,
  };
}

function roundings(
  steps: readonly Step[],
  network: Pick<Bounded, 'graph' | 'shapes' | 'varying'>,
): Map<string, number> {
  const readers = new Map<string, number>();
  for (const { node } of steps)
    for (const input of node.inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  const b = new GraphBuilder(network.graph);
  return new Map(
    steps.filter(isAffine).flatMap(({ node, row }) => {
      const terms = row.terms(siteOf(node, b, network));
      return node.outputs
        .filter((output) => output !== '' && (terms > 0 || (readers.get(output) ?? 0) > 1))
        .map((output) => [output, terms === 0 ? 0 : gamma(terms)] as const);
    }),
  );
}

/** A row's site in a graph that is written; its values that depend on the image are not in there. */
export function siteOf(
  node: Node,
  b: GraphBuilder,
  { graph, shapes, varying }: Pick<Bounded, 'graph' | 'shapes' | 'varying'>,
  grads: readonly (string | undefined)[] = [],
): BoundSite {
  return new BoundSite(
    node,
    b,
    shapes,
    (name) => graph.initializers.get(name),
    grads,
    (name) => varying.has(name),
  );
}

/** A builder of a graph on the network's constants: weights and what is computed from them, but nothing of the image. */
export function onConstants({ graph, steps }: Bounded, name: string): GraphBuilder {
  const own = new Set(steps.map(({ node }) => node));
  const b = GraphBuilder.rewriting({ ...graph, name, inputs: [], outputs: [] });
  for (const node of graph.nodes) if (!own.has(node)) b.add(node);
  return b;
}

/** Numbers of one image in a value. */
export function sizeOf({ shapes }: Pick<Bounded, 'shapes'>, value: string): number {
  return dimsOf({ shapes }, value).reduce((product, d) => product * d, 1);
}

/** Dimensions of one image in a value. */
export function dimsOf({ shapes }: Pick<Bounded, 'shapes'>, value: string): readonly number[] {
  return shapes.get(value)?.dims.slice(1) ?? [];
}

function unbounded({ op, name }: Node, why: string): AssayError {
  return new AssayError('op-unsupported', `no bounds for ${op}: ${why}`, {
    path: `node "${name}"`,
    hint: 'leave out what needs bounds; attacks still bound its robustness from above',
  });
}
