import { bitsOf, magnitudesOf, type Range, storeOutward } from '../network/ranges.js';
import type { Plane, Planes, ProductRow } from '../rows/row.js';
import { Climber, type FreeLines, forEachFunction, type PerFunction } from './ascent-lines.js';

/** Inputs of a walk that are the planes of one side: slopes of both values, and what is added. */
export interface PlaneInputs {
  slope: string;
  other: string;
  intercept: string;
}

/** The two values that a product is of. */
interface Factors {
  row: ProductRow;
  ranges: readonly [Range, Range];
}

/**
 * Planes of a product: of the two on each side any mean, by a weight in [0, 1], which is what alpha-CROWN climbs with there (Shi et al.
 * 2020, 2024). Climbs begin at the better of the two.
 */
export class FreePlanes implements FreeLines {
  readonly feeds: ReadonlyMap<string, Float32Array>;
  private readonly sides: readonly Side[];

  constructor(inputs: { lower: PlaneInputs; upper: PlaneInputs }, of: PerFunction, factors: Factors) {
    this.sides = [
      new Side(inputs.lower, of, factors, { of: (planes) => planes.lower, outward: -1 }),
      new Side(inputs.upper, of, factors, { of: (planes) => planes.upper, outward: 1 }),
    ];
    this.feeds = new Map(this.sides.flatMap((side) => side.feeds));
  }

  climb(gradients: (input: string) => Float32Array): void {
    for (const side of this.sides) side.climb(gradients);
  }
}

/** What float64 may lose of a mean of planes, relative to the numbers that meet: more than enough. */
const SPARE = 2 ** -48;

class Side {
  readonly feeds: readonly (readonly [string, Float32Array])[];
  /** (n, count, size) */
  private readonly slopes: Float32Array;
  private readonly others: Float32Array;
  private readonly intercepts: Float32Array;
  /** Weights of the second plane. */
  private readonly climber: Climber;
  /** (n, size) */
  private readonly planes: readonly (readonly [Plane, Plane])[];
  /** The same: how large both values are at most. */
  private readonly reach: readonly [Float32Array, Float32Array];

  constructor(
    private readonly inputs: PlaneInputs,
    private readonly of: PerFunction,
    { row, ranges: [x, y] }: Factors,
    private readonly side: { of: (planes: Planes) => readonly [Plane, Plane]; outward: -1 | 1 },
  ) {
    const length = of.n * of.count * of.size;
    this.slopes = new Float32Array(length);
    this.others = new Float32Array(length);
    this.intercepts = new Float32Array(length);
    this.feeds = [
      [inputs.slope, this.slopes],
      [inputs.other, this.others],
      [inputs.intercept, this.intercepts],
    ];
    this.climber = new Climber(new Float64Array(length));
    this.planes = Array.from({ length: of.n * of.size }, (_, i) =>
      side.of(row.planes([x.lower[i]!, x.upper[i]!], [y.lower[i]!, y.upper[i]!])),
    );
    this.reach = [magnitudesOf(x), magnitudesOf(y)];
    this.store();
  }

  climb(gradients: (input: string) => Float32Array): void {
    const { inputs, of, planes, climber } = this;
    const [slopes, others, intercepts] = [inputs.slope, inputs.other, inputs.intercept].map(gradients);
    const along = new Float64Array(climber.at.length);
    forEachFunction(of, (at, place) => {
      const [one, two] = planes[place]!;
      along[at] =
        slopes![at]! * (two.slopes[0] - one.slopes[0]) +
        others![at]! * (two.slopes[1] - one.slopes[1]) +
        intercepts![at]! * (two.intercept - one.intercept);
    });
    climber.step(along);
    this.store();
  }

  /** What slopes lost when they were stored, the intercept gives way by. */
  private store(): void {
    const { slopes, others, intercepts, planes, climber } = this;
    const [ofFirst, ofSecond] = this.reach;
    const { outward } = this.side;
    const bits = bitsOf(intercepts);
    forEachFunction(this.of, (at, place) => {
      const [one, two] = planes[place]!;
      const weight = climber.clamp(at, 0, 1);
      const mean = (a: number, b: number) => a + weight * (b - a);
      const size = (a: number, b: number) => Math.abs(a) + Math.abs(b);
      const slope = mean(one.slopes[0], two.slopes[0]);
      const other = mean(one.slopes[1], two.slopes[1]);
      slopes[at] = slope;
      others[at] = other;
      const lost =
        ofFirst[place]! * (Math.abs(slope - slopes[at]!) + SPARE * size(one.slopes[0], two.slopes[0])) +
        ofSecond[place]! * (Math.abs(other - others[at]!) + SPARE * size(one.slopes[1], two.slopes[1])) +
        SPARE * size(one.intercept, two.intercept);
      storeOutward(intercepts, bits, at, mean(one.intercept, two.intercept) + outward * lost, outward);
    });
  }
}
