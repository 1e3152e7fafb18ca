import type { Engine, Program, Value } from '../engines/engine.js';
import type { Graph } from '../graph/graph.js';
import { type BackwardGraph, backwardGraph } from './backward.js';
import { type IntervalGraph, intervalGraph } from './intervals.js';
import { type MagnitudeGraph, magnitudeGraph } from './magnitudes.js';
import {
  type Bent,
  type Bounded,
  boundedNetwork,
  dimsOf,
  type Network,
  sizeOf,
  withoutRounding,
} from './network.js';
import { imageOf, magnitudeAt, outward, type Range, type Ranges, rangeOf } from './ranges.js';
import { gamma, gammaOfAxes, UNIT } from './rounding.js';
import { stepLines } from './step-lines.js';

/** Boxes around images. */
export interface Boxes {
  n: number;
  /** (n, C, H, W) */
  lower: Float32Array;
  /** (n, C, H, W) */
  upper: Float32Array;
}

/** What linear functions of the logits are at least, over each box. */
export interface LowerBounds {
  /** (n, rows): of the network in exact arithmetic, by float32 computations; -Infinity where something overflows. */
  bound: Float64Array;
  /** (n, rows): what rounding may take from that, of these computations and of any float32 evaluation of the network; finite. */
  rounding: Float64Array;
}

/** How intervals of inner values are found: propagated forward, or each by a walk back of its own. */
export type Method = 'ibp' | 'crown-ibp' | 'crown';

/** A walk back on known ranges. */
interface Walk {
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

/** Functions of inner values that a walk back takes at once, of each image. */
export const ROWS = 64;

/**
 * Lower bounds of linear functions of a network's logits over boxes. Programs are made when first used.
 * Sources: IBP (Gowal et al. 2018), CROWN-IBP (Zhang et al. 2020), CROWN (Zhang et al. 2018, theorem 3.2).
 */
export class BoundPrograms {
  private readonly intervals: IntervalGraph;
  private readonly programs = new Map<string, Promise<Program>>();
  private readonly graphs = new Map<string, { backward: BackwardGraph; magnitudes: MagnitudeGraph }>();

  private constructor(
    private readonly engine: Engine,
    private readonly network: Bounded,
  ) {
    this.intervals = intervalGraph(network);
  }

  /**
   * @param outward whether inner intervals grow by what rounding may do. Without, bounds are as near to those of exact
   * arithmetic as float32 gets, but prove nothing
   * Errors: `op-unsupported` names the first operator that cannot be bounded.
   */
  static async of(engine: Engine, network: Network, { outward = true } = {}): Promise<BoundPrograms> {
    const bounded = await boundedNetwork(engine, network);
    return new BoundPrograms(engine, outward ? bounded : withoutRounding(bounded));
  }

  /**
   * @param rows (n, count, classes): functions of the logits
   */
  async lowerBounds(boxes: Boxes, rows: Float32Array, count: number, method: Method): Promise<LowerBounds> {
    const { network } = this;
    const stops = method === 'ibp' ? this.lastBends() : [network.pixels];
    const { ranges, sure } = await this.propagated(boxes, method === 'ibp' ? stops : undefined);
    if (method === 'crown') await this.refine(boxes, ranges);
    const found = await this.walkBack(
      await this.walk({ from: network.logits, count, stops }, boxes, ranges),
      rows,
      ranges,
    );
    const holds = (i: number) =>
      sure[Math.floor(i / count)] && Number.isFinite(found.bound[i]) && Number.isFinite(found.rounding[i]);
    // Nothing is taken off a bound that says nothing: the difference could be no number.
    return {
      bound: found.bound.map((bound, i) => (holds(i) ? bound : Number.NEGATIVE_INFINITY)),
      rounding: found.rounding.map((rounding, i) => (holds(i) ? rounding : 0)),
    };
  }

  async close(): Promise<void> {
    for (const program of await Promise.allSettled(this.programs.values()))
      if (program.status === 'fulfilled') await program.value.release();
  }

  /**
   * Intervals by interval bound propagation; and of each image whether all are finite: operators differ in what they make of
   * infinity and of what is no number, so that nothing is sure where any occurs.
   * @param wanted of these values; default: of all that steps that are not affine read and give
   */
  private async propagated(
    boxes: Boxes,
    wanted?: readonly string[],
  ): Promise<{ ranges: Map<string, Range>; sure: readonly boolean[] }> {
    const { network, intervals } = this;
    const ranges = new Map<string, Range>([[network.pixels, boxes]]);
    const named = [...intervals.intervals].filter(([value]) => wanted?.includes(value) ?? true);
    if (intervals.width === undefined) return { ranges, sure: Array.from({ length: boxes.n }, () => true) };
    const program = await this.program('intervals', intervals.graph);
    const found = await program.run(
      { lower: this.images(boxes.n, boxes.lower), upper: this.images(boxes.n, boxes.upper) },
      [intervals.width, ...named.flatMap(([, { lower, upper }]) => [lower, upper])],
    );
    for (const [value, { lower, upper }] of named)
      ranges.set(value, {
        lower: found[lower].data as Float32Array,
        upper: found[upper].data as Float32Array,
      });
    const widths = found[intervals.width].data as Float32Array;
    return { ranges, sure: Array.from(widths, Number.isFinite) };
  }

