import type { Engine } from '../../engines/engine.js';
import { floatsOf } from '../../engines/outputs.js';
import type { LineInputs } from '../crown/backward.js';
import type { Item } from '../crown/cut.js';
import { boundedInGroups, itemsOf } from '../crown/groups.js';
import { leastPoints } from '../crown/least.js';
import type { Walk, WalkOf } from '../crown/walks.js';
import { type Bent, type Bounded, sizeOf } from '../network/network.js';
import type { Programs } from '../network/programs.js';
import { better, type LowerBounds, type Ranges, rangeOf } from '../network/ranges.js';
import { type AscentGraph, ascentGraph } from './ascent-graph.js';
import { type FreeLines, fed, type PerFunction } from './ascent-lines.js';
import { FreePlanes } from './ascent-planes.js';
import { FreeSlopes } from './ascent-slopes.js';

/** Numbers that move, of one value, of all functions that go up together. */
const NUMBERS = 2 ** 22;

/** Steps whose lines may move. */
type Leaning = Exclude<Bent, { windows: unknown }>;

interface Functions {
  ranges: Ranges;
  /** (n, count, size) */
  rows: Float32Array;
  count: number;
}

/**
 * alpha-CROWN (Xu et al. 2021): any lower slopes that the rows allow give bounds, and any mean of two planes, so that these go up the
 * gradient of the bound (Adam), each function's by themselves; inner intervals stay. They begin at those of CROWN, and the best bound is
 * kept: none is looser than CROWN's.
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
      (step): step is Leaning => 'planes' in step || ('lines' in step && step.lowerSlopes !== undefined),
    );
  }

  /** @param walk from the functions to the pixels, on these ranges. */
  climbed(
    walk: Walk,
    { n, ranges, rows, count }: Functions & { n: number },
    iterations: number,
  ): Promise<LowerBounds> {
    const widest = Math.max(1, ...this.leaning.map(({ node }) => sizeOf(this.network, node.outputs[0]!)));
    const most = Math.floor(NUMBERS / widest);
    return boundedInGroups({ n, count, size: walk.size, rows }, most, (group, own) =>
      this.group(walk, itemsOf(group), { ranges, rows: own, count: group.functions }, iterations),
    );
  }

  private async group(
    walk: Walk,
    items: readonly Item[],
    { ranges, rows, count }: Functions,
    iterations: number,
  ): Promise<LowerBounds> {
    const { network } = this;
    const n = items.length;
    const own = walk.of(items, rows, count);
    this.graph ??= ascentGraph(this.engine, network, walk.backward, this.freeInputs(walk));
    const graph = await this.graph;
    if (!graph || iterations === 0) return own.read(await own.run(own.feeds));
    const program = await this.programs.of('ascent', graph.graph);
    const range = own.cut.range(network.pixels, rangeOf(ranges, network.pixels));
    const coefficients = walk.backward.coefficients.get(network.pixels) ?? '';
    const free = this.leaning.flatMap((step) => {
      const inputs = walk.backward.lines.get(step.node.outputs[0]!);
      if (!inputs) return [];
      const of = { n, count, size: own.cut.size(step.node.outputs[0]!) };
      return [{ of, lines: freeLines(step, inputs, { own, ranges, of }) }];
    });
    const feeds = () => Object.assign({ ...own.feeds }, ...free.map(({ lines, of }) => fed(lines, of)));
    let found = await own.run(own.feeds);
    let best = own.read(found);
    for (let i = 0; i < iterations; i++) {
      const points = leastPoints(floatsOf(found, coefficients), range, { n, count });
      found = await program.run({
        ...feeds(),
        [graph.points]: {
          type: 'float32',
          dims: [n, count, points.length / (n * count)],
          data: points,
        },
      });
      for (const { lines } of free) lines.climb((input) => floatsOf(found, graph.gradients.get(input) ?? ''));
      best = better(best, own.read(found));
    }
    return better(best, own.read(await own.run(feeds())));
  }

  private freeInputs(walk: Walk): string[] {
    return this.leaning.flatMap(({ node, row }) => {
      const inputs = walk.backward.lines.get(node.outputs[0]!);
      if (!inputs) return [];
      if (row.kind !== 'product') return [inputs.lowerSlope];
      const { lower, upper } = planesOf(inputs);
      return [...Object.values(lower), ...Object.values(upper)] as string[];
    });
  }
}

/** Where the climb of a step begins. */
function freeLines(
  step: Leaning,
  inputs: LineInputs,
  { own, ranges, of }: { own: WalkOf; ranges: Ranges; of: PerFunction },
): FreeLines {
  const { node } = step;
  const [first, second] = node.inputs as [string, string];
  const range = (value: string) => own.cut.range(value, rangeOf(ranges, value));
  if ('planes' in step)
    return new FreePlanes(planesOf(inputs), of, { row: step.row, ranges: [range(first), range(second)] });
  const slopes = own.feeds[inputs.lowerSlope]!.data as Float32Array;
  return new FreeSlopes(inputs.lowerSlope, of, slopes, step, range(first));
}

/** Those of products have all of these. */
function planesOf(inputs: LineInputs) {
  const { other, lowerSlope, lowerIntercept, upperSlope, upperIntercept } = inputs;
  if (!other || lowerIntercept === undefined) throw new Error('lines of one value');
  return {
    lower: { slope: lowerSlope, other: other.lowerSlope, intercept: lowerIntercept },
    upper: { slope: upperSlope, other: other.upperSlope, intercept: upperIntercept },
  };
}
