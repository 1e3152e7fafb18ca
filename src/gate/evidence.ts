import type { Measure, Results } from '../suites/results.js';
import type { Defined } from './pick.js';

/** What rules judge: results, and what differences are computed from. */
export interface Evidence {
  measures: readonly Measure[];
  /** Default: complete. */
  status?: Results['status'];
  /** What was left out of a run that stopped when its gates were decided. */
  stopped?: Results['stopped'];
  warnings?: Readonly<Results['warnings']>;
  datasets?: readonly Pick<Results['datasets'][number], 'name' | 'fingerprint' | 'examples'>[];
  /** The run folder, where several are judged. */
  run?: string;
  /** The baseline of an earlier release. */
  blessed?: Blessed;
  /**
   * The difference of two measures on the same examples, the first less the second, or why there is none. The
   * second may be one of the baseline.
   */
  differenceOf?(measure: Defined, other: Defined, from: 'run' | 'blessed'): Promise<Difference | string>;
}

export interface Blessed {
  measures: readonly Measure[];
  /** For verdicts. */
  about: { key: string; created: string; commit?: string };
  /** Why a measure of the run cannot be compared with this one of the baseline; undefined where it can. */
  incomparable(measure: Defined, other: Defined): string | undefined;
}

/** A difference on paired examples. */
export interface Difference {
  value: number;
  /** Examples that both rest on. */
  n: number;
  interval: [number, number] | null;
  level: number;
  /** How the interval was made. */
  method: string;
  /** Two-sided; null where there is no test. */
  p: number | null;
  test: string | null;
}
