import { LEVEL } from '../../gate/sequential.js';
import type { Stopped } from '../../suites/results.js';
import { builtinRunCatalogue } from '../asked/run-catalogue.js';
import type { Inventory } from '../inventory/inventory.js';
import type { Execution } from '../measuring/execute.js';
import { type Needs, samplesOf } from '../plan/cut-plan.js';
import type { Job, Plan } from '../plan/plan.js';

interface Measured {
  needs: Needs;
  /** What is needed of the plan. */
  cut: Plan;
  execution: Pick<Execution, 'costs'>;
  /** Examples and units of a job of the plan that are measured, be it for something else: an accuracy that a card expects. */
  done: ReadonlyMap<Job, { examples: number; units: number }>;
  /** Gates that need all examples. */
  whole: Stopped['whole'];
}

/** What a run left out that measured what it needed only; undefined where that was all. */
export function stoppedOf(
  plan: Plan,
  { needs, cut, execution: { costs }, whole, done }: Measured,
  inventory: Inventory,
): Stopped | undefined {
  const samples: Stopped['samples'] = [];
  const omitted: Stopped['omitted'] = [];
  for (const [i, suite] of plan.suites.entries()) {
    const { entry, wanted } = suite;
    const of = samplesOf(suite);
    for (const dataset of new Set(wanted.map(({ request }) => request.dataset))) {
      const about = { suite: entry.suite.name, title: entry.title, dataset };
      const n = needs[i]!.get(dataset) ?? 0;
      const size = of.get(dataset) ?? n;
      if (n === 0) omitted.push(about);
      else if (n < size) samples.push({ ...about, n, of: size });
    }
  }
  if (samples.length + omitted.length === 0) return undefined;
  const spent = new Map([...costs].map(([{ key }, cost]) => [key, cost]));
  const cuts = new Map(cut.jobs.map((job) => [job.key, job]));
  let [units, measured, saved] = [0, 0, 0];
  for (const job of plan.jobs) {
    const cost = spent.get(job.key);
    const passes = cost ? cost.passes.forward + cost.passes.gradient : 0;
    const each = cost && cost.examples > 0 ? passes / cost.examples : mostOf(job, inventory);
    const needed = { examples: cuts.get(job.key)?.size ?? 0, units: cuts.get(job.key)?.units.length ?? 0 };
    const there = done.get(job) ?? needed;
    const examples = Math.max(needed.examples, there.examples);
    units += Math.max(needed.units, there.units);
    measured += passes + each * (examples - needed.examples);
    saved += each * (job.size - examples);
  }
  return {
    level: LEVEL,
    samples,
    omitted,
    whole,
    units: { measured: units, of: plan.jobs.reduce((sum, job) => sum + job.units.length, 0) },
    passes: { measured: Math.round(measured), saved: Math.round(saved) },
  };
}

/** Passes that an example takes at most, as far as the measurement says. */
function mostOf({ request }: Job, { systems, catalogue = builtinRunCatalogue }: Inventory): number {
  const { measurement, params, system } = request;
  const info = systems.get(system)?.info;
  const passes = info && measurement.passes?.(params, info, catalogue);
  return passes ? passes.forward + passes.gradient : 0;
}
