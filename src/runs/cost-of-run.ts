import { admit } from '../bytes/confine.js';
import { endingCalls } from './end-calls.js';
import { engineOf, loadRun, openRun } from './open-run.js';
import type { Job, Unit } from './plan.js';
import { type Measured, type PlanCost, planCost } from './plan-cost.js';
import { planned } from './planned.js';
import type { RunOptions } from './run-anew.js';
import { usualFolder } from './run-folder.js';
import { type Sharding, shardsOf } from './shard.js';
import { FolderStore } from './store.js';
import { storedUnits } from './stored-units.js';

export interface CostOptions extends Omit<RunOptions, 'shard'> {
  /** Measures so many examples first, of what may end early. Default: nothing is measured. */
  probe?: number;
  /** Also what each of so many shards takes. */
  shards?: number;
}

/** What a run file asks for, and what that is expected to take. */
export interface RunCost {
  title: string;
  /** The run folder, in which stored units were looked for. */
  directory: string;
  cost: PlanCost;
  sharding?: Sharding;
}

/**
 * What a run would take. Models and data are opened, or known from an earlier run; nothing of the run is measured.
 * Errors: those of reading, opening and planning.
 */
export async function costOfRun(file: string, options: CostOptions = {}): Promise<RunCost> {
  const { notify = () => undefined, signal = new AbortController().signal, probe, shards } = options;
  const loaded = await loadRun(file, options);
  const { title } = loaded.read;
  const out = options.out ?? usualFolder(title);
  admit(out);
  notify({ kind: 'stage', text: 'opening models and data' });
  const engine = await engineOf(loaded, options);
  return endingCalls(engine, signal, async () => {
    const { spec, close } = await openRun(loaded, engine, { ...options, out, notify });
    try {
      const { evaluation, plan } = await planned(spec);
      const store = FolderStore.reading(out);
      const stored = new Map<Job, ReadonlyMap<Unit, Measured>>();
      for (const job of plan.jobs) stored.set(job, await storedUnits(job, store));
      const known = { stored, ...(probe !== undefined && { probed: await probing(probe) }) };
      async function probing(examples: number) {
        const { probed } = await import('./probe.js');
        return probed({ entries: spec.entries, evaluation, plan, examples, signal, notify });
      }
      return {
        title,
        directory: out,
        cost: planCost(plan, evaluation, known),
        ...(shards !== undefined && { sharding: shardsOf(plan, evaluation, shards) }),
      };
    } finally {
      await close();
    }
  });
}
