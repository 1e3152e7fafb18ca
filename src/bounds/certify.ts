import type { Engine, Program, Value } from '../engines/engine.js';
import { GraphBuilder } from '../graph/build.js';
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
  siteOf,
  sizeOf,
  withoutRounding,
} from './network.js';
import { gammaOfAxes, UNIT } from './rounding.js';

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
  /** (n, rows): of the network in exact arithmetic, by float32 computations. */
  bound: Float64Array;
  /** (n, rows): what rounding may take from that, of these computations and of any float32 evaluation of the network. */
  rounding: Float64Array;
}

/** How intervals of inner values are found: propagated forward, or each by a walk back of its own. */
export type Method = 'ibp' | 'crown-ibp' | 'crown';

interface Range {
  lower: Float32Array;
  upper: Float32Array;
}

/** Functions of inner values that a walk back takes at once, of each image. */
const ROWS = 64;

/**
 * Lower bounds of linear functions of a network's logits over boxes. Programs are made when first used.
 * Sources: IBP (Gowal et al. 2018), CROWN-IBP (Zhang et al. 2020), CROWN (Zhang et al. 2018, theorem 3.2).
 */
export class BoundPrograms {
  private readonly intervals: IntervalGraph;
  private readonly magnitudes: MagnitudeGraph;
  private readonly programs = new Map<string, Promise<Program>>();
  private readonly backwards = new Map<string, BackwardGraph>();

  private constructor(
    private readonly engine: Engine,
    private readonly network: Bounded,
  ) {
    this.intervals = intervalGraph(network);
    this.magnitudes = magnitudeGraph(network);
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
    const ranges = await this.propagated(boxes);
    if (method === 'crown') await this.refine(boxes, ranges);
    const stops = method === 'ibp' ? this.lastBends() : [network.pixels];
    return this.walkBack({ from: network.logits, rows, count, stops }, boxes, ranges);
  }

  async close(): Promise<void> {
    for (const program of await Promise.allSettled(this.programs.values()))
      if (program.status === 'fulfilled') await program.value.release();
  }

