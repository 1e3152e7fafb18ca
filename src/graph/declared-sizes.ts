import { type Limit, limits } from '../bytes/limits.js';
import { AssayError } from '../errors.js';
import { mapTuple } from '../map-tuple.js';
import type { Graph, Node, Tensor } from './graph.js';
import { toNumbers } from './tensor.js';

/** Numbers that an input holds where it is constant, and that an attribute holds. */
interface Declared {
  input(at: number): number[] | undefined;
  attribute(name: string): number[] | undefined;
}

interface SizeRow {
  op: string;
  /** Inputs that decide how large the output is. */
  sizedBy: readonly number[];
  /** Numbers in the output, at least; undefined where it is not declared. */
  elements?(declared: Declared): number | undefined;
}

const product = (numbers: readonly number[] | undefined) => numbers?.reduce((a, d) => a * d, 1);

/** Padding before and after every axis, around at least one element. */
const padded = (pads: readonly number[] | undefined) =>
  pads && product(pads.slice(0, pads.length / 2).map((before, i) => 1 + before + pads[i + pads.length / 2]!));

const shapeInput = (op: string, at = 0): SizeRow => ({
  op,
  sizedBy: [at],
  elements: ({ input }) => product(input(at)),
});

const drawn = (op: string): SizeRow => ({
  op,
  sizedBy: [],
  elements: ({ attribute }) => product(attribute('shape')),
});

const window = (op: string): SizeRow => ({
  op,
  sizedBy: [],
  elements: ({ attribute }) =>
    Math.max(
      padded(attribute('pads')) ?? 1,
      padded(attribute('output_padding')) ?? 1,
      product(attribute('output_shape')) ?? 1,
    ),
});

/** Operators whose output can be far larger than what they are given, or as large as a value says. */
const ROWS: readonly SizeRow[] = [
  shapeInput('ConstantOfShape'),
  shapeInput('Expand', 1),
  shapeInput('Tile', 1),
  shapeInput('CenterCropPad', 1),
  shapeInput('OneHot', 1),
  shapeInput('AffineGrid', 1),
  shapeInput('Col2Im', 1),
  shapeInput('MaxUnpool', 2),
  shapeInput('DFT', 1),
  shapeInput('HannWindow'),
  shapeInput('HammingWindow'),
  shapeInput('BlackmanWindow'),
  drawn('RandomNormal'),
  drawn('RandomUniform'),
  window('Conv'),
  window('ConvTranspose'),
  window('MaxPool'),
  window('AveragePool'),
  {
    op: 'Range',
    sizedBy: [0, 1, 2],
    elements({ input }) {
      const [start, limit, delta] = mapTuple([0, 1, 2], (at) => input(at)?.[0]);
      return start === undefined || limit === undefined || !delta ? undefined : (limit - start) / delta;
    },
  },
  {
    op: 'Resize',
    sizedBy: [2, 3],
    elements: ({ input }) => Math.max(product(input(2)) ?? 1, product(input(3)) ?? 1),
  },
  { op: 'Pad', sizedBy: [1], elements: ({ input }) => padded(input(1)) },
  {
    op: 'Multinomial',
    sizedBy: [],
    elements: ({ attribute }) => attribute('sample_size')?.[0],
  },
  {
    op: 'RoiAlign',
    sizedBy: [],
    elements: ({ attribute }) =>
      (attribute('output_height')?.[0] ?? 1) * (attribute('output_width')?.[0] ?? 1),
  },
  // These make nothing larger, but what is sized by them may be.
  { op: 'Reshape', sizedBy: [1] },
  { op: 'Slice', sizedBy: [1, 2, 4] },
  { op: 'TopK', sizedBy: [1] },
  { op: 'Split', sizedBy: [1] },
];
const rows = new Map(ROWS.map((row) => [row.op, row]));

const rowOf = ({ op, domain }: Node) => (domain === '' ? rows.get(op) : undefined);

/** Values of which only the data tell how many there are. */
const SIZED_BY_DATA = new Set(['NonZero', 'Compress', 'Unique', 'NonMaxSuppression', 'Bernoulli']);

type Constants = ReadonlyMap<string, Tensor>;

function withConstants(graph: Graph, outer: Constants): Constants {
  const constants = new Map([...outer, ...graph.initializers]);
  for (const { op, outputs, attributes } of graph.nodes)
    if (op === 'Constant' && attributes.value?.kind === 'tensor')
      constants.set(outputs[0]!, attributes.value.value);
  return constants;
}

