import { statistics } from '../../comparison/statistics.js';
import { type TSchema, Type } from '../../config/type.js';
import { check } from '../../config/validate.js';
import { AssayError, inOneLine } from '../../errors.js';
import { resultsSchema } from '../../report/schema.js';
import type { Collected, SuiteContext, Summary } from '../../suites/contract.js';
import { linkedTables } from '../../suites/linked-tables.js';
import { Refused, type SystemRefusal } from '../../suites/refused.js';
import type { NotApplicable, SuiteResult } from '../../suites/results.js';
import { optionRecord, type SuiteEntry } from '../asked/suite-entries.js';
import type { Execution } from '../measuring/execute.js';
import { type Job, readBy, type SuitePlan } from '../plan/plan.js';
import { UnitLost } from '../rows/collect.js';
import { collectShared } from '../rows/collect-shared.js';
import { collectedRows } from '../rows/collected-rows.js';
import {
  allFailed,
  type Casualties,
  casualtiesOf,
  failedMeasure,
  failedSheet,
  failedWarning,
  leaveOutFailed,
  nothingIsLeft,
  sharedParams,
} from '../rows/failed-summary.js';
import type { UnitStore } from '../units/store.js';
import { refusedSummary } from './refused-summary.js';

/** What a suite came to: its part of the results, and the rest of its summary. */
export interface SuiteOutcome {
  result: SuiteResult;
  summary: Summary;
  /** Why something is missing, for results.json. */
  errors: readonly string[];
  /** The same as errors with place and remedy. */
  failures: readonly AssayError[];
}

/**
 * Lets a suite summarise its rows. A system of which some measurement failed or is missing is left out and told; the
 * others are summarised, with what does not rest on it. A failure of the suite itself harms no other suite.
 * @param steps is told how far what takes long is
 */
export async function summariseSuite(
  plan: SuitePlan,
  store: Pick<UnitStore, 'read' | 'column'>,
  { failures, stopped, costs }: Execution,
  steps?: SuiteContext['steps'],
): Promise<SuiteOutcome> {
  const { entry, context, wanted, notApplicable } = plan;
  const { suite, options, title } = entry;
  const summary: Summary = { measures: [], notApplicable: [...notApplicable] };
  let empty = true;
  const about = { suite: suite.name, title, description: suite.description, options: optionRecord(options) };
  const troubles = new Map<string, AssayError>();
  const blame = (system: string, error: AssayError) => {
    if (!troubles.has(system)) troubles.set(system, stopped ?? error);
  };
  try {
    const collected: Collected[] = [];
    const refusals: SystemRefusal[] = [];
    for (const { request, job, size } of wanted) {
      try {
        const failed = culprit(job, failures);
        const failure = failures.get(failed);
        if (failure) {
          blame(failed.request.system, failure);
          continue;
        }
        collected.push({ request, ...(await collectShared(store, job, size)) });
      } catch (error) {
        if (error instanceof Refused) {
          refusals.push({ system: request.system, ...error.refusal });
          continue;
        }
        if (!(error instanceof AssayError)) throw error;
        if (error instanceof UnitLost && costs.get(job)?.units === job.units.length) throw error;
        blame(request.system, error);
      }
    }
    const casualties = casualtiesOf(collected);
    for (const one of casualties)
      if (nothingIsLeft(one, collected, suite.requestsApart)) blame(one.system, allFailed(one));
    const systems = context.systems.filter(({ name }) => !troubles.has(name));
    if (systems.length > 0) {
      const sound = collected.filter(({ request }) => !troubles.has(request.system));
      const rows = collectedRows(
        leaveOutFailed(sound, suite.requestsApart),
        troubles.size === 0 ? plan.requests : undefined,
      );
      const made = suite.summarise(rows, options, { ...context, systems, steps });
      refuseSummary(made, suite.name);
      const refused = refusedSummary(suite.name, [...refusals, ...(made.refusals ?? [])]);
      Object.assign(summary, made, {
        warnings: [...refused.warnings, ...(made.warnings ?? [])],
        tables: linkedTables(made.tables ?? [], made.measures),
        notApplicable: [...notApplicable, ...refused.notApplicable, ...(made.notApplicable ?? [])],
      });
      empty = cameToNothing(summary, wanted);
      const told = casualties.filter(({ system }) => !troubles.has(system));
      if (!empty) tellFailed(summary, suite.name, told);
    }
  } catch (thrown) {
    if (thrown instanceof UnitLost) throw thrown;
    const error = asSuiteError(thrown, suite.name);
    const result = { ...about, status: 'error' as const, error: inOneLine(error), tables: [], figures: [] };
    return {
      errors: [`${suite.name}: ${result.error}`],
      failures: [error],
      summary: { measures: [], notApplicable: [...notApplicable] },
      result,
    };
  }
  const { tables = [], figures = [] } = summary;
  if (troubles.size === 0 && !entry.optional && empty) {
    const error = notMeasured(entry, summary.notApplicable ?? []);
    return {
      errors: stopped ? [] : [`${suite.name}: ${inOneLine(error)}`],
      failures: stopped ? [] : [error],
      summary,
      result: { ...about, status: 'error', error: error.message, tables, figures },
    };
  }
  if (troubles.size === 0)
    return { errors: [], failures: [], summary, result: { ...about, status: 'ok', tables, figures } };
  const told = [...troubles].map(([system, trouble]) => `${system}: ${inOneLine(trouble)}`);
  return {
    // What stopped everything is told once, by the caller.
    errors: stopped ? [] : told,
    failures: stopped ? [] : [...troubles.values()],
    summary,
    result: { ...about, status: 'error', error: `left out ${told.join('; ')}`, tables, figures },
  };
}

