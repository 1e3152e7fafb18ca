import { nodesBetween } from '../../autodiff/coverage.js';
import { lower as inPrimitives } from '../../autodiff/differentiate.js';
import type { Shapes } from '../../autodiff/site.js';
import { GRADIENTS, LOWERINGS } from '../../autodiff/table.js';
import { traceShapes } from '../../autodiff/trace.js';
import type { Engine, Value } from '../../engines/engine.js';
import { AssayError } from '../../errors.js';
import { GraphBuilder } from '../../graph/build.js';
import type { Graph, Node } from '../../graph/graph.js';
import { prune, valuesRead } from '../../graph/prune.js';
import { mapTuple } from '../../map-tuple.js';
import { faint, MATRICES, SCALINGS } from '../rows/faint.js';
import { fused, OWN } from '../rows/fused.js';
import { isProduct, numberByNumber, product } from '../rows/products.js';
import { withReciprocals } from '../rows/quotients.js';
import type { AffineRow, BoundRow, CurveRounding, CurveRow, ProductRow, WindowRow } from '../rows/row.js';
import { BoundSite } from '../rows/site.js';
import { withLearnedSlopes } from '../rows/slopes.js';
import { inDifferences } from '../rows/softmax.js';
import { BOUNDS } from '../rows/table.js';
import { ofEachImage, tokensOf } from '../rows/tokens.js';
import { gamma } from './rounding.js';

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

/** A node that is not affine, and what its row says of it. */
export type Bent =
  | (Step<CurveRow> & {
      image: ReturnType<CurveRow['image']>;
      lines: ReturnType<CurveRow['lines']>;
      rounding: CurveRounding;
      lowerSlopes: readonly [number, number] | undefined;
    })
  | (Step<WindowRow> & { windows: readonly Int32Array[] })
  | (Step<ProductRow> & { planes: ProductRow['planes'] });

/** What rounding does to a value of an affine step, relative to the magnitude of what is added up. */
export interface Rounded {
  /** To what the step makes of its inputs. */
  step: number;
  /** What of that walks count here: 0 where a later step counts it. */
  forward: number;
  /** To coefficients that go back through the step, and where ways meet. */
  backward: number;
}

/** A network whose every operator can be bounded. */
export interface Bounded extends Network {
  /** In topological order. */
  steps: readonly Step[];
  /** Those that are not affine: at their inputs intervals are needed. */
  bent: readonly Bent[];
  shapes: Shapes;
  /** Values that depend on the image. */
  varying: ReadonlySet<string>;
  /** Values of affine steps that rounding touches, in them, in their coefficients or in sums of what they add; and by how much, relatively. */
  rounded: ReadonlyMap<string, Rounded>;
  /** What magnitudes of constants that values are multiplied by are at least taken for, by what steps give. */
  floors: ReadonlyMap<string, number>;
  /** How many times as large what matrix products give may be before engines multiply it by numbers, where that is more than 1. */
  larger: ReadonlyMap<string, number>;
  /** How many steps read a value. */
  readers: ReadonlyMap<string, number>;
  /** Whether intervals grow by that. */
  outward: boolean;
}

/** The same, computed as if float32 did not round. */
export const withoutRounding = (network: Bounded): Bounded => ({ ...network, outward: false });

/** Images of the run that shapes are read off: no constant has that as its first dimension by chance of being 1 or 2. */
const TRACED = 3;
/** And of another: axes that are the batch have other dimensions there, and no others have. */
const FEWER = 2;

/** Operators that are written in others first, or whose inputs are. */
const SPELLED_OUT = new Set(['Div', 'Reciprocal', 'Sqrt', 'Softmax']);

/**
 * Their variance is the mean of squares less the square of the mean, by definition: where numbers are far from 0 and near each other,
 * rounding makes anything of it.
 */
const OF_DIFFERENCES = new Set(['GroupNormalization', 'MeanVarianceNormalization']);

/** Kinds of rows that ask for no gradient of the operator. */
const OF_NUMBERS: ReadonlySet<BoundRow['kind'] | undefined> = new Set(['curve', 'window'] as const);

export const isAffine = (step: Step): step is Step<AffineRow> => step.row.kind === 'affine';

/** Operators without a row that are written in those that have one. */
const WRITTEN = new Set(['Softmax', 'PRelu']);

/** The first operator between pixels and logits that surely cannot be bounded; undefined where there is none. Nothing is run. */
export function unboundedNode(graph: Graph, pixels: string, logits: string): Node | undefined {
  return nodesBetween(fused(graph), [pixels], logits).find(
    ({ op, domain }) =>
      domain !== OWN &&
      (domain !== '' || OF_DIFFERENCES.has(op) || !(BOUNDS.has(op) || LOWERINGS.has(op) || WRITTEN.has(op))),
  );
}

