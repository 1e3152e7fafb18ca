import { framesOf } from '../../data/formats/frames.js';
import type { EngineOptions } from '../../engines/registry.js';
import { createEngine } from '../../engines/registry.js';
import { imageSize } from '../../models/batching.js';
import type { Batch, System } from '../../models/system.js';
import { builtinRunCatalogue } from '../asked/run-catalogue.js';
import { type RunFile, readRunFile } from '../asked/run-file.js';
import { type SuiteEntry, suiteEntries } from '../asked/suite-entries.js';
import { checkInventory, type Evaluation, type Inventory } from '../inventory/inventory.js';
import type { Listener } from '../measuring/progress.js';
import { plainPasses } from '../plan/plain-passes.js';
import { planRun } from '../plan/plan.js';
import { openInputs } from './open-inputs.js';

/** How much of a run fits into a minute. */
export interface FirstLook {
  /** Examples of every data set; absent where all of them fit. */
  limit?: number;
  /** An estimate for so many. */
  seconds: number;
  /** An estimate for all. */
  allSeconds: number;
}

/** Seconds of passes that a first look may take. */
const BUDGET = 35;
/** Opening, summarising and writing the report take about so long, whatever is measured. */
const BESIDE = 10;
/** Numbers of examples to choose from. */
const LIMITS = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/**
 * Opens all that a run file names, as the run will, times a few passes of every system and adds up those that the suites
 * plan. Nothing is measured.
 * @param short the suites of a first look, where they are not those of the file
 * Errors: those that the run would end with before it measures anything.
 */
export async function firstLook(
  file: string,
  {
    engine: name,
    notify,
    short,
    ...options
  }: EngineOptions & { engine?: string | undefined; notify?: Listener; short?: RunFile['suites'] } = {},
): Promise<FirstLook> {
  const read = await readRunFile(file);
  const entries = await suiteEntries(read.config.suites, builtinRunCatalogue, file);
  const few = short ? await suiteEntries(short, builtinRunCatalogue, file) : entries;
  const engine = await createEngine(name, options);
  try {
    const inputs = await openInputs(read, engine, { seed: read.config.seed, ...(notify && { notify }) });
    try {
      const { evaluation } = inputs;
      checkInventory(evaluation, file);
      return chosen({ entries, few }, evaluation, await passCosts(evaluation));
    } finally {
      await inputs.close();
    }
  } finally {
    await engine.close();
  }
}

/** Seconds of a pass of one example, where all sessions are busy. */
interface PassCost {
  forward: number;
  gradient: number;
}

type PassCosts = ReadonlyMap<string, PassCost>;

function chosen(
  { entries, few }: Record<'entries' | 'few', readonly SuiteEntry[]>,
  inventory: Inventory,
  costs: PassCosts,
): FirstLook {
  const seconds = (limit: number) => BESIDE + secondsOf(few, limited(inventory, limit), costs);
  const allSeconds = BESIDE + secondsOf(entries, inventory, costs);
  if (allSeconds <= BUDGET + BESIDE) return { seconds: allSeconds, allSeconds };
  const limit = LIMITS.findLast((examples) => seconds(examples) <= BUDGET + BESIDE) ?? LIMITS[0]!;
  return { limit, seconds: seconds(limit), allSeconds };
}

/** The same with at most so many examples in every data set. */
const limited = ({ datasets, ...rest }: Inventory, limit: number): Inventory => ({
  ...rest,
  datasets: new Map(
    [...datasets].map(([name, { info }]) => {
      // Of sequences, images are counted, each with all of its frames.
      const most = limit * (info.sequences ? framesOf(info.sequences) : 1);
      return [name, { info: { ...info, size: Math.min(info.size, most) } }];
    }),
  ),
});

/** Of all passes that are planned, as if none of them turned out not to be needed. */
function secondsOf(entries: readonly SuiteEntry[], inventory: Inventory, costs: PassCosts): number {
  const infoOf = (system: string) => inventory.systems.get(system)?.info;
  return planRun(entries, inventory).jobs.reduce((sum, job) => {
    const passes = plainPasses(job, infoOf, builtinRunCatalogue);
    const cost = costs.get(job.request.system);
    if (!passes || !cost) return sum;
    return sum + job.size * (passes.forward * cost.forward + passes.gradient * cost.gradient);
  }, 0);
}

async function passCosts({ systems }: Evaluation): Promise<PassCosts> {
  const costs = new Map<string, PassCost>();
  for (const [name, entry] of systems) {
    const system = await entry.open();
    const { offers } = system.info;
    const loss = offers.includes('logits') ? 'cross-entropy' : 'log-px';
    costs.set(name, {
      forward: await timed(system, (batch) => system.forward(batch)),
      gradient: offers.includes('inputGradient')
        ? await timed(system, (batch) => system.gradient(batch, loss))
        : 0,
    });
  }
  return costs;
}

/** Seconds per example of a call on grey images, in as many lanes as a run uses; once before, to warm up. */
async function timed(system: System, call: (batch: Batch) => Promise<unknown>): Promise<number> {
  const { info, batchSize: n, concurrency } = system;
  const batch: Batch = {
    n,
    pixels: new Float32Array(n * imageSize(info)).fill(0.5),
    labels: new Int32Array(n),
    ...(info.stochastic && {
      keys: Array.from({ length: n }, (_, example) => ({ seed: 0, purpose: 'first-look', example })),
    }),
  };
  await call(batch);
  const began = performance.now();
  await Promise.all(Array.from({ length: concurrency }, () => call(batch)));
  return (performance.now() - began) / 1000 / (n * concurrency);
}