/** Adds what is to be told of examples without a result: their number always, so that a gate can ask for none. */
function tellFailed(summary: Summary, suite: string, casualties: readonly Casualties[]): void {
  const params = sharedParams(summary.measures);
  summary.measures = [...summary.measures, ...casualties.map((one) => failedMeasure(suite, one, params))];
  const some = casualties.filter(({ failed }) => failed.length > 0);
  if (some.length === 0) return;
  summary.warnings = [...some.map((one) => failedWarning(suite, one)), ...(summary.warnings ?? [])];
  summary.examples = [...(summary.examples ?? []), failedSheet(suite, some)];
}

/** Tables without rows are nothing. Sheets alone are something, if there was anything to put into them. */
function cameToNothing(
  { measures, tables = [], figures = [], ...rest }: Summary,
  wanted: SuitePlan['wanted'],
) {
  if (measures.length + figures.length > 0 || tables.some(({ rows }) => rows.length > 0)) return false;
  return wanted.length === 0 || (rest.examples ?? []).length + (rest.arrays ?? []).length === 0;
}

/** Reasons told in full; more are counted. */
const REASONS = 5;

/** A suite that was asked for and came to nothing. */
function notMeasured({ suite, path, file }: SuiteEntry, missing: readonly NotApplicable[]): AssayError {
  const reasons = [...new Set(missing.map(({ model, reason }) => `${model}: ${reason}`))];
  const more = reasons.length > REASONS ? [`and ${reasons.length - REASONS} more reasons`] : [];
  return new AssayError('not-measured', `the suite "${suite.name}" could not measure anything`, {
    file,
    path,
    found: [...reasons.slice(0, REASONS), ...more].join('; ') || 'no system and data set that it is for',
    hint: `give it what it lacks, or write \`optional: true\` beside its name: \`- { ${suite.name}: {}, optional: true }\`, with its options in the inner braces`,
  });
}

/** What failed first of a job and what it reads: one system may read the rows of another, which is then to blame. */
function culprit(job: Job, failures: Execution['failures']): Job {
  const failed = readBy(job).find((read) => failures.has(read));
  return failed && failures.has(job) ? culprit(failed, failures) : job;
}

function asSuiteError(thrown: unknown, suite: string): AssayError {
  if (thrown instanceof AssayError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AssayError('suite-failed', `the suite "${suite}" could not summarise: ${message}`, {
    hint: 'everything it measured is kept; run again with --debug to see where it failed',
    cause: thrown,
  });
}

let published: TSchema | undefined;

/** The parts of the published schema that a summary fills. */
function summarySchema(): TSchema {
  const results: { properties?: Record<string, object> } = resultsSchema();
  const { measures, suites, warnings, notApplicable } = results.properties ?? {};
  const parts: { items?: { properties?: Record<string, object> } } = suites!;
  const { tables, figures } = parts.items?.properties ?? {};
  return Type.Unsafe({
    type: 'object',
    required: ['measures'],
    properties: { measures, tables, figures, warnings, notApplicable },
  });
}

/** Errors: `suite-failed` when a summary does not fit the published format, or names rows that it does not have. */
function refuseSummary({ examples = [], arrays: _, ...summary }: Summary, suite: string): void {
  try {
    check((published ??= summarySchema()), summary, { what: 'summary' });
  } catch (cause) {
    if (!(cause instanceof AssayError)) throw cause;
    throw new AssayError('suite-failed', `the suite "${suite}" returned what results.json cannot hold`, {
      ...cause.details,
      file: undefined,
      hint: 'see reports/results.schema.json; an undefined value is null with a note, never NaN',
      cause,
    });
  }
  for (const { measure, rows } of summary.measures) {
    if (!rows || (examples.some(({ name }) => name === rows.sheet) && statistics.has(rows.statistic)))
      continue;
    const sheets = examples.map(({ name }) => name).join(', ') || 'none';
    throw new AssayError(
      'suite-failed',
      `the suite "${suite}" says that "${measure}" is made from rows that there are not`,
      {
        expected: `a sheet of its summary (${sheets}) and a statistic (${statistics.names.join(', ')})`,
        found: `the sheet "${rows.sheet}" and the statistic "${rows.statistic}"`,
        hint: 'correct `rows` of the measure, or leave it out',
      },
    );
  }
}
