import { AssayError } from '../errors.js';
import { GraphBuilder, int, numberAttribute, OPSET, string } from './build.js';
import type { Graph, Node } from './graph.js';
import { floats } from './tensor.js';

/** The oldest operator set whose meaning is close enough to today's to be rewritten. */
const OLDEST = 7;

interface Upgrade {
  ops: readonly string[];
  /** The rewrite applies to models of an opset below this one. */
  below: number;
  rewrite(node: Node, b: GraphBuilder): Node;
}

/** The attribute becomes an input of int64s at `position`; left alone when absent. */
function asInput(attribute: string, position: number): Upgrade['rewrite'] {
  return (node, b) => {
    const { [attribute]: value, ...rest } = node.attributes;
    if (value?.kind !== 'ints') return node;
    return { ...node, inputs: place(node.inputs, position, b.ints(value.value)), attributes: rest };
  };
}

function place(inputs: readonly string[], position: number, name: string): string[] {
  const placed = [...inputs];
  while (placed.length < position) placed.push('');
  placed[position] = name;
  return placed;
}

function dropAttributes(node: Node, ...names: string[]): Node {
  return {
    ...node,
    attributes: Object.fromEntries(Object.entries(node.attributes).filter(([k]) => !names.includes(k))),
  };
}

const resize = (node: Node, scales: string): Node => ({
  ...node,
  op: 'Resize',
  inputs: [node.inputs[0]!, '', scales],
  attributes: {
    mode: node.attributes.mode ?? string('nearest'),
    coordinate_transformation_mode: string('asymmetric'),
    nearest_mode: string('floor'),
  },
});

/** How older and the very newest forms of operators are written (ONNX operator changelog). Rows are applied in order. */
const UPGRADES: readonly Upgrade[] = [
  { ops: ['Squeeze', 'Unsqueeze', 'ReduceSum'], below: 13, rewrite: asInput('axes', 1) },
  {
    ops: [
      'ReduceMean',
      'ReduceMax',
      'ReduceMin',
      'ReduceProd',
      'ReduceL1',
      'ReduceL2',
      'ReduceLogSum',
      'ReduceLogSumExp',
      'ReduceSumSquare',
    ],
    below: 18,
    rewrite: asInput('axes', 1),
  },
  { ops: ['Split'], below: 13, rewrite: asInput('split', 1) },
  {
    ops: ['Split'],
    below: 18,
    rewrite: (node) =>
      node.inputs[1]
        ? node
        : { ...node, attributes: { ...node.attributes, num_outputs: int(node.outputs.length) } },
  },
  {
    ops: ['Clip'],
    below: 11,
    rewrite: (node, b) => {
      const low = numberAttribute(node.attributes.min);
      const high = numberAttribute(node.attributes.max);
      const bound = (v: number | undefined) => (v === undefined ? '' : b.scalar(v));
      return { ...node, inputs: [node.inputs[0]!, bound(low), bound(high)], attributes: {} };
    },
  },
  {
    ops: ['Pad'],
    below: 11,
    rewrite: (node, b) => {
      const { pads, value, ...rest } = node.attributes;
      if (pads?.kind !== 'ints') return node;
      const fill = b.scalar(numberAttribute(value) ?? 0);
      return { ...node, inputs: [node.inputs[0]!, b.ints(pads.value), fill], attributes: rest };
    },
  },
  {
    ops: ['Slice'],
    below: 10,
    rewrite: (node, b) => {
      const { starts, ends, axes } = node.attributes;
      if (starts?.kind !== 'ints' || ends?.kind !== 'ints') return node;
      const along = axes?.kind === 'ints' ? axes.value : starts.value.map((_, i) => i);
      const inputs = [node.inputs[0]!, b.ints(starts.value), b.ints(ends.value), b.ints(along)];
      return { ...node, inputs, attributes: {} };
    },
  },
  {
    ops: ['TopK'],
    below: 10,
    rewrite: (node, b) => {
      const k = numberAttribute(node.attributes.k);
      return k === undefined
        ? node
        : { ...dropAttributes(node, 'k'), inputs: [node.inputs[0]!, b.ints([k])] };
    },
  },
  { ops: ['Scatter'], below: 11, rewrite: (node) => ({ ...node, op: 'ScatterElements' }) },
  { ops: ['Resize'], below: 11, rewrite: (node) => resize(node, node.inputs[1]!) },
  {
    // After the row above: what becomes a Resize here is in today's form already.
    ops: ['Upsample'],
    below: 10,
    rewrite: (node, b) => {
      const { scales } = node.attributes;
      const given =
        scales?.kind === 'floats'
          ? b.constant(floats([scales.value.length], scales.value), 'scales')
          : node.inputs[1]!;
      return resize(node, given);
    },
  },
  { ops: ['Dropout'], below: 12, rewrite: (node) => dropAttributes(node, 'ratio') },
  {
    // onnxruntime's CPU has no kernel for it in every operator set that defines it.
    ops: ['Swish'],
    below: Number.POSITIVE_INFINITY,
    rewrite: (node, b) => {
      const alpha = numberAttribute(node.attributes.alpha) ?? 1;
      const scaled = alpha === 1 ? node.inputs[0]! : b.op('Mul', [node.inputs[0]!, b.scalar(alpha)]);
      return { ...node, op: 'Mul', inputs: [node.inputs[0]!, b.op('Sigmoid', [scaled])], attributes: {} };
    },
  },
  {
    ops: ['BatchNormalization'],
    below: 14,
    rewrite: (node) => ({
      ...dropAttributes(node, 'spatial', 'momentum'),
      outputs: node.outputs.slice(0, 1),
    }),
  },
];

