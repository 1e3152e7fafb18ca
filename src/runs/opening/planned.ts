import { checkInventory, type Evaluation } from '../inventory/inventory.js';
import type { MeasureEnvironment } from '../measuring/measure-unit.js';
import { type Plan, planRun } from '../plan/plan.js';
import type { Salvage } from '../rows/salvage.js';
import type { UnitStore } from '../units/store.js';
import type { RunSpec } from './run-spec.js';

type Planned = Pick<RunSpec, 'entries' | 'evaluation' | 'gates' | 'file'> & { untilDecided?: boolean };

/** The units of a run, and what they are measured of: with examples in a random order where gates may need a part only. */
export interface PlannedRun {
  evaluation: Evaluation;
  plan: Plan;
}

/** Errors: as `checkInventory` and `planRun`. */
export async function planned(spec: Planned): Promise<PlannedRun> {
  checkInventory(spec.evaluation, spec.file);
  const asItLies = planRun(spec.entries, spec.evaluation);
  if (!spec.untilDecided) return { evaluation: spec.evaluation, plan: asItLies };
  const evaluation = await shuffled(spec, asItLies);
  return { evaluation, plan: planRun(spec.entries, evaluation) };
}

/** @param plan of the evaluation as it is */
async function shuffled({ gates, evaluation }: Planned, plan: Plan): Promise<Evaluation> {
  const { shuffledFor } = await import('./shuffle.js');
  return shuffledFor(gates, plan, evaluation);
}

/** What a run with --until-decided has measured of this one, which has examples as they lie. */
export async function salvageFor(spec: Planned, plan: Plan, store: UnitStore): Promise<Salvage | undefined> {
  if (spec.untilDecided || spec.gates.length === 0) return undefined;
  const { salvageOf } = await import('../rows/salvage.js');
  const { seed } = spec.evaluation;
  return salvageOf(plan, planRun(spec.entries, await shuffled(spec, plan)), { store, seed });
}

/** What units are measured with. */
export const measureEnvironment = (
  { systems, datasets, seed, catalogue }: Evaluation,
  store: UnitStore,
  salvage: Salvage | undefined,
): MeasureEnvironment => ({
  systems,
  datasets,
  seed,
  store,
  ...(catalogue && { catalogue }),
  ...(salvage && { salvage }),
});