  /** Intervals of what steps that are not affine read, by interval bound propagation. */
  private async propagated(boxes: Boxes): Promise<Map<string, Range>> {
    const { network, intervals } = this;
    const program = await this.program('intervals', intervals.graph);
    const found = await program.run({
      lower: this.images(boxes.n, boxes.lower),
      upper: this.images(boxes.n, boxes.upper),
    });
    const ranges = new Map<string, Range>([[network.pixels, boxes]]);
    for (const [value, { lower, upper }] of intervals.intervals)
      ranges.set(value, {
        lower: found[lower].data as Float32Array,
        upper: found[upper].data as Float32Array,
      });
    for (const step of network.bent) ranges.set(step.node.outputs[0], this.imageOf(step, ranges));
    return ranges;
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
      ranges.set(step.node.outputs[0], this.imageOf(step, ranges));
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
    const known = ranges.get(value) as Range;
    const range = { lower: known.lower.slice(), upper: known.upper.slice() };
    // Of each image, the numbers whose interval matters.
    const chosen = Array.from({ length: boxes.n }, (_, image) =>
      this.mattering(step, known, image * size, size),
    );
    const most = Math.max(...chosen.map((places) => places.length));
    const half = ROWS / 2;
    for (let start = 0; start < most; start += half) {
      const rows = new Float32Array(boxes.n * ROWS * size);
      chosen.forEach((places, image) => {
        for (const [k, place] of places.slice(start, start + half).entries()) {
          rows[(image * ROWS + k) * size + place] = 1;
          rows[(image * ROWS + half + k) * size + place] = -1;
        }
      });
      const { bound, rounding } = await this.walkBack(
        { from: value, rows, count: ROWS, stops: [network.pixels] },
        boxes,
        ranges,
      );
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

  /** Lower bounds of functions of a value, by a walk back to where it stops. */
  private async walkBack(
    {
      from,
      rows,
      count,
      stops,
    }: { from: string; rows: Float32Array; count: number; stops: readonly string[] },
    { n }: Boxes,
    ranges: ReadonlyMap<string, Range>,
  ): Promise<LowerBounds> {
    const { network } = this;
    const key = JSON.stringify([from, count, stops]);
    const backward = this.backwards.get(key) ?? backwardGraph(network, { from, rows: count, stops });
    this.backwards.set(key, backward);
    const program = await this.program(key, backward.graph);
    const declared = new Set(backward.graph.inputs.map(({ name }) => name));
    const feeds: Record<string, Value> = {
      [backward.rows]: { type: 'float32', dims: [n, count, sizeOf(network, from)], data: rows },
      ...(await this.errorFeeds(backward, n, ranges)),
    };
    for (const step of network.bent) {
      const inputs = backward.lines.get(step.node.outputs[0]);
      if (inputs) Object.assign(feeds, this.lineFeeds(step, inputs, n, ranges));
    }
    for (const name of Object.keys(feeds)) if (!declared.has(name)) delete feeds[name];
    const found = await program.run(feeds);
    const bound = Float64Array.from(found[backward.bias].data as Float32Array);
    const rounding = Float64Array.from(found[backward.error].data as Float32Array, (error) => error * 1.001);
    for (const [value, name] of backward.coefficients) {
      const coefficients = found[name].data as Float32Array;
      const { lower, upper } = ranges.get(value) as Range;
      const size = sizeOf(network, value);
      for (let row = 0; row < n * count; row++) {
        const image = Math.floor(row / count) * size;
        let [sum, magnitude] = [0, 0];
        for (let i = 0; i < size; i++) {
          const a = coefficients[row * size + i];
          const [low, high] = [lower[image + i], upper[image + i]];
          sum += a > 0 ? a * low : a * high;
          magnitude += Math.abs(a) * Math.max(Math.abs(low), Math.abs(high));
        }
        bound[row] += sum;
        rounding[row] += 4 * UNIT * magnitude;
      }
    }
    return { bound, rounding };
  }

  /** What one unit of a coefficient may cost by rounding, by value. */
  private async errorFeeds(
    { errors }: BackwardGraph,
    n: number,
    ranges: ReadonlyMap<string, Range>,
  ): Promise<Record<string, Value>> {
    const { network, magnitudes } = this;
    const program = await this.program('magnitudes', magnitudes.graph);
    const feeds: Record<string, Value> = {};
    for (const [value, input] of magnitudes.inputs) {
      const { lower, upper } = ranges.get(value) as Range;
      const data = lower.map((low, i) => Math.max(Math.abs(low), Math.abs(upper[i])));
      feeds[input] = { type: 'float32', dims: [n, ...dimsOf(network, value)], data };
    }
    const found = Object.keys(feeds).length > 0 ? await program.run(feeds) : {};
    const bents = new Map(network.bent.map((step) => [step.node.outputs[0], step]));
    const result: Record<string, Value> = {};
    for (const [value, input] of errors) {
      const size = sizeOf(network, value);
      const axes = gammaOfAxes(dimsOf(network, value));
      const bent = bents.get(value);
      let data: Float32Array;
      if (bent) data = this.bentErrors(bent, axes, ranges);
      else {
        const factor = (2 * (network.rounded.get(value) ?? 0) + axes + 4 * UNIT) * 1.001;
        data = (found[magnitudes.outputs.get(value) ?? ''].data as Float32Array).map((m) => m * factor);
      }
      result[input] = { type: 'float32', dims: [n, 1, size], data };
    }
    return result;
  }

  private bentErrors({ node, row }: Bent, axes: number, ranges: ReadonlyMap<string, Range>): Float32Array {
    const { lower, upper } = ranges.get(node.outputs[0]) as Range;
    const [absolute, relative] = row.kind === 'curve' ? row.rounding : [0, 0];
    const of = ranges.get(node.inputs[0]) as Range;
    const wide = of.lower.length === lower.length ? of : { lower, upper };
    return lower.map((low, i) => {
      const magnitude = Math.max(
        Math.abs(low),
        Math.abs(upper[i]),
        Math.abs(wide.lower[i]),
        Math.abs(wide.upper[i]),
      );
      // Intercepts are no larger than the numbers that they stand for, slopes no larger than 1 or little more.
      return absolute + (relative + 2 * axes + 8 * UNIT) * 1.2 * magnitude;
    });
  }

  private lineFeeds(
    step: Bent,
    inputs: BackwardGraph['lines'] extends ReadonlyMap<string, infer L> ? L : never,
    n: number,
    ranges: ReadonlyMap<string, Range>,
  ): Record<string, Value> {
    const { network } = this;
    const [output] = step.node.outputs;
    const size = sizeOf(network, output);
    const of = ranges.get(step.node.inputs[0]) as Range;
    const made = {
      lowerSlope: new Float32Array(n * size),
      lowerIntercept: new Float32Array(n * size),
      upperSlope: new Float32Array(n * size),
      upperIntercept: new Float32Array(n * size),
    };
    const site = siteOf(step.node, new GraphBuilder(network.graph), network);
    const value = (data: Float32Array): Value => ({ type: 'float32', dims: [n, 1, size], data });
    let place: BigInt64Array | undefined;
    if (step.row.kind === 'curve') {
      const lines = step.row.lines(site);
      for (let i = 0; i < n * size; i++) {
        const line = lines(of.lower[i], of.upper[i]);
        made.lowerSlope[i] = line.lowerSlope;
        made.upperSlope[i] = line.upperSlope;
        // The slope as it was stored: what rounding moved, the intercept takes back at the end where it matters.
        const [low, high] = [of.lower[i], of.upper[i]];
        const fix = (slope: number, stored: number) =>
          Math.abs(slope - stored) * Math.max(Math.abs(low), Math.abs(high));
        made.lowerIntercept[i] = outward(line.lowerIntercept - fix(line.lowerSlope, made.lowerSlope[i]), -1);
        made.upperIntercept[i] = outward(line.upperIntercept + fix(line.upperSlope, made.upperSlope[i]), 1);
      }
    } else {
      place = new BigInt64Array(n * size);
      const inner = of.lower.length / n;
      const windows = step.row.windows(site);
      for (let image = 0; image < n; image++)
        for (const [o, window] of windows.entries()) {
          const at = image * size + o;
          let best = window[0];
          for (const i of window) if (of.lower[image * inner + i] > of.lower[image * inner + best]) best = i;
          let most = -Infinity;
          for (const i of window) if (i !== best) most = Math.max(most, of.upper[image * inner + i]);
          place[at] = BigInt(best);
          made.lowerSlope[at] = 1;
          const dominated = of.lower[image * inner + best] >= most;
          made.upperSlope[at] = dominated ? 1 : 0;
          made.upperIntercept[at] = dominated ? 0 : Math.max(most, of.upper[image * inner + best]);
        }
    }
    return {
      [inputs.lowerSlope]: value(made.lowerSlope),
      [inputs.upperSlope]: value(made.upperSlope),
      [inputs.lowerIntercept]: value(made.lowerIntercept),
      [inputs.upperIntercept]: value(made.upperIntercept),
      ...(place &&
        inputs.place && { [inputs.place]: { type: 'int64', dims: [n, 1, size], data: place } as const }),
    };
  }

  /** What a step gives, from what it reads. */
  private imageOf({ node, row }: Bent, ranges: ReadonlyMap<string, Range>): Range {
    const { network } = this;
    const of = ranges.get(node.inputs[0]) as Range;
    const site = siteOf(node, new GraphBuilder(network.graph), network);
    if (row.kind === 'curve') {
      const image = row.image(site);
      const [absolute, relative] = network.outward ? row.rounding : [0, 0];
      const range = { lower: new Float32Array(of.lower.length), upper: new Float32Array(of.lower.length) };
      for (let i = 0; i < of.lower.length; i++) {
        const [low, high] = image(of.lower[i], of.upper[i]);
        range.lower[i] = outward(low - absolute - relative * Math.abs(low), -1);
        range.upper[i] = outward(high + absolute + relative * Math.abs(high), 1);
      }
      return range;
    }
    const size = sizeOf(network, node.outputs[0]);
    const inner = sizeOf(network, node.inputs[0]);
    const n = of.lower.length / inner;
    const windows = row.windows(site);
    const largest = (data: Float32Array) =>
      Float32Array.from({ length: n * size }, (_, at) => {
        const image = Math.floor(at / size) * inner;
        let most = -Infinity;
        for (const i of windows[at % size]) most = Math.max(most, data[image + i]);
        return most;
      });
    return { lower: largest(of.lower), upper: largest(of.upper) };
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

const one = new Float32Array(1);
const bits = new Int32Array(one.buffer);

/** The next float32 number downward (-1) or upward (1), at or beyond a number. */
export function outward(x: number, direction: -1 | 1): number {
  one[0] = x;
  const rounded = one[0];
  if (!Number.isFinite(rounded) || (direction < 0 ? rounded <= x : rounded >= x)) return rounded;
  if (rounded === 0) return direction * 2 ** -149;
  bits[0] += rounded > 0 === direction > 0 ? 1 : -1;
  return one[0];
}