/**
 * Rewrites a graph in the forms of opset 18, so that rules, lowerings and engines know one form per operator.
 * A newer graph keeps its own version. Subgraphs are rewritten too.
 * Errors: `model-invalid` below opset 7.
 */
export function upgrade(graph: Graph, file?: string): Graph {
  const version = graph.opsets[''] ?? OPSET;
  if (version < OLDEST) {
    throw new AssayError('model-invalid', `the model uses ONNX operator set ${version}`, {
      file,
      expected: `operator set ${OLDEST} or newer`,
      hint: 'export the model again with a newer opset (17 is widely supported)',
    });
  }
  return rewrite(graph, version);
}

function rewrite(graph: Graph, version: number): Graph {
  const b = GraphBuilder.rewriting(graph);
  for (const original of graph.nodes) {
    let node = withSubgraphs(original, version);
    for (const row of UPGRADES) {
      if (node.domain === '' && version < row.below && row.ops.includes(node.op)) node = row.rewrite(node, b);
    }
    if (version < 13 && node.domain === '' && ['Softmax', 'LogSoftmax', 'Hardmax'].includes(node.op)) {
      flattenedSoftmax(node, b);
    } else {
      b.add(node);
    }
  }
  return {
    ...b.build(),
    opsets: { ...graph.opsets, '': Math.max(version, OPSET) },
    irVersion: Math.max(graph.irVersion, 8),
    exportedOpset: version,
  };
}

function withSubgraphs(node: Node, version: number): Node {
  const attributes = Object.fromEntries(
    Object.entries(node.attributes).map(([k, a]) => [
      k,
      a.kind === 'graph' ? { kind: a.kind, value: rewrite(a.value, version) } : a,
    ]),
  );
  return { ...node, attributes };
}

/** Before opset 13, Softmax flattened its input to two dimensions at `axis` (default 1). */
function flattenedSoftmax(node: Node, b: GraphBuilder): void {
  const axis = numberAttribute(node.attributes.axis) ?? 1;
  if (axis === -1) {
    b.add({ ...node, attributes: { axis: int(-1) } });
    return;
  }
  const flat = b.op('Flatten', [node.inputs[0]!], { axis: int(axis) });
  const soft = b.op(node.op, [flat], { axis: int(1) });
  b.add({ ...node, op: 'Reshape', inputs: [soft, b.op('Shape', [node.inputs[0]!])], attributes: {} });
}
