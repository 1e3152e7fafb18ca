import { type TSchema, Type } from '@sinclair/typebox';
import { check } from '../config/validate.js';
import { AssayError } from '../errors.js';
import { resultsSchema } from '../report/schema.js';
import type { Collected, Summary } from '../suites/contract.js';
import type { SuiteResult } from '../suites/results.js';
import { collectRange } from './collect.js';
import type { Execution } from './execute.js';
import type { SuitePlan } from './plan.js';
import type { UnitStore } from './store.js';
import { optionRecord } from './suite-entries.js';

/** What a suite came to: its part of the results, and the rest of its summary. */
export interface SuiteOutcome {
  result: SuiteResult;
  summary: Summary;
  error?: AssayError;
}

/** Lets a suite summarise its rows. A failure, of its measurements or its own, is told and harms no other suite. */
export async function summariseSuite(
  { entry, context, wanted, notApplicable }: SuitePlan,
  store: UnitStore,
  { failures, stopped }: Execution,
): Promise<SuiteOutcome> {
  const { suite, options, title } = entry;
  const summary: Summary = { measures: [], notApplicable: [...notApplicable] };
  const about = { suite: suite.name, title, description: suite.description, options: optionRecord(options) };
  try {
    const failed = wanted.find(({ job }) => failures.has(job));
    if (failed) throw failures.get(failed.job);
    const collected: Collected[] = [];
    for (const { request, job, size } of wanted) {
      collected.push({ request, ...(await collectRange(store, job, 0, size)) });
    }
    if (context.systems.length > 0) {
      const made = suite.summarise(collected, options, context);
      refuseSummary(made, suite.name);
      Object.assign(summary, made, { notApplicable: [...notApplicable, ...(made.notApplicable ?? [])] });
    }
    const { tables = [], figures = [] } = summary;
    return { summary, result: { ...about, status: 'ok', tables, figures } };
  } catch (thrown) {
    const error = stopped ?? asSuiteError(thrown, suite.name);
    return {
      error,
      summary,
      result: { ...about, status: 'error', error: inOneLine(error), tables: [], figures: [] },
    };
  }
}

/** The message with its place and remedy. */
export function inOneLine({ message, details }: AssayError): string {
  const { file, path, expected, found, hint } = details;
  const place = [file, path].filter((part) => part).join(' at ');
  return [
    place ? `${message} (${place})` : message,
    expected && `expected ${expected}`,
    found && `found ${found}`,
    hint,
  ]
    .filter((part) => part)
    .join('; ');
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
  const parts: { items?: { properties?: Record<string, object> } } = suites;
  const { tables, figures } = parts.items?.properties ?? {};
  return Type.Unsafe({
    type: 'object',
    required: ['measures'],
    properties: { measures, tables, figures, warnings, notApplicable },
  });
}

/** Errors: `suite-failed` when a summary does not fit the published format. */
function refuseSummary({ examples: _, ...summary }: Summary, suite: string): void {
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
}
