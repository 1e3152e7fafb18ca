import type { Graph } from '../graph/graph.js';
import { prune } from '../graph/prune.js';
import { type Bounded, isAffine, onConstants, siteOf } from './network.js';

import { loadOf } from './row.js';

/**
 * A graph of what affine steps add up: |L| m + |c|, where m is how large its inputs are at most. Inputs are the largest magnitudes
 * of the pixels and of what steps give that are not affine, in their shapes.
 */
export interface MagnitudeGraph {
  graph: Graph;
  /** Names of inputs, by value. */
  inputs: ReadonlyMap<string, string>;
  /** Names of outputs, by the value that an affine step gives. */
  outputs: ReadonlyMap<string, string>;
}

/** Magnitudes of some of the values that affine steps give. */
export function magnitudeGraph(network: Bounded, wanted: ReadonlySet<string>): MagnitudeGraph {
  const b = onConstants(network, 'magnitudes');
  const inputs = new Map<string, string>();
  const outputs = new Map<string, string>();
  const known = new Map<string, string>();
  const given = (value: string) => {
    const dims = ['N', ...(network.shapes.get(value)?.dims.slice(1) ?? [])];
    const name = b.input(b.fresh('magnitude'), 'float32', dims);
    inputs.set(value, name);
    known.set(value, name);
  };
  given(network.pixels);
  for (const step of network.steps) {
    const { node } = step;
    if (!isAffine(step)) {
      for (const output of node.outputs) if (output !== '') given(output);
      continue;
    }
    b.within(node.name, () => {
      const s = siteOf(node, b, network);
      const spread = step.row.magnitude(
        s,
        node.inputs.map((input) => known.get(input)),
      );
      const load = loadOf(step.row, s);
      spread.forEach((value, i) => {
        const output = node.outputs[i];
        known.set(output, load === undefined ? value : s.add(value, load));
        if (wanted.has(output))
          outputs.set(output, b.outputAs(known.get(output) ?? '', b.fresh('magnitude')));
      });
    });
  }
  const graph = prune(b.build());
  const used = new Set(graph.nodes.flatMap((node) => node.inputs));
  return {
    graph: { ...graph, inputs: graph.inputs.filter(({ name }) => used.has(name)) },
    inputs: new Map([...inputs].filter(([, name]) => used.has(name))),
    outputs,
  };
}