/** Sizes are few numbers: a large constant is none. */
const MAX_AXES = 64;

function declaredBy({ inputs, attributes }: Node, constants: Constants): Declared {
  return {
    input(at) {
      const constant = constants.get(inputs[at] ?? '');
      return constant && constant.data.length > 0 && constant.data.length <= MAX_AXES
        ? toNumbers(constant)
        : undefined;
    },
    attribute(name) {
      const attribute = attributes[name];
      if (attribute?.kind === 'ints') return attribute.value;
      return attribute?.kind === 'int' ? [attribute.value] : undefined;
    },
  };
}

/**
 * Looks for sizes and numbers of rounds that a network declares and no machine could serve, before anything is run.
 * What is computed on the way is left to the limits of the guarded process.
 * Errors: `limit-exceeded` names the node.
 */
export function refuseGiants(graph: Graph, outer: Constants = new Map()): void {
  const constants = withConstants(graph, outer);
  for (const node of graph.nodes) {
    const declared = declaredBy(node, constants);
    const elements = rowOf(node)?.elements?.(declared) ?? 0;
    refuseBeyond(limits.declaredTensor, elements, node, 'makes a tensor of giant size');
    const rounds = node.op === 'Loop' ? roundsOf(node, declared) : 0;
    refuseBeyond(limits.declaredRounds, rounds, node, 'goes through too many rounds');
    for (const attribute of Object.values(node.attributes))
      if (attribute.kind === 'graph') refuseGiants(attribute.value, constants);
  }
}

function refuseBeyond(limit: Limit, count: number, { op, name, outputs }: Node, what: string): void {
  if (count <= limit.value) return;
  throw new AssayError('limit-exceeded', `a node (${op}) ${what}`, {
    path: `node "${name || outputs[0]}"`,
    expected: `at most ${limit.value} ${limit.of}`,
    found: String(count),
    hint: limit.instead,
  });
}

/** Rounds of a loop that nothing ends before; 0 where its own condition may. Exporters write `while` without a bound. */
function roundsOf({ inputs, attributes: { body } }: Node, { input }: Declared): number {
  const rounds = input(0)?.[0];
  if (rounds === undefined || body?.kind !== 'graph') return 0;
  const { nodes, initializers, outputs, inputs: given } = body.value;
  let condition = outputs[0]?.name;
  for (const node of nodes.toReversed())
    if (node.op === 'Identity' && node.outputs[0] === condition) condition = node.inputs[0];
  if (condition === undefined) return rounds;
  const made = nodes.some((node) => node.op !== 'Constant' && node.outputs.includes(condition));
  const passed = condition === given[1]?.name || condition === inputs[1] || initializers.has(condition);
  return passed || !made ? rounds : 0;
}

/** What sizes inside a network depend on, besides the size of its input: nothing, the batch, or the pixels. */
export type SizedBy = 'nothing' | 'shapes' | 'data';

const ORDER: readonly SizedBy[] = ['nothing', 'shapes', 'data'];
const most = (kinds: readonly SizedBy[]) => ORDER[Math.max(0, ...kinds.map((kind) => ORDER.indexOf(kind)))]!;

/** Whatever has a subgraph counts as sized by data: how often a loop goes round may depend on them. */
export function sizedBy(graph: Graph): SizedBy {
  const kinds = new Map<string, SizedBy>(graph.inputs.map(({ name }) => [name, 'data']));
  let data = false;
  const sizes: SizedBy[] = [];
  for (const node of graph.nodes) {
    if (Object.values(node.attributes).some(({ kind }) => kind === 'graph')) return 'data';
    const kindAt = (name: string): SizedBy => kinds.get(name) ?? 'nothing';
    const own = most(node.inputs.map(kindAt));
    const isShape = node.domain === '' && (node.op === 'Shape' || node.op === 'Size');
    const kind = node.op.startsWith('Random') ? 'data' : isShape && own === 'data' ? 'shapes' : own;
    for (const output of node.outputs) kinds.set(output, kind);
    sizes.push(...(rowOf(node)?.sizedBy ?? []).map((at) => kindAt(node.inputs[at] ?? '')));
    data ||= SIZED_BY_DATA.has(node.op);
  }
  const kind = most(sizes);
  return kind !== 'nothing' && data ? 'data' : kind;
}
