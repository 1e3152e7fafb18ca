import type { Engine, Value } from '../engines/engine.js';
import { type IntervalGraph, intervalGraph } from './intervals.js';
import { type Bent, type Bounded, boundedNetwork, type Network, sizeOf, withoutRounding } from './network.js';
import { Programs } from './programs.js';
import { imageOf, outward, type Range, rangeOf } from './ranges.js';
import { type LowerBounds, Walks } from './walks.js';

/** Boxes around images. */
export interface Boxes {
  n: number;
  /** (n, C, H, W) */
  lower: Float32Array;
  /** (n, C, H, W) */
  upper: Float32Array;
}

/** How intervals of inner values are found: propagated forward, or each by a walk back of its own. */
export type Method = 'ibp' | 'crown-ibp' | 'crown';

/** Functions of inner values that a walk back takes at once, of each image. */
export const ROWS = 64;

/**
 * Lower bounds of linear functions of a network's logits over boxes. Programs are made when first used.
 * Sources: IBP (Gowal et al. 2018), CROWN-IBP (Zhang et al. 2020), CROWN (Zhang et al. 2018, theorem 3.2).
 */
export class BoundPrograms {
  private readonly intervals: IntervalGraph;
  private readonly programs: Programs;
  private readonly walks: Walks;

  private constructor(
    engine: Engine,
    private readonly network: Bounded,
  ) {
    this.intervals = intervalGraph(network);
    this.programs = new Programs(engine);
    this.walks = new Walks(network, this.programs);
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
   * Bounds are -Infinity where something overflows.
   * @param rows (n, count, classes): functions of the logits
   */
  async lowerBounds(boxes: Boxes, rows: Float32Array, count: number, method: Method): Promise<LowerBounds> {
    const { network } = this;
    const stops = method === 'ibp' ? this.lastBends() : [network.pixels];
    const { ranges, sure } = await this.propagated(boxes, method === 'ibp' ? stops : undefined);
    if (method === 'crown') await this.refine(boxes, ranges);
    const walk = await this.walks.begin({ from: network.logits, count, stops }, boxes.n, ranges);
    const found = await this.walks.back(walk, rows, ranges);
    const holds = (i: number) =>
      sure[Math.floor(i / count)] && Number.isFinite(found.bound[i]) && Number.isFinite(found.rounding[i]);
    // Nothing is taken off a bound that says nothing: the difference could be no number.
    return {
      bound: found.bound.map((bound, i) => (holds(i) ? bound : Number.NEGATIVE_INFINITY)),
      rounding: found.rounding.map((rounding, i) => (holds(i) ? rounding : 0)),
    };
  }

  close(): Promise<void> {
    return this.programs.close();
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
    const program = await this.programs.of('intervals', intervals.graph);
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
    const walk = await this.walks.begin(
      { from: value, count: ROWS, stops: [network.pixels] },
      boxes.n,
      ranges,
    );
    for (let start = 0; start < most; start += half) {
      const rows = new Float32Array(boxes.n * ROWS * size);
      chosen.forEach((places, image) => {
        for (const [k, place] of places.slice(start, start + half).entries()) {
          rows[(image * ROWS + k) * size + place] = 1;
          rows[(image * ROWS + half + k) * size + place] = -1;
        }
      });
      const { bound, rounding } = await this.walks.back(walk, rows, ranges);
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
}
