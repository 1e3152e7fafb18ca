import { Type } from '../../config/type.js';
import { AssayError } from '../../errors.js';
import type { ModelCard } from '../../models/card/card.js';
import { judgeAccuracy } from '../../models/checks.js';
import { defineSuite, request } from '../../suites/contract.js';
import { clean } from '../../suites/measurements/clean.js';
import { classifiedOf } from '../../suites/measurements/collected.js';
import type { Evaluation, Inventory } from '../inventory/inventory.js';
import { type ExecuteOptions, type Execution, execute } from '../measuring/execute.js';
import { planRun } from '../plan/plan.js';
import { collectRange } from '../rows/collect.js';
import { failedIn, withoutFailed } from '../rows/failed-examples.js';

/** What a model card expects, and where it says so. */
export interface Expectation {
  system: string;
  expect: NonNullable<ModelCard['expect']>;
  file?: string;
}

/**
 * Checks the clean accuracy of models whose cards expect one, on stored units: what is measured here, suites find
 * again. Returns what stopped it, when something did.
 * @param partial names of data sets that are a part of the whole that cards speak of
 * Errors: `expectation-missed`; `data-invalid` when the data set is missing or unlabelled; what measuring throws;
 * `UnitLost`.
 */
export async function checkExpectations(
  expectations: readonly Expectation[],
  evaluation: Evaluation,
  measuring: ExecuteOptions,
  partial: ReadonlySet<string>,
): Promise<Pick<Execution, 'measured' | 'stopped'>> {
  if (expectations.length === 0) return { measured: 0 };
  const { wanted, plan } = expectationPlan(expectations, evaluation);
  const { due = () => true } = measuring;
  const { failures, measured, stopped } = await execute(plan.jobs, measuring);
  if (stopped) return { measured, stopped };
  for (const error of failures.values()) throw error;
  for (const [i, { expect, file, system, dataset }] of wanted.entries()) {
    const { job, request } = plan.suites[0]!.wanted[i]!;
    const seen = { right: 0, n: 0 };
    for (const { key, start, end } of job.units) {
      if (!due(key)) continue;
      const collected = await collectRange(measuring.store, job, start, end);
      const sound = withoutFailed(collected, failedIn(collected));
      const { correct } = classifiedOf({ request, ...sound });
      seen.right += correct.reduce<number>((sum, one) => sum + Number(one), 0);
      seen.n += correct.length;
    }
    // A shard without images of it leaves that to the others.
    if (seen.n === 0 && job.units.some(({ key }) => !due(key))) continue;
    const network = evaluation.systems.get(system)?.info.network;
    judgeAccuracy({
      system,
      dataset,
      expect,
      correct: seen.right,
      n: seen.n,
      subset: partial.has(dataset) || job.units.some(({ key }) => !due(key)),
      file,
      network,
    });
  }
  return { measured };
}

/**
 * Clean passes over the data sets that cards speak of, planned as a run plans them.
 * Errors: `data-invalid` when the data set is missing or unlabelled.
 */
export function expectationPlan(expectations: readonly Expectation[], evaluation: Inventory) {
  const wanted = expectations.map((expectation) => ({
    ...expectation,
    dataset: datasetFor(expectation, evaluation),
  }));
  const suite = defineSuite({
    name: 'expectations',
    title: 'Expected accuracy',
    description: 'Whether models reach the accuracy their cards expect.',
    options: Type.Object({}),
    needs: [],
    plan: () =>
      wanted.map(({ system, dataset }) => request({ measurement: clean, system, dataset, params: {} })),
    summarise: () => ({ measures: [] }),
  });
  const entry = { suite, options: {}, title: suite.title, path: 'models', file: 'the run file' };
  const plan = planRun([entry], evaluation);
  return { wanted, plan };
}

/** The data set a card speaks of. Errors: `data-invalid`. */
export function datasetFor(
  { system, expect, file }: Expectation,
  { datasets }: Pick<Inventory, 'datasets'>,
): string {
  // Cards speak of images as they are, not of what a run makes of them.
  const infos = [...datasets.values()].flatMap(({ info }) => (info.recipe ? [] : [info]));
  const found = expect.on
    ? infos.find(({ name }) => name === expect.on)
    : infos.find(({ role, labelled }) => role === 'test' && labelled);
  if (found?.labelled) return found.name;
  throw new AssayError(
    'data-invalid',
    `the accuracy that "${system}" is expected to reach cannot be checked`,
    {
      file,
      path: expect.on ? 'expect.on' : 'expect.accuracy',
      expected: `a labelled data set${expect.on ? ` called "${expect.on}"` : ' with role: test'} in the run file`,
      found: found ? 'one without labels' : infos.map(({ name }) => name).join(', '),
      hint: 'add that data set to the run file, or drop `expect` from the card',
    },
  );
}
