import type { DatasetInfo } from '../../data/dataset.js';
import { fitting } from '../../gate/pick.js';
import type { GateRule } from '../../gate/rule.js';
import { whyWhole } from '../../gate/sequential.js';
import type { DatasetEntry, Evaluation } from '../inventory/inventory.js';
import { looks } from '../plan/looks.js';
import type { Plan, SuitePlan } from '../plan/plan.js';
import { FAILED_EXAMPLES } from '../rows/failed-summary.js';

/** Whether a rule may judge what a suite gives: its measures, or its warnings. */
export function mayJudge(
  { measure, suite: wanted, where = {} }: GateRule,
  { entry: { suite }, wanted: requests }: SuitePlan,
): boolean {
  if (requests.length === 0) return false;
  if (![wanted, where.suite].every((name) => name === undefined || fitting(name)(suite.name))) return false;
  if (measure === undefined || suite.measures === undefined) return true;
  return suite.measures.includes(measure) || measure === FAILED_EXAMPLES;
}

/** Why a part of the examples says nothing of a suite's measures of all; undefined where it does. */
export const whyTogether = ({ entry: { suite } }: SuitePlan): string | undefined =>
  suite.examplesApart ? undefined : `the suite ${suite.name} looks at examples together`;

export const isOn = ({ where = {} }: GateRule, dataset: string): boolean =>
  where.dataset === undefined || fitting(where.dataset)(dataset);

/**
 * The same evaluation, with the data sets in a random order of which some gate may need a part only. Data sets that others
 * are made of, or that are read as a whole for a threshold or a fit, stay as they are.
 * @param plan of the evaluation as it is
 */
export function shuffledFor(rules: readonly GateRule[], plan: Plan, evaluation: Evaluation): Evaluation {
  const partly = rules.filter((rule) => whyWhole(rule) === undefined);
  return shuffledSets(
    evaluation,
    plan,
    ({ name, size }) =>
      looks(size).length > 1 &&
      plan.suites.some(
        (suite) =>
          whyTogether(suite) === undefined &&
          suite.wanted.some(({ request }) => request.dataset === name) &&
          partly.some((rule) => isOn(rule, name) && mayJudge(rule, suite)),
      ),
  );
}

/** The same, of the data sets that are wanted so. */
export function shuffledSets(
  evaluation: Evaluation,
  { jobs }: Pick<Plan, 'jobs'>,
  wanted: (info: DatasetInfo) => boolean,
): Evaluation {
  const read = jobs.flatMap(({ reference }) => reference.map(({ job }) => job.request));
  const whole = read.filter(({ measurement }) => measurement.firstImages === undefined);
  const readWhole = new Set(whole.map(({ dataset }) => dataset));
  for (const { info } of evaluation.datasets.values()) if (info.recipe?.of) readWhole.add(info.recipe.of);
  const fits = ({ info }: DatasetEntry) => !info.recipe && !readWhole.has(info.name) && wanted(info);
  return {
    ...evaluation,
    datasets: new Map([...evaluation.datasets].map(([name, set]) => [name, fits(set) ? shuffled(set) : set])),
  };
}

const shuffled = (set: DatasetEntry): DatasetEntry => ({
  info: { ...set.info, shuffled: true },
  ...(set.read && { read: (start: number, end: number) => set.read!(start, end) }),
});