/**
 * Looks at every operator between pixels and logits. Composite operators are written in primitives first, but for curves and windows
 * that have a row: gradients are of primitives.
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
  const traced = (of: Graph, known?: Shapes, images = image, more: readonly Node[] = []) =>
    traceShapes(
      engine,
      of,
      { [pixels]: images },
      { nodes: [...nodesBetween(of, [pixels], logits), ...more], ...(known && { known }) },
    );
  const tokens = tokensOf(graph, pixels, nodesBetween(graph, [pixels], logits));
  let shapes = await traced(graph, undefined, image, tokens);
  if (tokens.length > 0) {
    graph = ofEachImage(graph, tokens, { pixels, shapes });
    shapes = await traced(graph);
  }
  const composite = nodesBetween(graph, [pixels], logits).filter(
    ({ op }) => !OF_NUMBERS.has(BOUNDS.get(op)?.kind) && LOWERINGS.has(op),
  );
  const rounding = composite.find(({ op }) => OF_DIFFERENCES.has(op));
  if (rounding)
    throw unbounded(rounding, 'its variance is a difference of means, of which rounding may leave nothing');
  if (composite.length > 0) {
    graph = inPrimitives(graph, composite, shapes);
    shapes = await traced(graph, shapes);
  }
  if (nodesBetween(graph, [pixels], logits).some(({ op }) => op === 'PRelu')) {
    graph = withLearnedSlopes(graph, nodesBetween(graph, [pixels], logits));
    shapes = await traced(graph, shapes);
  }
  let own: ReadonlyMap<string, string> = new Map();
  if (nodesBetween(graph, [pixels], logits).some(({ op }) => SPELLED_OUT.has(op))) {
    graph = withReciprocals(graph, nodesBetween(graph, [pixels], logits));
    const spelled = inDifferences(graph, nodesBetween(graph, [pixels], logits), shapes);
    graph = spelled.graph;
    own = spelled.own;
    shapes = await traced(graph, shapes);
  }
  graph = numberByNumber(graph, nodesBetween(graph, [pixels], logits), { pixels, shapes });
  shapes = await traced(graph, shapes);
  const fewer: Value = {
    ...image,
    dims: [FEWER, ...shape],
    data: image.data.slice(0, FEWER * size) as Float32Array,
  };
  const ofFewer = await traced(graph, undefined, fewer);
  // Shapes were read off a graph that runs.
  graph = prune(withFixedShapes(fused(graph, own), given, shapes));
  const between = nodesBetween(graph, [pixels], logits);
  const varying = new Set([pixels, ...between.flatMap((node) => node.outputs)]);
  const steps = between.map((node): Step => {
    const known = node.domain === '' || node.domain === OWN ? BOUNDS.get(node.op) : undefined;
    const row = isProduct(node, varying) ? product : known;
    if (!row) throw unbounded(node, 'there are no bounds for that operator');
    if (node.outputs.some((output) => output !== '' && !isOfBatch(output, shapes, ofFewer)))
      throw unbounded(node, 'the first axis of what it gives is not the batch, and no other');
    const why = row.refuses?.(siteOf(node, new GraphBuilder(graph), { graph, shapes, varying }));
    if (why) throw unbounded(node, why);
    if (row.kind === 'affine') {
      if (!GRADIENTS.has(node.op)) throw unbounded(node, 'it has no gradient');
    } else if (row.kind !== 'product' && node.inputs.slice(1).some((input) => varying.has(input)))
      throw unbounded(node, 'more than one of its operands depends on the image');
    return { node, row };
  });
  refuseHidden(graph, pixels, between);
  const known = { graph, shapes, varying };
  const readers = readersOf(steps);
  const b = new GraphBuilder(graph);
  const { floors, overflowing, larger } = faint(
    steps.map((step) => ({ ...step, s: siteOf(step.node, b, known) })),
    readers,
  );
  if (overflowing)
    throw unbounded(overflowing, 'engines may fold its constants into others, and that overflows');
  return {
    graph,
    pixels,
    shape,
    logits,
    steps,
    bent: steps.flatMap((step) => bentOf(step, known) ?? []),
    shapes,
    varying,
    rounded: roundings(steps, known, readers),
    floors,
    larger,
    readers,
    outward: true,
  };
}

function bentOf(
  { node, row }: Step,
  network: Pick<Bounded, 'graph' | 'shapes' | 'varying'>,
): Bent | undefined {
  const s = siteOf(node, new GraphBuilder(network.graph), network);
  if (row.kind === 'curve')
    return {
      node,
      row,
      image: row.image(s),
      lines: row.lines(s),
      rounding: row.rounding(s),
      lowerSlopes: row.lowerSlopes?.(s),
    };
  if (row.kind === 'product') return { node, row, planes: row.planes };
  return row.kind === 'window' ? { node, row, windows: row.windows(s) } : undefined;
}

/** Shapes that are computed from those of values become constants; that their first axis is the batch is looked at later. */
function withFixedShapes(graph: Graph, { pixels, logits }: Network, shapes: Shapes): Graph {
  const between = new Set(nodesBetween(graph, [pixels], logits));
  const b = GraphBuilder.rewriting(graph);
  for (const node of graph.nodes) {
    const [value, shape] = node.inputs as [string, string];
    const batch = { Reshape: -1, Expand: 1 }[node.op];
    const dims = shapes.get(node.outputs[0]!)?.dims;
    if (batch === undefined || !dims || !between.has(node) || graph.initializers.has(shape)) b.add(node);
    else b.add({ ...node, inputs: [value, b.ints([batch, ...dims.slice(1)])] });
  }
  return b.build();
}

