import { Adam } from '../autodiff/adam.js';
import type { Engine, Value } from '../engines/engine.js';
import { floatsOf } from '../engines/outputs.js';
import { type AscentGraph, ascentGraph } from './ascent-graph.js';
import type { Item } from './cut.js';
import { leastPoints } from './least.js';
import { type Bent, type Bounded, sizeOf } from './network.js';
import type { Programs } from './programs.js';
import { better, type LowerBounds, type Ranges, rangeOf } from './ranges.js';
import type { Walk, WalkOf } from './walks.js';

/** That of auto_LiRPA's alpha-CROWN. */
const STEP_SIZE = 0.5;
/** Slopes of a value, of all images that go up together. */
const NUMBERS = 2 ** 22;

type Leaning = Extract<Bent, { lines: unknown }>;

/** The lower slopes of a value's lines, which each function has of its own. */
interface Slopes {
  input: string;
  gradient: string;
  size: number;
  /** (n, count, size) */
  at: Float64Array;
  adam: Adam;
  /** (n, size): between which they may be; equal where the lines are the function itself. */
  least: Float32Array;
  most: Float32Array;
}

/**
 * alpha-CROWN (Xu et al. 2021): any lower slopes that the rows allow give bounds, so that the slopes go up the gradient of the bound
 * (Adam), each function's by themselves; inner intervals stay. They begin at those of CROWN, and the best bound is kept: none is looser than CROWN's.
 */
export class Ascent {
  private graph: Promise<AscentGraph | undefined> | undefined;
  private readonly leaning: readonly Leaning[];

  constructor(
    private readonly engine: Engine,
    private readonly network: Bounded,
    private readonly programs: Programs,
  ) {
    this.leaning = network.bent.filter(
      (step): step is Leaning => 'lines' in step && step.lowerSlopes !== undefined,
    );
  }

  /** @param walk from the functions to the pixels, on these ranges. */
  async climbed(
    walk: Walk,
    { n, ranges, rows, count }: { n: number; ranges: Ranges; rows: Float32Array; count: number },
    iterations: number,
  ): Promise<LowerBounds> {
    const found = { bound: new Float64Array(n * count), rounding: new Float64Array(n * count) };
    const widest = Math.max(1, ...this.leaning.map(({ node }) => sizeOf(this.network, node.outputs[0]!)));
    const step = Math.max(1, Math.floor(NUMBERS / (count * widest)));
    for (let start = 0; start < n; start += step) {
      const end = Math.min(n, start + step);
      const items = Array.from({ length: end - start }, (_, i) => ({ image: start + i }));
      const own = rows.subarray(start * count * walk.size, end * count * walk.size);
      const best = await this.group(walk, { items, ranges, rows: own, count }, iterations);
      found.bound.set(best.bound, start * count);
      found.rounding.set(best.rounding, start * count);
    }
    return found;
  }

  private async group(
    walk: Walk,
    of: { items: readonly Item[]; ranges: Ranges; rows: Float32Array; count: number },
    iterations: number,
  ): Promise<LowerBounds> {
    const { network } = this;
    const { items, ranges, rows, count } = of;
    const n = items.length;
    const own = walk.of(items, rows, count);
    this.graph ??= ascentGraph(
      this.engine,
      network,
      walk.backward,
      this.leaning.map(({ node }) => node.outputs[0]!),
    );
    const graph = await this.graph;
    if (!graph || iterations === 0) return own.read(await own.run(own.feeds));
    const program = await this.programs.of('ascent', graph.graph);
    const range = own.cut.range(network.pixels, rangeOf(ranges, network.pixels));
    const coefficients = walk.backward.coefficients.get(network.pixels) ?? '';
    const all = this.leaning.flatMap((step) => slopesOf(step, graph, { walk, own, ranges, count }) ?? []);
    let found = await own.run(own.feeds);
    let best = own.read(found);
    for (let i = 0; i < iterations; i++) {
      const points = leastPoints(floatsOf(found, coefficients), range, { n, count });
      found = await program.run({
        ...own.feeds,
        [graph.points]: {
          type: 'float32',
          dims: [n, count, points.length / (n * count)],
          data: points,
        },
        ...slopesFed(all, n, count),
      });
      for (const slopes of all) climb(slopes, floatsOf(found, slopes.gradient), count);
      best = better(best, own.read(found));
    }
    return better(best, own.read(await own.run({ ...own.feeds, ...slopesFed(all, n, count) })));
  }
}

/** Where the climb of a step's slopes begins; undefined where the walk does not pass it. */
function slopesOf(
  { node, row, lowerSlopes: [flattest, steepest] = [0, 0] }: Leaning,
  { gradients }: AscentGraph,
  { walk, own, ranges, count }: { walk: Walk; own: WalkOf; ranges: Ranges; count: number },
): Slopes | undefined {
  const value = node.outputs[0]!;
  const gradient = gradients.get(value);
  const inputs = walk.backward.lines.get(value);
  if (gradient === undefined || !inputs) return undefined;
  const { lower, upper } = own.cut.range(node.inputs[0]!, rangeOf(ranges, node.inputs[0]!));
  const first = own.feeds[inputs.lowerSlope]!.data as Float32Array;
  const size = own.cut.size(value);
  const at = new Float64Array(first.length * count);
  for (let i = 0; i < at.length; i++) at[i] = first[Math.floor(i / (count * size)) * size + (i % size)]!;
  const fixed = first.map((_, i) => (row.exactOn?.(lower[i]!, upper[i]!) ? 1 : 0));
  return {
    input: inputs.lowerSlope,
    gradient,
    size,
    at,
    adam: new Adam(at.length, STEP_SIZE),
    least: first.map((slope, i) => (fixed[i] ? slope : flattest)),
    most: first.map((slope, i) => (fixed[i] ? slope : steepest)),
  };
}

/** One step up, and back to where lines hold. */
function climb({ at, adam, size, least, most }: Slopes, gradient: Float32Array, count: number): void {
  adam.step(
    at,
    Float64Array.from(gradient, (g) => -g),
  );
  for (let i = 0; i < at.length; i++) {
    const place = Math.floor(i / (count * size)) * size + (i % size);
    // What is no number, after a gradient that overflowed, goes back too.
    at[i] = Math.max(least[place]!, Math.min(most[place]!, at[i] || 0));
  }
}

const slopesFed = (all: readonly Slopes[], n: number, count: number): Record<string, Value> =>
  Object.fromEntries(
    all.map(({ input, at, size }) => [
      input,
      { type: 'float32', dims: [n, count, size], data: Float32Array.from(at) },
    ]),
  );
