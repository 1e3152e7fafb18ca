import type { Value } from '../../engines/engine.js';
import { floatsOf } from '../../engines/outputs.js';
import { type IntervalGraph, intervalGraph } from '../intervals/intervals.js';
import { dimsOf } from '../network/network.js';
import type { Programs } from '../network/programs.js';
import type { Boxes, Range } from '../network/ranges.js';
import { firstRanges, firstRead, type Refining } from './refine.js';

/** Intervals by interval bound propagation. Graphs are made when first used. */
export class Propagation {
  private readonly graphs = new Map<string, IntervalGraph>();

  constructor(
    private readonly refining: Refining,
    private readonly programs: Programs,
  ) {}

  /**
   * Intervals over boxes, by value; and of each image whether all are finite: operators differ in what they make of infinity and of
   * what is no number, so that nothing is sure where any occurs. Of balls, what is affine in the pixels is walked back to them first:
   * the box around a ball is far larger.
   * @param wanted of these values
   */
  async of(
    boxes: Boxes,
    wanted: readonly string[],
  ): Promise<{ ranges: Map<string, Range>; sure: readonly boolean[] }> {
    const { network } = this.refining;
    const { n, ball } = boxes;
    const ranges = new Map<string, Range>([[network.pixels, boxes]]);
    const first = ball && (await firstRanges(this.refining, n, boxes));
    const key = JSON.stringify([first ? 'intervals from values' : 'intervals', wanted]);
    const { graph, pixels, intervals, known, finite } = this.graph(
      key,
      first ? firstRead(network) : [],
      wanted.filter((of) => of !== network.pixels),
    );
    if (finite === undefined) return { ranges, sure: Array.from({ length: n }, () => true) };
    const program = await this.programs.of(key, graph);
    const value = (of: string, data: Float32Array): Value => ({
      type: 'float32',
      dims: [n, ...dimsOf(network, of)],
      data,
    });
    const feeds = {
      [pixels.lower]: value(network.pixels, boxes.lower),
      [pixels.upper]: value(network.pixels, boxes.upper),
      ...Object.fromEntries(
        [...known].flatMap(([of, { lower, upper }]) => {
          const range = first?.get(of);
          return range
            ? [[lower, value(of, range.lower)] as const, [upper, value(of, range.upper)] as const]
            : [];
        }),
      ),
    };
    const found = await program.run(feeds);
    for (const [of, { lower, upper }] of intervals)
      ranges.set(of, { lower: floatsOf(found, lower), upper: floatsOf(found, upper) });
    return { ranges, sure: Array.from(floatsOf(found, finite), Number.isFinite) };
  }

  private graph(key: string, given: readonly string[], wanted: readonly string[]): IntervalGraph {
    const graph = this.graphs.get(key) ?? intervalGraph(this.refining.network, given, wanted);
    this.graphs.set(key, graph);
    return graph;
  }
}
