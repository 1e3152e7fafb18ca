import type { GraphBuilder } from '../graph/build.js';
import { int } from '../graph/build.js';
import { isBlocked, scaled, scaledSum } from './blocked.js';
import type { Interval } from './row.js';

/** Both ends of each number. */
export interface Ends extends Interval {
  /** Numbers may be so far beyond them, besides: at most half of `LOST`. */
  room: number;
  /** No end is below 0. */
  positive: boolean;
}

/** A number that each is near, and how near; the radius, or what it is with a minus. */
export interface Ball {
  centre: string;
  radius?: string;
  minus?: string;
}

/** What is known of a value, in the form in which it was found; others are made when they are first asked for. */
export class Known {
  private spread: Ends | undefined;
  private applied: Interval | undefined;

  constructor(
    private readonly b: GraphBuilder,
    /** Of one image. */
    readonly dims: readonly number[],
    readonly form: Ends | Ball,
  ) {}

  get ball(): Ball | undefined {
    return 'centre' in this.form ? this.form : undefined;
  }

  /** Of a ball, the lower end is made first, and the upper from it. */
  get ends(): Ends {
    if (!('centre' in this.form)) return this.form;
    this.spread ??= this.endsOf(this.form);
    return this.spread;
  }

  private endsOf({ centre, radius, minus }: Ball): Ends {
    const { b, dims } = this;
    if (minus !== undefined) {
      const lower = b.op('Add', [centre, minus]);
      return { lower, upper: scaledSum(b, dims, minus, -2, lower), room: 0, positive: false };
    }
    return {
      lower: scaledSum(b, dims, radius!, -1, centre),
      upper: scaledSum(b, dims, radius!, 1, centre),
      room: 0,
      positive: false,
    };
  }

  /** Ends that nothing is beyond. */
  get interval(): Interval {
    const { lower, upper, room } = this.ends;
    if (room === 0) return { lower, upper };
    const { b } = this;
    this.applied ??= {
      lower: b.op('Sub', [lower, b.scalar(room)]),
      upper: b.op('Add', [upper, b.scalar(room)]),
    };
    return this.applied;
  }

  get radius(): string {
    const { radius, minus } = this.ball!;
    return radius ?? this.turned(minus!);
  }
  get minus(): string {
    const { radius, minus } = this.ball!;
    return minus ?? this.turned(radius!);
  }
  private turned(x: string): string {
    return isBlocked(this.dims) ? scaled(this.b, this.dims[0]!, x, -1) : this.b.op('Neg', [x]);
  }

  /** (n): a number that is finite only where all of an end are. */
  sum(value: string): string {
    const axes = this.dims.map((_, axis) => axis + 1);
    const [b, means] = [this.b, isBlocked(this.dims)];
    const of = means ? b.op('GlobalAveragePool', [value]) : value;
    return b.op('ReduceSum', [of, b.ints(axes)], { keepdims: int(0) });
  }
}
