import type { Value } from '../../engines/engine.js';
import { floatsOf } from '../../engines/outputs.js';
import { type Bounded, dimsOf, sizeOf } from '../network/network.js';
import type { Programs } from '../network/programs.js';
import { type Boxes, type LowerBounds, type Range, type Ranges, rangeOf } from '../network/ranges.js';
import { boundedInGroups } from './groups.js';
import { addLeast } from './least.js';
import type { TogetherGraph, TogetherWalk } from './together.js';
import { NUMBERS, SPARE } from './walks.js';

/** Of one image, a call takes so many functions even where their memory is more: every call finds its intervals anew. */
const FEWEST = 32;

/** What one call says of boxes. */
export interface Together {
  /** Of the pixels and of the values that were asked for. */
  ranges: Map<string, Range>;
  /** Whether all intervals of an image are finite. */
  sure: boolean[];
  found: LowerBounds;
  /** What IBP's own walk says, of functions that one call took. */
  propagated?: LowerBounds;
}

/** IBP or CROWN-IBP in one program, whose inner intervals and lines never leave the engine; where a graph makes all of it. */
export class Combined {
  private graph: TogetherGraph | undefined | 'unknown' = 'unknown';

  constructor(
    private readonly network: Bounded,
    private readonly programs: Programs,
    /** Of the program. */
    private readonly name: string,
    private readonly make: () => TogetherGraph | undefined,
  ) {}

  /** Lower bounds of functions (n, count, classes) of the logits; undefined where it takes several programs. */
  async of(boxes: Boxes, rows: Float32Array, count: number): Promise<Together | undefined> {
    const { network } = this;
    if (this.graph === 'unknown') this.graph = this.make();
    const { graph } = this;
    if (!graph || boxes.ball) return undefined;
    const program = await this.programs.of(this.name, graph.graph);
    const { n } = boxes;
    const size = sizeOf(network, network.pixels);
    const classes = sizeOf(network, network.logits);
    const sure = Array.from({ length: n }, () => true);
    const ranges = new Map<string, Range>([[network.pixels, boxes]]);
    for (const value of graph.intervals.keys()) {
      const length = n * sizeOf(network, value);
      ranges.set(value, { lower: new Float32Array(length), upper: new Float32Array(length) });
    }
    const fit = Math.floor(NUMBERS / graph.widest);
    const most = fit < count ? Math.max(fit, FEWEST) : fit;
    const propagated: LowerBounds[] = [];
    const found = await boundedInGroups({ n, count, size: classes, rows }, most, async (group, part) => {
      const { image, images, functions } = group;
      const [start, end] = [image * size, (image + images) * size];
      const box = { lower: boxes.lower.subarray(start, end), upper: boxes.upper.subarray(start, end) };
      const fed = (dims: readonly number[], data: Float32Array): Value => ({ type: 'float32', dims, data });
      const outputs = await program.run({
        [graph.pixels.lower]: fed([images, ...dimsOf(network, network.pixels)], box.lower),
        [graph.pixels.upper]: fed([images, ...dimsOf(network, network.pixels)], box.upper),
        [graph.rows]: fed([images, functions, classes], part),
      });
      const own = new Map<string, Range>([[network.pixels, box]]);
      for (const [value, { lower, upper }] of graph.intervals) {
        const range = { lower: floatsOf(outputs, lower), upper: floatsOf(outputs, upper) };
        own.set(value, range);
        const all = ranges.get(value)!;
        all.lower.set(range.lower, image * sizeOf(network, value));
        all.upper.set(range.upper, image * sizeOf(network, value));
      }
      floatsOf(outputs, graph.finite).forEach((one, i) => {
        sure[image + i] = Number.isFinite(one);
      });
      if (graph.propagated) propagated.push(readOff(outputs, graph.propagated, own, functions));
      return readOff(outputs, graph.walk, own, functions);
    });
    // Products of fewer functions may be rounded otherwise than those of a whole call of IBP's program.
    const [whole, ...parts] = propagated;
    return { ranges, sure, found, ...(whole && parts.length === 0 && { propagated: whole }) };
  }
}

function readOff(
  outputs: Readonly<Record<string, Value>>,
  walk: TogetherWalk,
  ranges: Ranges,
  count: number,
): LowerBounds {
  const most = floatsOf(outputs, walk.most);
  const bound = Float64Array.from(floatsOf(outputs, walk.bias));
  const rounding = Float64Array.from(
    floatsOf(outputs, walk.error),
    (error, row) => error * SPARE * walk.errorSpare + (most[Math.floor(row / count)]! + 1) * walk.lost,
  );
  for (const [value, name] of walk.coefficients)
    addLeast(floatsOf(outputs, name), rangeOf(ranges, value), count, { bound, rounding });
  return { bound, rounding };
}
