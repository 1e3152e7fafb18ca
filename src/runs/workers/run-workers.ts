import { availableParallelism } from 'node:os';
import { visibleGpus } from '../../engines/gpus.js';
import { AssayError } from '../../errors.js';
import { type WorkOptions, workerOptions } from '../asked/work-options.js';
import { chooseExecutor } from '../measuring/choose-executor.js';
import { type AskedUnits, type ExecutorFor, inProcess } from '../measuring/executor.js';
import type { MeasureEnvironment } from '../measuring/measure-unit.js';
import type { Listener } from '../measuring/progress.js';
import type { LoadedRun } from '../opening/open-run.js';
import { identityOf } from '../opening/run-identity.js';
import { workerProcesses } from './worker-processes.js';
import type { WorkersAhead } from './workers-ahead.js';

interface WorkersOptions extends WorkOptions {
  /** How many; `auto`: by measurement, whether one for each core or GPU are faster than this process alone. */
  workers?: number | 'auto' | undefined;
  out: string;
  notify: Listener;
  /** Those that were started before the run was planned. */
  ahead?: WorkersAhead | undefined;
}

/** Who measures the units of a run. Errors: `config-invalid` for suites that only this process has. */
export function workersFor(
  loaded: LoadedRun,
  { workers = 1, out, notify, ahead, ...options }: WorkersOptions,
): ExecutorFor {
  const { given, read } = loaded;
  if (given.length > 0)
    throw new AssayError('config-invalid', 'worker processes do not have suites that are given as objects', {
      expected: 'suites that come with Assay or from `plugins` of the run file',
      found: given.map(({ name }) => name).join(', '),
      hint: 'put them into a module and name it under `plugins`, or leave `workers` out',
    });
  const apart = (workers: number, { engine, run }: AskedUnits, { store }: MeasureEnvironment) => {
    const own = workerOptions(options, workers);
    const identity = identityOf(loaded, engine, run);
    return workerProcesses({ file: read.file, options: own, out, workers, identity, store, ahead });
  };
  const tell = (text: string) => notify({ kind: 'note', text });
  return (environment, asked) => {
    ahead?.keep(asked.jobs.reduce((count, { units }) => count + units.length, 0));
    const { unknown } = visibleGpus(options.device);
    if (unknown !== undefined && workers !== 1)
      tell(
        `GPUs cannot be listed (${unknown}): ${workers === 'auto' ? 'this process measures alone' : 'if there are several, all workers share the first'}; name them with CUDA_VISIBLE_DEVICES=0,1`,
      );
    if (workers !== 'auto') return apart(workers, asked, environment);
    const most = mostWorkers(options);
    const here = { ...inProcess(environment), layout: { workers: 0 } };
    if (most < 2) return here;
    return chooseExecutor({ here, apart: apart(most, asked, environment), tell });
  };
}

/** Processes that have a core each for every thread of their session, or a GPU each. */
function mostWorkers({ device, sessions = 1, threads = 1 }: WorkOptions): number {
  const gpus = visibleGpus(device).names.length;
  if (gpus > 0 || (device !== undefined && device !== 'cpu')) return gpus;
  return Math.floor(availableParallelism() / (sessions * threads));
}
