import type { Placements } from '../../metrics/ranking/delong.js';
import type { RankingMetrics } from '../../metrics/ranking/ranking.js';
import type { MeasureRows } from '../../suites/results.js';
import { columnsIn, type Group } from '../groups.js';

export type Options = NonNullable<MeasureRows['options']>;

/** What a column is to a statistic. */
export type Role =
  | 'confidence'
  | 'features'
  | 'label'
  | 'logits'
  | 'outcome'
  | 'reference'
  | 'score'
  | 'value';

/** By role: those that the statistic names. */
export type Columns = Readonly<Record<Role, Float64Array>>;

/** What a number is of the columns of a sheet. */
export type Statistic = ExampleStatistic | RankingStatistic | DetectionStatistic | TwoSampleStatistic;

/** Of one group of examples. */
export interface ExampleStatistic {
  kind: 'examples';
  name: string;
  /** The columns that it is made from. */
  roles: readonly Role[];
  /** Of these, which say what is computed; two values with other ones cannot be compared. */
  options?: readonly string[];
  /** Options that belong to the system. */
  own?: readonly string[];
  test: 'mcnemar' | 'paired-bootstrap';
  /**
   * What says at any time between which values it lies, of examples that come in a random order: the confidence sequence of
   * shares. A rule on it can then be decided before all are seen.
   */
  sequence?: 'share';
  /** Where examples have several rows: what makes one of them. */
  fold?(group: Group): Group;
  /** A function of how often each example was drawn, (n): of each once, the value. */
  of(columns: Columns, options: Options): (times: Uint8Array) => number;
}

/** Of ID examples against OOD examples; against several sets, the unweighted mean. */
export interface RankingStatistic {
  kind: 'ranking';
  name: string;
  roles: readonly ['score'];
  metric: keyof RankingMetrics;
  test: 'delong' | 'paired-bootstrap';
  /** The OOD examples are changed forms of the ID ones, in their order: what one adds is one number. */
  matched?: true;
}

/**
 * Of ID examples, by more than their scores, or in ways of their own, against OOD examples; against several sets, the
 * unweighted mean.
 */
export type DetectionStatistic = {
  kind: 'detection';
  name: string;
  roles: readonly ['score'] | readonly ['score', 'outcome'] | readonly ['features'];
  options?: readonly string[];
} & (
  | { test: 'delong'; placed(id: Columns, ood: Columns): Placements }
  | {
      test: 'paired-bootstrap';
      /** Where each takes long: fewer than usual. */
      resamples?: number;
      of(id: Columns, ood: Columns, options: Options): (timesId: Uint8Array, timesOod: Uint8Array) => number;
    }
);

/** Of examples against those of other data sets; against several, the unweighted mean. */
export interface TwoSampleStatistic {
  kind: 'two-sample';
  name: string;
  roles: readonly ['value'];
  test: 'paired-bootstrap';
  of(values: Float64Array, against: Float64Array): number;
}

/** The columns that it is made from, of its examples; a statistic reads no others. */
export const columnsFor = ({ roles }: Statistic, examples: Group): Columns =>
  columnsIn<Role>(examples, roles) as Columns;

/** Of an OOD set, or whatever else examples are held against: what tells them apart, which is the first of its roles. */
export const columnsAgainst = (
  { roles: [first] }: Exclude<Statistic, ExampleStatistic>,
  set: Group,
): Columns => columnsIn<Role>(set, [first]) as Columns;
