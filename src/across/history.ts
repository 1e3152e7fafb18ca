import { type Discrepancy, discrepancies } from '../comparison/conditions.js';
import { conditionKey, tellingParams } from '../comparison/match.js';
import { type Measured, measuredOf } from '../comparison/measured.js';
import { AssayError, unknownName } from '../errors.js';
import type { Measure, Results } from '../suites/results.js';
import type { PastRun } from './read-history.js';

/** What `assay history` found: measures over time, oldest run first. */
export interface History {
  version: 1;
  runs: HistoryRun[];
  series: HistorySeries[];
}

export type HistoryRun = Pick<Results, 'title' | 'created' | 'status' | 'seed'> & {
  name: string;
  assay: string;
  git: string | null;
  sealed: boolean;
};

/** One measure of one model. */
export interface HistorySeries
  extends Pick<
    Measure,
    'model' | 'suite' | 'measure' | 'title' | 'dataset' | 'params' | 'better' | 'format'
  > {
  /** Oldest first; `run` is the position in `runs`. */
  points: ({
    run: number;
    /** Of the paired test to the point before, not corrected; null where there is none. */
    p: number | null;
  } & Pick<Measure, 'value' | 'n' | 'interval'>)[];
  /** Where the values stop being of the same thing: between the point of `run` and the one before. */
  breaks: { run: number; discrepancies: Discrepancy[] }[];
  /** Of the latest value to the one before; null across a break. */
  sincePrevious: number | null;
  /** Of the latest value to the first that is of the same thing; null where it is that. */
  sinceFirst: { run: number; difference: number } | null;
}

export interface HistoryOptions {
  measures?: readonly string[];
  models?: readonly string[];
  /** Every measure, not only those of the headline table. */
  all?: boolean;
}

/** A value of a series. */
export interface SeriesPoint {
  run: number;
  of: Measured;
}

/** @param tests p values of measures to the run before. Errors: as `seriesIn` */
export function historyOf(
  past: readonly PastRun[],
  options: HistoryOptions,
  tests: ReadonlyMap<Measure, number> = new Map(),
): History {
  const series = seriesIn(past, options).map((points) => seriesOf(points, tests));
  return { version: 1, runs: past.map(runOf), series };
}

/**
 * The values that make one line each, oldest first.
 * Errors: `unknown-name` for measures and models that no run has; `not-comparable` when nothing is left.
 */
export function seriesIn(past: readonly PastRun[], options: HistoryOptions): SeriesPoint[][] {
  const measured = past.map(({ results }) => measuredOf(results));
  const every = measured.flat();
  const telling = tellingParams(every);
  const seriesKey = (one: Measured) => JSON.stringify([one.measure.model, conditionKey(telling)(one)]);
  const chosen = chooser(every, options, seriesKey);
  const groups = new Map<string, SeriesPoint[]>();
  measured.forEach((all, run) => {
    // Two entries of a suite may give the same measure: the first counts.
    const seen = new Set<string>();
    for (const one of all) {
      const key = seriesKey(one);
      if (!chosen(one) || seen.has(key)) continue;
      seen.add(key);
      groups.set(key, [...(groups.get(key) ?? []), { run, of: one }]);
    }
  });
  if (groups.size === 0)
    throw new AssayError('not-comparable', 'no run has a measure of the headline table', {
      hint: 'name measures with --measure, or take all of them with --all',
    });
  return [...groups.values()];
}

function chooser(
  every: readonly Measured[],
  { measures, models, all }: HistoryOptions,
  seriesKey: (one: Measured) => string,
): (one: Measured) => boolean {
  const names = (of: (one: Measured) => string) => [...new Set(every.map(of))].sort();
  const require = (kind: string, given: readonly string[], known: string[]) => {
    for (const name of given)
      if (!known.includes(name)) throw unknownName(kind, name, known, { path: `--${kind}` });
  };
  require('measure', measures ?? [], names(({ measure }) => measure.measure));
  require('model', models ?? [], names(({ measure }) => measure.model));
  // One that was in the headline table once stays in the history.
  const headline = new Set(every.filter(({ measure }) => measure.headline).map(seriesKey));
  return (one) =>
    (!models || models.includes(one.measure.model)) &&
    (measures ? measures.includes(one.measure.measure) : all || headline.has(seriesKey(one)));
}

function seriesOf(series: readonly SeriesPoint[], tests: ReadonlyMap<Measure, number>): HistorySeries {
  const breaks = series.slice(1).flatMap(({ run, of }, i) => {
    const differing = discrepancies(series[i]!.of, of);
    return differing.length > 0 ? [{ run, discrepancies: differing }] : [];
  });
  const { model, suite, measure, title, dataset, params, better, format } =
    series[series.length - 1]!.of.measure;
  const points = series.map(({ run, of: { measure: m } }) => ({
    run,
    p: tests.get(m) ?? null,
    value: m.value,
    n: m.n,
    interval: m.interval,
  }));
  const since = breaks.at(-1)?.run ?? points[0]!.run;
  const defined = points.filter((point) => point.run >= since && point.value !== null);
  const [first, previous, latest] = [defined[0]!, defined.at(-2), defined.at(-1)];
  const toLatest = (value: number | null) => (latest?.value ?? 0) - (value ?? 0);
  return {
    ...{ model, suite, measure, title, dataset, params, better, format },
    points,
    breaks,
    sincePrevious: previous ? toLatest(previous.value) : null,
    sinceFirst: previous ? { run: first.run, difference: toLatest(first.value) } : null,
  };
}

const runOf = ({ name, results, sealed }: PastRun): HistoryRun => {
  const { title, created, status, seed, environment } = results;
  return {
    name,
    title,
    created,
    status,
    seed,
    assay: environment.assay,
    git: environment.git ?? null,
    sealed,
  };
};
