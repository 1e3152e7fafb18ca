import type { Value } from '../../engines/engine.js';
import { floatsOf } from '../../engines/outputs.js';
import { type Bounded, dimsOf, sizeOf } from '../network/network.js';
import type { Programs } from '../network/programs.js';
import type { Boxes, Hull } from '../network/ranges.js';
import { guardedValues } from './guarded.js';
import { type IntervalGraph, intervalGraph } from './intervals.js';

/**
 * Whether a network's own sums stay within float32 over boxes, in any order and with any numbers folded. What holds over a box that holds all
 * others holds over each: it is looked at once, and each by itself only where it does not.
 */
export class Headroom {
  private graph: IntervalGraph | undefined;
  /** The largest that was looked at, and the smallest over which something may overflow. */
  private known: Hull = { lower: Number.POSITIVE_INFINITY, upper: Number.NEGATIVE_INFINITY };
  private beyond: Hull | undefined;

  constructor(
    private readonly network: Bounded,
    private readonly programs: Programs,
  ) {}

  /** Of each box. */
  async of(boxes: Boxes): Promise<readonly boolean[]> {
    const { n } = boxes;
    const { network } = this;
    const every = () => Array.from({ length: n }, () => true);
    if (!network.outward) return every();
    this.graph ??= intervalGraph(network, [], [], guardedValues(network));
    // Then walks say all.
    if (this.graph.finite === undefined) return every();
    const hull = hullOf(boxes);
    if (holds(this.known, hull)) return every();
    if (!this.beyond || !holds(hull, this.beyond)) {
      const size = sizeOf(network, network.pixels);
      const all = (end: number) => new Float32Array(size).fill(end);
      const [within] = await this.look({ n: 1, lower: all(hull.lower), upper: all(hull.upper) });
      if (within) {
        this.known = hull;
        return every();
      }
      this.beyond = hull;
    }
    return this.look(boxes);
  }

  private async look({ n, lower, upper }: Boxes): Promise<boolean[]> {
    const { network } = this;
    const { graph, pixels, finite = '' } = this.graph!;
    const program = await this.programs.of('headroom', graph);
    const dims = [n, ...dimsOf(network, network.pixels)];
    const fed = (data: Float32Array): Value => ({ type: 'float32', dims, data });
    const found = await program.run({ [pixels.lower]: fed(lower), [pixels.upper]: fed(upper) });
    return Array.from(floatsOf(found, finite), Number.isFinite);
  }
}

const holds = (one: Hull, other: Hull): boolean => one.lower <= other.lower && one.upper >= other.upper;

/** Of images, [0, 1] at least. */
function hullOf({ lower, upper, hull }: Boxes): Hull {
  if (hull) return hull;
  let [low, high] = [0, 1];
  for (const end of lower) low = Math.min(low, end);
  for (const end of upper) high = Math.max(high, end);
  return { lower: low, upper: high };
}
