import { compareSystems } from '../../comparison/compare-systems.js';
import { sheetsInMemory } from '../../comparison/sheets.js';
import { type AssayError, inOneLine } from '../../errors.js';
import { evaluateGates } from '../../gate/evaluate.js';
import { evidenceOf } from '../../gate/gather.js';
import type { GateRule } from '../../gate/rule.js';
import type { Step } from '../../metrics/estimates/intervals.js';
import type { ExampleArray } from '../../suites/contract.js';
import type { Cost, Results, Stopped, Warning } from '../../suites/results.js';
import { judgedBaseline, readBaseline } from '../folder/baseline.js';
import { sinceEpoch } from '../folder/since-epoch.js';
import type { Inventory } from '../inventory/inventory.js';
import type { Execution } from '../measuring/execute.js';
import { leftOutWarnings, withLeftOut } from '../measuring/left-out.js';
import type { Listener, StagePart } from '../measuring/progress.js';
import { measurementVersions } from '../plan/measurement-versions.js';
import { distinct, type Plan } from '../plan/plan.js';
import type { UnitStore } from '../units/store.js';
import { type PlacedSheet, placeSheets } from './example-sheets.js';
import { stoppedSummary } from './stopped-summary.js';
import { summariseSuite } from './summarise.js';
import { systemSummary } from './system-summary.js';

/** What results are assembled from. */
export interface ResultsInput {
  title: string;
  /** Of the run. */
  key: string;
  /** The run file as resolved. */
  config: unknown;
  gates: readonly GateRule[];
  /** The folder of the baseline that gates compare with. */
  baseline?: string | undefined;
  inventory: Inventory;
  environment: Results['environment'];
  plan: Plan;
  execution: Execution;
  /** What a run left out that measured what its gates needed: `plan` is cut to that. */
  stopped?: Stopped | undefined;
  store: UnitStore;
  warnings: readonly Warning[];
  /** When the run began, in ms since 1970. */
  began: number;
}

export interface Assembled {
  results: Results;
  sheets: PlacedSheet[];
  arrays: ExampleArray[];
  /** `results.errors` with their places and remedies; equal ones once. */
  failures: AssayError[];
}

/**
 * Summarises every suite and assembles results.json. Everything in it follows from the stored units, but for
 * `created`, `seconds` and `costs[].seconds`.
 */
export async function assembleResults(input: ResultsInput, notify: Listener): Promise<Assembled> {
  const { plan, execution, inventory, stopped } = input;
  const { leftOut = [] } = execution;
  const store = withLeftOut(input.store, leftOut);
  const suites: Results['suites'] = [];
  const measures: Results['measures'] = [];
  const units = plan.jobs.reduce((sum, job) => sum + job.units.length, 0);
  const warnings: Warning[] = [...leftOutWarnings(leftOut, units), ...input.warnings];
  const notApplicable: Results['notApplicable'] = [];
  const errors = new Set<string>();
  const failures = new Map<string, AssayError>();
  const sheets: PlacedSheet[] = [];
  const place = placeSheets();
  const arrays: ExampleArray[] = [];
  if (execution.stopped) {
    errors.add(inOneLine(execution.stopped));
    failures.set('stopped', execution.stopped);
  }
  for (const [done, suitePlan] of plan.suites.entries()) {
    const { title } = suitePlan.entry;
    const stage = { kind: 'stage', text: `summarising: ${title}`, done, of: plan.suites.length } as const;
    notify(stage);
    const steps = seldom((part) => notify({ ...stage, part }));
    const {
      result: whole,
      summary: made,
      ...failed
    } = await summariseSuite(suitePlan, store, execution, steps);
    const summary = stoppedSummary(made, suitePlan.stopped);
    const { tables = [], figures = [] } = summary;
    const result = { ...whole, tables, figures };
    suites.push({
      ...result,
      measures: summary.measures.length,
      measurements: measurementVersions(suitePlan),
    });
    const placed = place(summary);
    measures.push(...placed.measures);
    sheets.push(...placed.sheets);
    warnings.push(...(summary.warnings ?? []));
    notApplicable.push(...(summary.notApplicable ?? []));
    arrays.push(...(summary.arrays ?? []));
    for (const error of failed.errors) errors.add(error);
    for (const failure of failed.failures) failures.set(failure.explain(), failure);
  }
  const systems = [...inventory.systems.values()].map(({ info }) => systemSummary(info));
  // The paired tests are those of a fixed number of examples.
  const comparisons = stopped
    ? undefined
    : await compareSystems(
        { measures, suites, systems, seed: inventory.seed },
        sheetsInMemory(sheets),
        (title, done, of) => notify({ kind: 'stage', text: `comparing the systems: ${title}`, done, of }),
      );
  const status = errors.size > 0 ? 'partial' : stopped ? 'stopped' : 'complete';
  const results: Results = {
    version: 1,
    title: input.title,
    key: input.key,
    status,
    ...(status === 'stopped' && { stopped }),
    created: new Date().toISOString(),
    seconds: 0,
    seed: inventory.seed,
    config: input.config,
    environment: input.environment,
    systems,
    datasets: [...inventory.datasets.values()].map(
      ({ info: { classes, sequences, absentClasses: _, shuffled: __, ...info } }) => ({
        ...info,
        shape: [...info.shape],
        ...(sequences && { sequences: [...sequences] }),
        ...(classes && { classes: [...classes] }),
      }),
    ),
    measures,
    ...(comparisons && { comparisons }),
    suites,
    warnings: distinct(warnings),
    notApplicable: distinct(notApplicable),
    gates: [],
    costs: costsOf(plan, execution),
    errors: [...errors],
  };
  const baseline =
    input.baseline === undefined ? undefined : judgedBaseline(await readBaseline(input.baseline));
  const gated = { results, sheets: sheetsInMemory(sheets) };
  const gates = await evaluateGates(input.gates, await evidenceOf(input.gates, gated, baseline));
  return {
    results: { ...results, gates, seconds: (sinceEpoch() - input.began) / 1000 },
    sheets,
    arrays,
    failures: [...failures.values()],
  };
}

/** How often progress inside a suite is told, in ms. */
const TICK = 200;

/** Tells of steps now and then: there may be thousands in a second. */
function seldom(tell: (part: StagePart) => void): (what: string) => Step {
  let next = 0;
  return (what) => (done, of) => {
    if (performance.now() < next) return;
    next = performance.now() + TICK;
    tell({ what, done, of });
  };
}

function costsOf({ jobs }: Plan, { costs }: Execution): Cost[] {
  return jobs.flatMap((job) => {
    const cost = costs.get(job);
    if (!cost) return [];
    const { measurement, system, dataset } = job.request;
    const params: Record<string, unknown> = { ...(job.request.params as object) };
    const { units, examples, passes, seconds } = cost;
    return [
      { measurement: measurement.name, model: system, dataset, params, examples, units, ...passes, seconds },
    ];
  });
}
