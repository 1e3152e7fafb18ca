import type { Value } from '../../engines/engine.js';
import type { GraphBuilder } from '../../graph/build.js';
import type { Graph } from '../../graph/graph.js';
import { prune } from '../../graph/prune.js';
import { type Bounded, dimsOf, isAffine, onConstants, siteOf } from '../network/network.js';
import type { Programs } from '../network/programs.js';
import { magnitudesOf, type Ranges, rangeOf } from '../network/ranges.js';
import { mostOf } from '../network/rounding.js';
import { loadOf } from '../rows/row.js';

/**
 * A graph of what affine steps add up: |L| m + |c|, where m is how large its inputs are at most. Inputs are the largest magnitudes
 * of the pixels, of what steps give that are not affine, and of where a walk stops, in their shapes.
 */
interface MagnitudeGraph {
  graph: Graph;
  /** Names of inputs, by value. */
  inputs: ReadonlyMap<string, string>;
  /** Names of outputs, by the value that an affine step gives. */
  outputs: ReadonlyMap<string, string>;
}

/** What a longer sum loses in float32 is put back: the room of errors is for that of short ones. */
const SHORT = 2 ** -12;

/**
 * |L| m + |c| of all affine steps after some values, by value.
 * @param known m of these values, wherever they are read
 */
export function addMagnitudes(
  network: Bounded,
  b: GraphBuilder,
  known: ReadonlyMap<string, string>,
): Map<string, string> {
  const made = new Map<string, string>();
  for (const step of network.steps) {
    if (!isAffine(step)) continue;
    const { node } = step;
    const of = node.inputs.map((input) => known.get(input) ?? made.get(input));
    const reached = node.inputs.every((input, i) => of[i] !== undefined || !network.varying.has(input));
    if (!reached) continue;
    b.within(node.name, () => {
      const s = siteOf(node, b, network);
      const spread = step.row.magnitude(s, of);
      const load = loadOf(step.row, s);
      spread.forEach((value, i) => {
        const output = node.outputs[i]!;
        const sum = load === undefined ? value : s.add(value, load);
        const lost = network.rounded.get(output)?.forward ?? 0;
        made.set(output, lost > SHORT ? s.mul(sum, mostOf(lost)) : sum);
      });
    });
  }
  return made;
}

/** Magnitudes of some of the values that affine steps give. */
function magnitudeGraph(
  network: Bounded,
  wanted: ReadonlySet<string>,
  stops: readonly string[],
): MagnitudeGraph {
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
  const bent = network.steps.filter((step) => !isAffine(step)).flatMap(({ node }) => node.outputs);
  for (const value of new Set([network.pixels, ...bent, ...stops])) if (value !== '') given(value);
  for (const [value, magnitude] of addMagnitudes(network, b, known))
    if (wanted.has(value) && !known.has(value))
      outputs.set(value, b.outputAs(magnitude, b.fresh('magnitude')));
  const graph = prune(b.build());
  const used = new Set(graph.nodes.flatMap((node) => node.inputs));
  return {
    graph: { ...graph, inputs: graph.inputs.filter(({ name }) => used.has(name)) },
    inputs: new Map([...inputs].filter(([, name]) => used.has(name))),
    outputs,
  };
}

/** How large what affine steps add up is at most. Graphs are made when first used. */
export class Magnitudes {
  private readonly graphs = new Map<string, MagnitudeGraph>();

  constructor(
    private readonly network: Bounded,
    private readonly programs: Programs,
  ) {}

  /**
   * (n, size) of each of some values that affine steps give.
   * @param key a name for these values, and for `stops`
   * @param stops values whose ranges are known, and none before them
   */
  async of(
    key: string,
    { wanted, stops }: { wanted: ReadonlySet<string>; stops: readonly string[] },
    n: number,
    ranges: Ranges,
  ): Promise<ReadonlyMap<string, Float32Array>> {
    const { network } = this;
    const known = this.graphs.get(key) ?? magnitudeGraph(network, wanted, stops);
    this.graphs.set(key, known);
    if (known.outputs.size === 0) return new Map();
    const program = await this.programs.of(`${key} magnitudes`, known.graph);
    const feeds: Record<string, Value> = {};
    for (const [value, input] of known.inputs) {
      const data = magnitudesOf(rangeOf(ranges, value));
      feeds[input] = { type: 'float32', dims: [n, ...dimsOf(network, value)], data };
    }
    const found = await program.run(feeds);
    return new Map(
      [...known.outputs].flatMap(([value, name]) => {
        const data = found[name]?.data;
        return data instanceof Float32Array ? [[value, data] as const] : [];
      }),
    );
  }
}
