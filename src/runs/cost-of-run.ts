import { admit } from '../bytes/confine.js';
import { interruption } from '../concurrency.js';
import type { AssayError } from '../errors.js';
import { endingCalls } from './end-calls.js';
import { usualFolder } from './folder/run-folder.js';
import { engineOf, loadRun, openRun } from './opening/open-run.js';
import { planned } from './opening/planned.js';
import type { Job } from './plan/plan.js';
import { type PlanCost, planCost } from './plan/plan-cost.js';
import { type Sharding, shardsOf } from './plan/shard.js';
import { stockOf } from './rows/stored-units.js';
import type { RunOptions } from './run-anew.js';
import { CachedStore, withCaches } from './units/cached-units.js';
import { FolderStore, type UnitStore } from './units/store.js';
import { headOf, type UnitHead } from './units/unit-file.js';

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
  /** Of the units that are stored: how many in caches. */
  cached: number;
  /** What failed in the probe, and tells nothing of what it takes. */
  failures: ReadonlyMap<Job, AssayError>;
  sharding?: Sharding;
  /** With `sharding`: what all shards take, which begin in folders of their own. */
  anew?: PlanCost;
}

/**
 * What a run would take. Models and data are opened, or known from an earlier run; nothing of the run is measured.
 * Errors: those of reading, opening and planning; `interrupted`.
 */
export async function costOfRun(file: string, options: CostOptions = {}): Promise<RunCost> {
  const { notify = () => undefined, signal = new AbortController().signal, cache = [] } = options;
  const { probe, shards } = options;
  const loaded = await loadRun(file, options);
  const { title } = loaded.read;
  const out = options.out ?? usualFolder(title);
  admit(out);
  const tell = (text: string) => notify({ kind: 'note', text });
  return withCaches(cache, out, { endpoint: options.endpoint, signal, tell }, async (caches) => {
    notify({ kind: 'stage', text: 'opening models and data' });
    const engine = await engineOf(loaded, options);
    return endingCalls(engine, signal, async () => {
      const { spec, close } = await openRun(loaded, engine, { ...options, out, notify, signal });
      try {
        if (signal.aborted) throw interruption(signal);
        const { evaluation, plan } = await planned(spec);
        const own = keepingHeads(FolderStore.reading(out));
        const store = new CachedStore(own, caches, tell);
        const { stored } = await stockOf(plan.jobs, store);
        const probing = async (examples: number) => {
          const { probed } = await import('./opening/probe.js');
          return probed({ entries: spec.entries, evaluation, plan, examples, signal, notify });
        };
        const found = probe === undefined ? undefined : await probing(probe);
        const known = { stored, ...(found && { probed: found.experience }) };
        return {
          title,
          directory: out,
          cost: planCost(plan, evaluation, known),
          cached: own.taken(),
          failures: found?.failures ?? new Map(),
          ...(shards !== undefined && {
            sharding: shardsOf(plan, evaluation, shards),
            anew: planCost(plan, evaluation, { ...known, anew: true }),
          }),
        };
      } finally {
        await close();
      }
    });
  });
}

/** A store that changes nothing: of what is written to it, units of caches, it keeps what they say of themselves. */
function keepingHeads(folder: Pick<UnitStore, 'head' | 'read'>): UnitStore & { taken(): number } {
  const heads = new Map<string, UnitHead>();
  return {
    head: async (key) => heads.get(key) ?? folder.head(key),
    read: (key) => folder.read(key),
    write: async (unit) => void heads.set(unit.key, headOf(unit)),
    taken: () => heads.size,
  };
}
