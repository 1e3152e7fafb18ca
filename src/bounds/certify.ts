import type { Engine } from '../engines/engine.js';
import { SpareMemory } from '../engines/spare-memory.js';
import { Ascent } from './alpha/ascent.js';
import { Combined } from './crown/crown-ibp.js';
import { Propagation } from './crown/propagation.js';
import { type Refining, refine } from './crown/refine.js';
import { ibpGraph, type TogetherGraph, togetherGraph } from './crown/together.js';
import { Walks, walkImages } from './crown/walks.js';
import { Headroom } from './intervals/headroom.js';
import { bentValues } from './intervals/intervals.js';
import { type Bounded, boundedNetwork, type Network, withoutRounding } from './network/network.js';
import { Programs } from './network/programs.js';
import { type Boxes, better, type LowerBounds, type Range, type Ranges } from './network/ranges.js';
import { stopsOf } from './network/stops.js';

/**
 * How intervals of inner values are found: propagated forward, or each by a walk back of its own; and whether the slopes of the
 * lines are those of CROWN or climb.
 */
export type Method = 'ibp' | 'crown-ibp' | 'crown' | 'alpha-crown';

/** Steps up of alpha-CROWN, as in auto_LiRPA's example. */
export const ITERATIONS = 20;

/** Functions of logits, (n, count, classes), and intervals. */
interface Asked {
  n: number;
  ranges: Map<string, Range>;
  rows: Float32Array;
  count: number;
}

/** What a method says, and of which images all intervals are finite. */
interface Propagated {
  ranges: Map<string, Range>;
  sure: readonly boolean[];
  found: LowerBounds;
}

/**
 * Bounds of images of which nothing overflowed; of the others, and where a bound is no finite number, nothing is proved.
 * @param within of each image, whether nothing of the network itself overflows
 */
function sureOf(
  { sure, found }: Pick<Propagated, 'sure' | 'found'>,
  within: readonly boolean[],
  count: number,
): LowerBounds {
  const holds = (i: number) => {
    const image = Math.floor(i / count);
    return (
      sure[image] && within[image] && Number.isFinite(found.bound[i]) && Number.isFinite(found.rounding[i])
    );
  };
  // Nothing is taken off a bound that says nothing: the difference could be no number.
  return {
    bound: found.bound.map((bound, i) => (holds(i) ? bound : Number.NEGATIVE_INFINITY)),
    rounding: found.rounding.map((rounding, i) => (holds(i) ? rounding : 0)),
  };
}

/**
 * Lower bounds of linear functions of a network's logits over boxes. Programs are made when first used.
 * Sources: IBP (Gowal et al. 2018), CROWN-IBP (Zhang et al. 2020), CROWN (Zhang et al. 2018, theorem 3.2), alpha-CROWN (Xu et al.
 * 2021).
 */
export class BoundPrograms {
  /** Operators, with their nodes, that an interval was outside of the domain of: nothing was proved there. */
  readonly outside = new Set<string>();
  /** For ends of boxes: nothing holds them once `lowerBounds` has answered. */
  readonly spare = new SpareMemory();
  private readonly propagation: Propagation;
  private readonly headroom: Headroom;
  private readonly programs: Programs;
  private readonly walks: Walks;
  private readonly ascent: Ascent;
  private readonly combined: Partial<Record<Method, Combined>>;
  private readonly refining: Refining;
  private readonly stops: readonly string[];

  private constructor(
    engine: Engine,
    private readonly network: Bounded,
  ) {
    this.programs = new Programs(engine);
    this.walks = new Walks(network, this.programs);
    const stops = stopsOf(network);
    this.stops = stops;
    const combined = (name: Method, make: () => TogetherGraph | undefined) =>
      new Combined(network, this.programs, name, make);
    this.combined = {
      ibp: combined('ibp', () => ibpGraph(network, stops)),
      'crown-ibp': combined('crown-ibp', () => togetherGraph(network, stops)),
    };
    this.ascent = new Ascent(engine, network, this.programs);
    // One more is fed, or read, meanwhile.
    this.refining = { network, walks: this.walks, lanes: engine.concurrency + 1 };
    this.propagation = new Propagation(this.refining, this.programs);
    this.headroom = new Headroom(network, this.programs);
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
   * Bounds are -Infinity where something overflows. Lines may be looser than intervals: of the two the better counts, so that
   * no method proves less than `ibp`.
   * @param rows (n, count, classes): functions of the logits
   * @param iterations steps up of `alpha-crown`
   */
  async lowerBounds(
    boxes: Boxes,
    rows: Float32Array,
    count: number,
    method: Method,
    iterations = ITERATIONS,
  ): Promise<LowerBounds> {
    if (count === 0) return { bound: new Float64Array(0), rounding: new Float64Array(0) };
    const within = await this.headroom.of(boxes);
    const own = method === 'ibp' ? undefined : await this.combined[method]?.of(boxes, rows, count);
    // As `ibp` has it, to the last digit: no method proves less.
    const propagated = own?.propagated
      ? { ...own, found: own.propagated }
      : await this.propagated(boxes, rows, count);
    const isLinear = this.stops.every((value) => value === this.network.pixels);
    if (method === 'ibp' || isLinear) {
      this.noteOutside(propagated.ranges);
      return sureOf(propagated, within, count);
    }
    const { ranges, sure } =
      own ?? (await this.propagation.of(boxes, [...bentValues(this.network), ...this.stops]));
    this.noteOutside(ranges);
    const found = own?.found ?? (await this.crown({ n: boxes.n, ranges, rows, count }, method, iterations));
    return better(sureOf(propagated, within, count), sureOf({ found, sure }, within, count));
  }

  close(): Promise<void> {
    return this.programs.close();
  }

  /** The first, since others read what it gives. */
  private noteOutside(ranges: Ranges): void {
    const outside = this.network.bent.find(({ node, row }) => {
      if (row.kind !== 'curve' || !row.defined) return false;
      const of = ranges.get(node.inputs[0]!);
      return of?.lower.some((low, i) => !row.defined?.(low, of.upper[i]!));
    });
    if (outside) this.outside.add(`${outside.row.op} (node "${outside.node.name}")`);
  }

  /** What `ibp` says: on intervals, back to where all is affine from on. */
  private async propagated(boxes: Boxes, rows: Float32Array, count: number): Promise<Propagated> {
    const together = await this.combined.ibp?.of(boxes, rows, count);
    if (together) return together;
    const { ranges, sure } = await this.propagation.of(boxes, this.stops);
    return { ranges, sure, found: await this.walked(this.stops, { n: boxes.n, ranges, rows, count }) };
  }

  /** By lines all the way to the pixels. */
  private async crown(asked: Asked, method: Method, iterations: number): Promise<LowerBounds> {
    const { n, ranges } = asked;
    const { logits, pixels } = this.network;
    if (method !== 'crown-ibp') await refine(this.refining, n, ranges);
    if (method !== 'alpha-crown') return this.walked([pixels], asked);
    const walk = await this.walks.begin({ from: logits, stops: [pixels] }, n, ranges);
    return this.ascent.climbed(walk, asked, iterations);
  }

  private async walked(stops: readonly string[], { n, ranges, rows, count }: Asked): Promise<LowerBounds> {
    const walk = await this.walks.begin({ from: this.network.logits, stops }, n, ranges);
    return walkImages(walk, n, rows, count);
  }
}
