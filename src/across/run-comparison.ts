import type { Discrepancy } from '../comparison/conditions.js';
import type { Measure, Results } from '../suites/results.js';

/**
 * What `assay compare` found: one structure for terminal, page, CSV and JSON. Values are fractions, never percent.
 * Differences are `after` minus `before`.
 */
export interface RunComparison {
  version: 1;
  /** Coverage of intervals, and one minus the error rate of verdicts over all tests together. */
  level: number;
  /** How many tests the p values are corrected for. */
  tests: number;
  correction: 'holm';
  runs: ComparedRun[];
  /** Whom the rows compare; a row names its pair by position. */
  pairs: { before: ComparedSide; after: ComparedSide; notes: string[] }[];
  rows: ComparedMeasure[];
  /** Measures that one side has and the other has nothing like. */
  unmatched: UnmatchedMeasure[];
  flips: FlippedExample[];
}

export type ComparedRun = Pick<Results, 'title' | 'created' | 'seed' | 'status'> & {
  /** As reports call it: its folder. */
  name: string;
  key: string | null;
  assay: string;
  engine: string;
  git: string | null;
};

export interface ComparedSide {
  /** Position in `runs`. */
  run: number;
  model: string;
  /** Hash of what the model is; empty where results do not tell. */
  identity: string;
}

/**
 * `better`, `worse`: the corrected test says so. `different`: it does, of a measure of which neither direction is better.
 * `no evidence`: the data do not separate the two. `not tested`: there is no test of this
 * measure. `not comparable`: the two are not of the same thing.
 */
export type Verdict = 'better' | 'worse' | 'different' | 'no evidence' | 'not tested' | 'not comparable';

export type ComparedValue = Pick<Measure, 'value' | 'n' | 'interval'>;

export interface ComparedMeasure
  extends Pick<Measure, 'suite' | 'measure' | 'title' | 'dataset' | 'params' | 'better' | 'format'> {
  pair: number;
  before: ComparedValue;
  after: ComparedValue;
  /** `after` minus `before`, of the values as reported; null where one is undefined. */
  difference: number | null;
  test: PairedTest | null;
  verdict: Verdict;
  /** Why it is not tested or not comparable, and what was let through. */
  reasons: string[];
  discrepancies: Discrepancy[];
}

/** On the examples that both sides have. */
export interface PairedTest {
  /** `mcnemar`, `delong`, `paired-bootstrap`. */
  name: string;
  difference: number;
  interval: [number, number] | null;
  /** Examples that both have. */
  n: number;
  p: number;
  /** After Holm over all tests of the comparison. */
  corrected: number;
}

export type UnmatchedMeasure = Pick<Measure, 'suite' | 'measure' | 'title' | 'dataset' | 'params'> & {
  pair: number;
  /** Who has it. */
  side: 'before' | 'after';
};

/** An example that one side gets right and the other wrong. */
export interface FlippedExample {
  /** Position in `rows`. */
  row: number;
  /** Source index in the data set. */
  index: number;
  /** `gained`: only `after` has it right. */
  direction: 'gained' | 'lost';
  /** Class index; null where rows do not tell. */
  label: number | null;
  before: number | null;
  after: number | null;
}
