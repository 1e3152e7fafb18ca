import type { Engine } from '../engines/engine.js';
import { Ascent } from './ascent.js';
import { type Bounded, boundedNetwork, type Network, withoutRounding } from './network.js';
import { Programs } from './programs.js';
import { Propagation } from './propagation.js';
import type { Boxes, LowerBounds } from './ranges.js';
import { type Refining, refine } from './refine.js';
import { Walks, walkBack } from './walks.js';

/**
 * How intervals of inner values are found: propagated forward, or each by a walk back of its own; and whether the slopes of the
 * lines are those of CROWN or climb.
 */
export type Method = 'ibp' | 'crown-ibp' | 'crown' | 'alpha-crown';

/** Steps up of alpha-CROWN, as in auto_LiRPA's example. */
export const ITERATIONS = 20;

/**
 * Lower bounds of linear functions of a network's logits over boxes. Programs are made when first used.
 * Sources: IBP (Gowal et al. 2018), CROWN-IBP (Zhang et al. 2020), CROWN (Zhang et al. 2018, theorem 3.2), alpha-CROWN (Xu et al.
 * 2021).
 */
export class BoundPrograms {
  private readonly propagation: Propagation;
  private readonly programs: Programs;
  private readonly walks: Walks;
  private readonly ascent: Ascent;
  private readonly refining: Refining;

  private constructor(
    engine: Engine,
    private readonly network: Bounded,
  ) {
    this.programs = new Programs(engine);
    this.walks = new Walks(network, this.programs);
    this.ascent = new Ascent(engine, network, this.programs);
    // One more is fed, or read, meanwhile.
    this.refining = { network, walks: this.walks, lanes: engine.concurrency + 1 };
    this.propagation = new Propagation(this.refining, this.programs);
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
   * @param iterations steps up of `alpha-crown`
   */
  async lowerBounds(
    boxes: Boxes,
    rows: Float32Array,
    count: number,
    method: Method,
    iterations = ITERATIONS,
  ): Promise<LowerBounds> {
    const { network } = this;
    const stops = method === 'ibp' ? this.lastBends() : [network.pixels];
    const { ranges, sure } = await this.propagation.of(boxes, method === 'ibp' ? stops : undefined);
    if (method === 'crown' || method === 'alpha-crown') await refine(this.refining, boxes.n, ranges);
    const walk = await this.walks.begin({ from: network.logits, stops }, boxes.n, ranges);
    const images = Array.from({ length: boxes.n }, (_, image) => ({ image }));
    const found =
      method === 'alpha-crown'
        ? await this.ascent.climbed(walk, { n: boxes.n, ranges, rows, count }, iterations)
        : await walkBack(walk, images, rows, count);
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
}