  /** Replaces the intervals of what steps read by those of walks back, in order. */
  private async refine(boxes: Boxes, ranges: Map<string, Range>): Promise<void> {
    const { network } = this;
    const made = new Set(network.bent.map(({ node }) => node.outputs[0]));
    const done = new Set<string>();
    // The first are affine in the pixels, where intervals are exact.
    let bends = 0;
    for (const step of network.bent) {
      const [input] = step.node.inputs;
      if (!made.has(input) && !done.has(input) && bends > 0) {
        done.add(input);
        await this.refineValue(input, step, boxes, ranges);
      }
      bends++;
      ranges.set(step.node.outputs[0], imageOf(step, network, ranges));
    }
  }

  private async refineValue(
    value: string,
    step: Bent,
    boxes: Boxes,
    ranges: Map<string, Range>,
  ): Promise<void> {
    const { network } = this;
    const size = sizeOf(network, value);
    const known = rangeOf(ranges, value);
    const range = { lower: known.lower.slice(), upper: known.upper.slice() };
    // Of each image, the numbers whose interval matters.
    const chosen = Array.from({ length: boxes.n }, (_, image) =>
      this.mattering(step, known, image * size, size),
    );
    const most = Math.max(...chosen.map((places) => places.length));
    if (most === 0) return;
    const half = ROWS / 2;
    const walk = await this.walk({ from: value, count: ROWS, stops: [network.pixels] }, boxes, ranges);
    for (let start = 0; start < most; start += half) {
      const rows = new Float32Array(boxes.n * ROWS * size);
      chosen.forEach((places, image) => {
        for (const [k, place] of places.slice(start, start + half).entries()) {
          rows[(image * ROWS + k) * size + place] = 1;
          rows[(image * ROWS + half + k) * size + place] = -1;
        }
      });
      const { bound, rounding } = await this.walkBack(walk, rows, ranges);
      chosen.forEach((places, image) => {
        for (const [k, place] of places.slice(start, start + half).entries()) {
          const [low, high] = [image * ROWS + k, image * ROWS + half + k];
          const spare = network.outward ? [rounding[low], rounding[high]] : [0, 0];
          range.lower[image * size + place] = outward(bound[low] - spare[0], -1);
          range.upper[image * size + place] = outward(spare[1] - bound[high], 1);
        }
      });
    }
    ranges.set(value, range);
  }

  /** Places whose interval decides how a step is replaced, or what later ones read. */
  private mattering({ node, row }: Bent, { lower, upper }: Range, offset: number, size: number): number[] {
    const read = this.network.bent.some((other) => other.node.inputs[0] === node.outputs[0]);
    const places: number[] = [];
    for (let i = 0; i < size; i++) {
      const stable = row.kind === 'curve' && row.exactOn?.(lower[offset + i], upper[offset + i]);
      if (read || !stable) places.push(i);
    }
    return places;
  }

  /** All that a walk back from a value reads but for the functions, on these ranges. */
  private async walk(
    { from, count, stops }: { from: string; count: number; stops: readonly string[] },
    { n }: Boxes,
    ranges: Ranges,
  ): Promise<Walk> {
    const { network } = this;
    const key = JSON.stringify([from, count, stops]);
    const { backward, magnitudes } = this.graphs.get(key) ?? graphsOf(network, { from, rows: count, stops });
    this.graphs.set(key, { backward, magnitudes });
    const program = await this.program(key, backward.graph);
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
  private async walkBack(
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
    const program = await this.program(key, magnitudes.graph);
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

  /** Values of steps that are not affine from which the logits are affine; the pixels where there is none on a way. */
  private lastBends(): string[] {
    const { network } = this;
    const bents = new Set(network.bent.map(({ node }) => node));
    const needed = new Set([network.logits]);
    const stops = new Set<string>();
    for (const { node } of network.steps.toReversed()) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      if (bents.has(node)) stops.add(node.outputs[0]);
      else for (const input of node.inputs) if (network.varying.has(input)) needed.add(input);
    }
    if (needed.has(network.pixels)) stops.add(network.pixels);
    return [...stops];
  }

  private images(n: number, data: Float32Array): Value {
    return { type: 'float32', dims: [n, ...this.network.shape], data };
  }

  private program(key: string, graph: Graph): Promise<Program> {
    const known = this.programs.get(key) ?? this.engine.compile(graph);
    this.programs.set(key, known);
    return known;
  }
}

/** A walk back, and the magnitudes that its rounding is measured by. */
function graphsOf(network: Bounded, walk: { from: string; rows: number; stops: readonly string[] }) {
  const backward = backwardGraph(network, walk);
  return { backward, magnitudes: magnitudeGraph(network, new Set(backward.errors.keys())) };
}
