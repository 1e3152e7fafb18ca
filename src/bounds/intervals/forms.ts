import { type GraphBuilder, int } from '../../graph/build.js';
import { UNIT } from '../network/rounding.js';
import { isBlocked, scaled, scaledSum } from '../rows/blocked.js';
import type { Ends, Interval } from '../rows/row.js';

/** A number that each is near, and how near: the radius, or what it is with a minus; and `room` more. */
export interface Ball {
  centre: string;
  radius?: string;
  minus?: string;
  room?: number;
}

/** What is known of a value, in the form in which it was found; others are made when they are first asked for. */
export class Known {
  private spread: Ends | undefined;
  private applied: Interval | undefined;
  private whole: string | undefined;

  constructor(
    private readonly b: GraphBuilder,
    /** Of one image. */
    readonly dims: readonly number[],
    readonly form: Ends | Ball,
  ) {}

  get ball(): Ball | undefined {
    return 'centre' in this.form ? this.form : undefined;
  }

  /** Of a ball, the lower end is made first, and the upper from it, which is finite only where the lower is. */
  get ends(): Ends {
    if (!('centre' in this.form)) return this.form;
    this.spread ??= this.endsOf(this.form);
    return this.spread;
  }

  private endsOf({ centre, minus, room = 0 }: Ball): Ends {
    const { b, dims, radius } = this;
    if (minus !== undefined && room === 0) {
      const lower = b.op('Add', [centre, minus]);
      return { lower, upper: scaledSum(b, dims, minus, -2, lower) };
    }
    const lower = scaledSum(b, dims, radius, -1, centre);
    return { lower, upper: scaledSum(b, dims, radius, 2, lower) };
  }

  /** Ends that nothing is beyond. */
  get interval(): Interval {
    this.applied ??= this.appliedTo(this.ends);
    return this.applied;
  }

  private appliedTo({ lower, upper, room = 0, wobble }: Ends): Interval {
    const { b } = this;
    if (room === 0 && !wobble) return { lower, upper };
    const most =
      wobble &&
      b.op('Mul', [
        b.op('Sub', [b.op('Mul', [upper, b.scalar(2)]), wobble.of]),
        b.scalar(wobble.share * (1 + 8 * UNIT)),
      ]);
    const beyond = most === undefined ? b.scalar(room) : b.op('Add', [most, b.scalar(room)]);
    return { lower: b.op('Sub', [lower, beyond]), upper: b.op('Add', [upper, beyond]) };
  }

  /** Of a ball, its room included. */
  get radius(): string {
    this.whole ??= this.wholeOf(this.ball!);
    return this.whole;
  }

  private wholeOf({ radius, minus, room = 0 }: Ball): string {
    const own = radius ?? this.turned(minus!);
    return room === 0 ? own : this.b.op('Add', [own, this.b.scalar(room)]);
  }
  /** The same with a minus. */
  get minus(): string {
    const { minus, room = 0 } = this.ball!;
    return minus !== undefined && room === 0 ? minus : this.turned(this.radius);
  }
  private turned(x: string): string {
    return isBlocked(this.dims) ? scaled(this.b, this.dims[0]!, x, -1) : this.b.op('Neg', [x]);
  }

  /** (n): a number that is finite only where all of an end are. */
  sum(value: string): string {
    const axes = this.dims.map((_, axis) => axis + 1);
    const { b } = this;
    const of = isBlocked(this.dims) ? b.op('GlobalAveragePool', [value]) : value;
    return b.op('ReduceSum', [of, b.ints(axes)], { keepdims: int(0) });
  }
}