/** Whether the first axis of a value is the batch, and only that. */
function isOfBatch(value: string, shapes: Shapes, ofFewer: Shapes): boolean {
  const [dims, others] = mapTuple([shapes, ofFewer], (of) => of.get(value)?.dims ?? []);
  return (
    dims[0] === TRACED && others.length === dims.length && others.every((d, i) => d === (i ? dims[i] : FEWER))
  );
}

/** What depends on the image in steps, such as a mask, or by way of a subgraph, is no constant: no operator may read it. */
function refuseHidden(graph: Graph, pixels: string, between: readonly Node[]): void {
  const own = new Set(between);
  const reached = new Set([pixels]);
  for (const node of graph.nodes) {
    if (!valuesRead(node).some((input) => reached.has(input))) continue;
    if (!own.has(node)) throw unbounded(node, 'it depends on the image, in steps');
    for (const output of node.outputs) reached.add(output);
  }
}

/** By value: how many steps read it. */
export function readersOf(steps: readonly Step[]): Map<string, number> {
  const readers = new Map<string, number>();
  for (const { node } of steps)
    for (const input of node.inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  return readers;
}

function roundings(
  steps: readonly Step[],
  network: Pick<Bounded, 'graph' | 'shapes' | 'varying'>,
  readers: ReadonlyMap<string, number>,
): Map<string, Rounded> {
  const b = new GraphBuilder(network.graph);
  const affine = steps.filter(isAffine).map(({ node, row }) => ({ node, row, s: siteOf(node, b, network) }));
  const { into, taken } = productsInSums(affine, readers);
  return new Map(
    affine.flatMap(({ node, row, s }) => {
      const [terms, meeting] = [row.terms(s), row.meeting?.(s) ?? row.terms(s)];
      const some = (n: number) => (n > 0 ? gamma(n) : 0);
      const adds = row.offset?.(s) !== undefined;
      return node.outputs.flatMap((output) => {
        const ways = readers.get(output) ?? 0;
        if (output === '' || (terms === 0 && meeting === 0 && ways < 2 && !adds)) return [];
        const step = some(terms + (into.get(output) ?? 0));
        const forward = taken.has(output) ? 0 : step;
        return [[output, { step, forward, backward: some(meeting) + gamma(ways) }] as const];
      });
    }),
  );
}

const SUMS = new Set(['Add', 'Sub', 'Sum', 'BatchNormalization']);

/** Sums number by number, which engines may make in the midst of a product. */
export const isSum = ({ op }: Node): boolean => SUMS.has(op);

/**
 * Engines add what is added to a product, which nothing else reads, in the midst of the product's own sum (onnxruntime: of convolutions
 * after every block of channels, of matrix products after every part of a row): it is rounded as often as terms of the product are.
 * So are constants that are folded into the product's weights and bias.
 */
function productsInSums(
  steps: readonly { node: Node; row: AffineRow; s: BoundSite }[],
  readers: ReadonlyMap<string, number>,
): {
  /** By value of a sum: how many terms products have that are added up in it. */
  into: ReadonlyMap<string, number>;
  /** Values whose errors these sums' have in them: of the products, and of sums with constants on the way. */
  taken: ReadonlySet<string>;
} {
  const into = new Map<string, number>();
  const taken = new Set<string>();
  /** By value that a product or what follows it gives: of which values errors are counted later, and how many terms these have. */
  const open = new Map<string, { counted: readonly string[]; terms: number }>();
  for (const { node, row, s } of steps) {
    const output = node.outputs[0]!;
    const own = row.terms(s);
    const read = s.varying.flatMap((i) => (readers.get(s.x[i]!) === 1 ? (open.get(s.x[i]!) ?? []) : []));
    if (read.length > 0 && isSum(node)) {
      into.set(
        output,
        read.reduce((sum, { terms }) => sum + terms, 0),
      );
      for (const { counted } of read) for (const value of counted) taken.add(value);
    }
    const [one] = s.varying.length === 1 && node.outputs.length === 1 ? read : [];
    if (MATRICES.has(node.op)) open.set(output, { counted: [output], terms: own });
    else if (one && isSum(node)) open.set(output, { counted: [output], terms: one.terms + own });
    else if (one && (own === 0 || SCALINGS.has(node.op)))
      open.set(output, { counted: one.counted, terms: one.terms + own });
  }
  return { into, taken };
}

/** A row's site in a graph that is written; its values that depend on the image are not in there. */
export function siteOf(
  node: Node,
  b: GraphBuilder,
  { graph, shapes, varying, floors }: Pick<Bounded, 'graph' | 'shapes' | 'varying'> & Partial<Bounded>,
  grads: readonly (string | undefined)[] = [],
): BoundSite {
  return new BoundSite(
    floors?.get(node.outputs[0]!) ?? 0,
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

/** Values that a step which is not affine reads the numbers of. */
export const readBy = ({ node, row }: Bent): readonly string[] =>
  node.inputs.slice(0, row.kind === 'product' ? 2 : 1);

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
