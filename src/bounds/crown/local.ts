import { GraphBuilder } from '../../graph/build.js';
import type { Node } from '../../graph/graph.js';
import { type Bounded, dimsOf, type Step } from '../network/network.js';
import { BOUNDS } from '../rows/table.js';
import { type Extent, type Reach, reachOf } from './extents.js';

/** The part of a network that one place of a value depends on, as a network of windows. */
export interface LocalNetwork {
  /** Its pixels are a window of those of the network; steps have the outputs that they have there, and nothing pads. */
  network: Bounded;
  extents: ReadonlyMap<string, Extent>;
}

/** Walks from one place of a value need only what it depends on; undefined where that is not local. */
export function localNetwork(network: Bounded, from: string): LocalNetwork | undefined {
  const reach = reachOf(network, from);
  return reach && { network: windowed(network, from, reach), extents: reach.extents };
}

const CROPPED = BOUNDS.get('Slice');

function windowed(network: Bounded, from: string, { extents, steps }: Reach): Bounded {
  const { graph } = network;
  const b = GraphBuilder.rewriting({ ...graph, inputs: [], outputs: [] });
  const own = new Set(network.steps.map(({ node }) => node));
  for (const node of graph.nodes) if (!own.has(node)) b.add(node);
  const shapes = new Map(network.shapes);
  const resized = (name: string, like: string, { size }: Extent) => {
    const known = network.shapes.get(like);
    if (known) shapes.set(name, { type: known.type, dims: [...known.dims.slice(0, 2), ...size] });
  };
  for (const [value, extent] of extents) resized(value, value, extent);
  const made: Step[] = [];
  const varying = new Set(extents.keys());
  for (const { step, read } of steps) {
    const inputs = step.node.inputs.map((input) => {
      const whole = extents.get(input);
      if (!whole || !CROPPED || `${whole.size}` === `${read.size}`) return input;
      const before = read.start.map((start, i) => start - whole.start[i]!);
      const node: Node = {
        name: b.fresh(`${input}_window`),
        op: 'Slice',
        domain: '',
        inputs: [
          input,
          b.ints(before),
          b.ints(before.map((at, i) => at + read.size[i]!)),
          b.ints(before.map((_, i) => i + 2)),
        ],
        outputs: [b.fresh(`${input}_window`)],
        attributes: {},
      };
      made.push({ node, row: CROPPED });
      resized(node.outputs[0]!, input, read);
      varying.add(node.outputs[0]!);
      return node.outputs[0]!;
    });
    made.push({ ...step, node: { ...step.node, inputs, attributes: unpadded(step.node) } });
  }
  for (const { node } of made) b.add(node);
  b.output(from);
  return {
    ...network,
    graph: b.build(),
    shape: dimsOf({ shapes }, network.pixels),
    logits: from,
    steps: made,
    shapes,
    varying,
  };
}

/** Attributes of a node that slides without padding. */
function unpadded({ attributes }: Node): Node['attributes'] {
  const { pads: _, auto_pad: __, ceil_mode: ___, ...others } = attributes;
  return others;
}
