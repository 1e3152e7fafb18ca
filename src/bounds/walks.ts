import type { Program, Value } from '../engines/engine.js';
import { type BackwardGraph, backwardGraph } from './backward.js';
import { type MagnitudeGraph, magnitudeGraph } from './magnitudes.js';
import { type Bounded, dimsOf, sizeOf } from './network.js';
import type { Programs } from './programs.js';
import { magnitudeAt, type Ranges, rangeOf } from './ranges.js';
import { gamma, gammaOfAxes, UNIT } from './rounding.js';
import { stepLines } from './step-lines.js';

/** What linear functions of a value are at least, over each box. */
export interface LowerBounds {
  /** (n, rows): of the network in exact arithmetic, by float32 computations; no number where something overflows. */
  bound: Float64Array;
  /** (n, rows): what rounding may take from that, of these computations and of any float32 evaluation of the network. */
  rounding: Float64Array;
}

/** A walk back on known ranges. */
export interface Walk {
  n: number;
  from: string;
  /** Functions at once. */
  count: number;
  program: Program;
  backward: BackwardGraph;
  feeds: Record<string, Value>;
}

/** What computing these errors in float32 may cost, itself. */
const SPARE = 1.01;

/** Walks back through a network. Their graphs are made when first used. */
export class Walks {
  private readonly graphs = new Map<string, { backward: BackwardGraph; magnitudes: MagnitudeGraph }>();

  constructor(
    private readonly network: Bounded,
    private readonly programs: Programs,
  ) {}

  /** All that a walk back from a value reads but for the functions, on these ranges: it serves any number of them. */
  async begin(
    { from, count, stops }: { from: string; count: number; stops: readonly string[] },
    n: number,
    ranges: Ranges,
  ): Promise<Walk> {
    const { network } = this;
    const key = JSON.stringify([from, count, stops]);
    const { backward, magnitudes } = this.graphs.get(key) ?? graphsOf(network, { from, rows: count, stops });
    this.graphs.set(key, { backward, magnitudes });
    const program = await this.programs.of(key, backward.graph);
    const largest = await this.magnitudesOf(`${key} magnitudes`, magnitudes, n, ranges);
    const feeds: Record<string, Value> = {};
    const feed = (name: string | undefined, data: Float32Array | BigInt64Array) => {
      if (name === undefined) return;
      const type = data instanceof Float32Array ? 'float32' : 'int64';
      feeds[name] = { type, dims: [n, 1, data.length / n], data };
    };
    for (const step of network.bent) {
      const [output] = step.node.outputs;
      const inputs = backward.lines.get(output);
      if (!inputs) continue;
      const lines = stepLines(step, network, n, ranges);
      for (const name of ['lowerSlope', 'lowerIntercept', 'upperSlope', 'upperIntercept'] as const)
        feed(inputs[name], lines[name]);
      if (lines.place) feed(inputs.place, lines.place);
      feed(backward.errors.get(output), lines.error);
    }
    for (const value of stops) {
      const range = rangeOf(ranges, value);
      const factor = gamma(network.readers.get(value) ?? 0) * SPARE;
      feed(
        backward.errors.get(value),
        range.lower.map((_, i) => magnitudeAt(range, i) * factor),
      );
    }
    for (const [value, { forward, backward: back }] of network.rounded) {
      const magnitude = largest.get(value);
      const name = backward.errors.get(value);
      if (name === undefined || magnitude === undefined) continue;
      // The network's own evaluation, that of the coefficients, and sums of what is added.
      const factor = (forward + back + gammaOfAxes(dimsOf(network, value), network.steps.length)) * SPARE;
      feed(
        name,
        magnitude.map((m) => m * factor),
      );
    }
    return { n, from, count, program, backward, feeds };
  }

  /** Lower bounds of functions (n, count, size) of the value that a walk begins at. */
  async back(
    { n, from, count, program, backward, feeds }: Walk,
    rows: Float32Array,
    ranges: Ranges,
  ): Promise<LowerBounds> {
    const { network } = this;
    const found = await program.run({
      ...feeds,
      [backward.rows]: { type: 'float32', dims: [n, count, sizeOf(network, from)], data: rows },
    });
    const bound = Float64Array.from(found[backward.bias].data as Float32Array);
    const rounding = Float64Array.from(found[backward.error].data as Float32Array, (error) => error * SPARE);
    for (const [value, name] of backward.coefficients) {
      const coefficients = found[name].data as Float32Array;
      const range = rangeOf(ranges, value);
      const size = sizeOf(network, value);
      for (let row = 0; row < n * count; row++) {
        const image = Math.floor(row / count) * size;
        let [sum, magnitude] = [0, 0];
        for (let i = 0; i < size; i++) {
          const a = coefficients[row * size + i];
          sum += a > 0 ? a * range.lower[image + i] : a * range.upper[image + i];
          magnitude += Math.abs(a) * magnitudeAt(range, image + i);
        }
        bound[row] += sum;
        // Coefficients that were added up where ways meet.
        rounding[row] += 4 * UNIT * magnitude;
      }
    }
    return { bound, rounding };
  }

  /** How large what affine steps add up is at most, (n, size), by value. */
  private async magnitudesOf(
    key: string,
    magnitudes: MagnitudeGraph,
    n: number,
    ranges: Ranges,
  ): Promise<Map<string, Float32Array>> {
    const { network } = this;
    if (magnitudes.outputs.size === 0) return new Map();
    const program = await this.programs.of(key, magnitudes.graph);
    const feeds: Record<string, Value> = {};
    for (const [value, input] of magnitudes.inputs) {
      const range = rangeOf(ranges, value);
      const data = range.lower.map((_, i) => magnitudeAt(range, i));
      feeds[input] = { type: 'float32', dims: [n, ...dimsOf(network, value)], data };
    }
    const found = await program.run(feeds);
    return new Map(
      [...magnitudes.outputs].flatMap(([value, name]) => {
        const data = found[name]?.data;
        return data instanceof Float32Array ? [[value, data] as const] : [];
      }),
    );
  }
}

/** A walk back, and the magnitudes that its rounding is measured by. */
function graphsOf(network: Bounded, walk: { from: string; rows: number; stops: readonly string[] }) {
  const backward = backwardGraph(network, walk);
  return { backward, magnitudes: magnitudeGraph(network, new Set(backward.errors.keys())) };
}
