import {
  type Condition,
  conditions,
  type Discrepancy,
  discrepancies,
  discrepancyText,
} from '../comparison/conditions.js';
import { type Match, matchMeasures } from '../comparison/match.js';
import { type Measured, measuredOf } from '../comparison/measured.js';
import { AssayError, unknownName } from '../errors.js';
import { mapTuple } from '../map-tuple.js';
import type { Results } from '../suites/results.js';
import type {
  ComparedMeasure,
  ComparedRun,
  ComparedSide,
  RunComparison,
  UnmatchedMeasure,
} from './run-comparison.js';
import type { RunFolder } from './run-folder.js';
import { identityOf, type Side, type SidePair } from './sides.js';
import { LEVEL, type MatchInPair, testMatches } from './test-matches.js';

/** What to compare and what to let through. */
export interface CompareOptions {
  /** Only measures of these names; default: those of the headline table. */
  measures?: readonly string[];
  /** Every measure. */
  all?: boolean;
  /** Conditions that may differ. */
  allowed: ReadonlySet<Condition>;
  /** Rows need not give the value of their measure. */
  edited?: boolean;
}

/**
 * Compares models measure by measure. Every test counts for Holm's correction, but for those of what has not changed.
 * Errors: `unknown-name` for measures that no side has; `not-comparable` when nothing could be compared; those of the
 * sheets that tests read.
 */
export async function compareRuns(
  runs: readonly RunFolder[],
  pairs: readonly SidePair[],
  options: CompareOptions,
): Promise<RunComparison> {
  const matched = pairs.map(({ before, after }) => matchMeasures(measuresOf(before), measuresOf(after)));
  const chosen = chooser(
    matched.flatMap(({ matches }) => matches),
    options,
  );
  const matches = matched.flatMap(({ matches }, pair) =>
    matches.filter(chosen).map(
      (match): MatchInPair => ({
        ...match,
        pair,
        sides: pairs[pair]!,
        differing: discrepancies(match.before, match.after),
      }),
    ),
  );
  if (matches.length === 0) throw nothingShared(pairs[0]!);
  const comparable = matches.filter(({ differing }) =>
    differing.every(({ condition }) => options.allowed.has(condition)),
  );
  if (comparable.length === 0) throw nothingComparable(matches[0]!);
  const tested = await testMatches(comparable, { edited: options.edited ?? false });
  const rows = matches.map((match): ComparedMeasure => {
    const outcome = tested.of.get(match);
    const told = match.differing.map(discrepancyText);
    const shared = { ...aboutOf(match), discrepancies: [...match.differing] };
    if (!outcome) return { ...shared, test: null, verdict: 'not comparable', reasons: told };
    const reasons = [...outcome.reasons, ...told.map((one) => `compared all the same: ${one}`)];
    return { ...shared, ...outcome, reasons };
  });
  return {
    version: 1,
    level: LEVEL,
    tests: tested.tests,
    correction: 'holm',
    runs: runs.map(runOf),
    pairs: pairs.map(({ before, after }) => ({
      before: sideOf(before, runs),
      after: sideOf(after, runs),
      notes: notesOf(before, after),
    })),
    rows,
    unmatched: matched.flatMap(({ onlyBefore, onlyAfter }, pair) => [
      ...onlyBefore.filter(isChosen(options)).map((one) => unmatchedOf(one, pair, 'before')),
      ...onlyAfter.filter(isChosen(options)).map((one) => unmatchedOf(one, pair, 'after')),
    ]),
    flips: tested.flips.map(({ match, ...flip }) => ({ row: matches.indexOf(match), ...flip })),
  };
}

const measuresOf = ({ run, model }: Side): Measured[] =>
  measuredOf(run.results).filter(({ measure }) => measure.model === model);

/** Which measures are meant. Errors: `unknown-name`. */
function chooser(all: readonly Match[], options: CompareOptions): (match: Match) => boolean {
  const known = [...new Set(all.map(({ before }) => before.measure.measure))].sort();
  for (const name of options.measures ?? [])
    if (!known.includes(name)) throw unknownName('measure', name, known, { path: '--measure' });
  const meant = isChosen(options);
  const headline = all.filter(({ before, after }) => meant(before) || meant(after));
  // Runs without headline measures are compared by all that they have.
  if (headline.length === 0 && !options.measures) return () => true;
  return ({ before, after }) => meant(before) || meant(after);
}

const isChosen =
  ({ measures, all }: CompareOptions) =>
  ({ measure }: Measured): boolean =>
    measures ? measures.includes(measure.measure) : all || measure.headline === true;

function nothingShared({ before, after }: SidePair): AssayError {
  return new AssayError('not-comparable', 'the two have no measure in common', {
    expected: `a measure of "${before.model}" (${before.run.name}) that "${after.model}" (${after.run.name}) has too`,
    found: [...new Set(measuresOf(after).map(({ measure }) => measure.measure))].join(', ') || 'no measures',
    hint: 'run both with the same suites; --all compares measures outside of the headline table too',
  });
}

function nothingComparable({ before, differing }: MatchInPair): AssayError {
  const [first, ...rest] = differing as readonly [Discrepancy, ...Discrepancy[]];
  const names = [...new Set(differing.map(({ condition }) => condition))];
  return new AssayError(
    'not-comparable',
    `no measure of the two can be compared; ${before.measure.title} differs`,
    {
      path: first.what,
      expected: first.before,
      found: first.after,
      hint: `${conditions[first.condition].remedy}; or compare all the same with --allow ${names.join(',')}`,
      also: rest.map(discrepancyText),
    },
  );
}

/** What differs between two runs and is told without refusing anything. */
function notesOf(before: Side, after: Side): string[] {
  const [a, b] = [before.run.results, after.run.results];
  if (a === b) return [];
  const told: [string, (results: Results) => string][] = [
    ['seed', ({ seed }) => String(seed)],
    ['Assay', ({ environment }) => environment.assay],
    ['engine', ({ environment }) => environment.engine],
  ];
  const differing = told.flatMap(([what, of]) =>
    of(a) === of(b) ? [] : [`${what}: ${of(a)} against ${of(b)}`],
  );
  const same = identityOf(before) !== '' && identityOf(before) === identityOf(after);
  return [...differing, ...(same ? ['the same weights on both sides'] : [])];
}

const sideOf = (side: Side, runs: readonly RunFolder[]): ComparedSide => ({
  run: runs.findIndex(({ directory }) => directory === side.run.directory),
  model: side.model,
  identity: identityOf(side),
});

const runOf = ({ name, results }: RunFolder): ComparedRun => {
  const { title, created, seed, status, key, environment } = results;
  const { assay, engine, git } = environment;
  return { name, title, created, seed, status, key: key ?? null, assay, engine, git: git ?? null };
};

function aboutOf({ before: { measure: a }, after: { measure: b }, pair }: MatchInPair) {
  const { suite, measure, dataset, params, better, format } = b;
  const [before, after] = mapTuple([a, b], ({ value, n, interval }) => ({ value, n, interval }));
  const difference = a.value === null || b.value === null ? null : b.value - a.value;
  return { pair, suite, measure, title: b.title, dataset, params, better, format, before, after, difference };
}

const unmatchedOf = ({ measure: m }: Measured, pair: number, side: 'before' | 'after'): UnmatchedMeasure => {
  const { suite, measure, title, dataset, params } = m;
  return { pair, side, suite, measure, title, dataset, params };
};
