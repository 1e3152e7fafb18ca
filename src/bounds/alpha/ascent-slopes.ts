import type { Bent } from '../network/network.js';
import type { Range } from '../network/ranges.js';
import { Climber, type FreeLines, forEachFunction, type PerFunction } from './ascent-lines.js';

type Curve = Extract<Bent, { lines: unknown }>;

/** Lower slopes of a curve, of lines through 0. */
export class FreeSlopes implements FreeLines {
  readonly feeds: ReadonlyMap<string, Float32Array>;
  private readonly slopes: Float32Array;
  private readonly climber: Climber;
  /** (n, size): between which they may be; equal where the lines are the function itself. */
  private readonly least: Float32Array;
  private readonly most: Float32Array;

  /**
   * @param input of the walk
   * @param first (n, size): where they begin
   * @param range of what the curve reads
   */
  constructor(
    private readonly input: string,
    private readonly of: PerFunction,
    first: Float32Array,
    { row, lowerSlopes: [flattest, steepest] = [0, 0] }: Curve,
    { lower, upper }: Range,
  ) {
    const fixed = first.map((_, i) => (row.exactOn?.(lower[i]!, upper[i]!) ? 1 : 0));
    this.least = first.map((slope, i) => (fixed[i] ? slope : flattest));
    this.most = first.map((slope, i) => (fixed[i] ? slope : steepest));
    this.slopes = new Float32Array(first.length * of.count);
    forEachFunction(of, (at, place) => {
      this.slopes[at] = first[place]!;
    });
    this.climber = new Climber(Float64Array.from(this.slopes));
    this.feeds = new Map([[input, this.slopes]]);
  }

  climb(gradients: (input: string) => Float32Array): void {
    this.climber.step(gradients(this.input));
    forEachFunction(this.of, (at, place) => {
      this.slopes[at] = this.climber.clamp(at, this.least[place]!, this.most[place]!);
    });
  }
}
