import { AssayError } from '../errors.js';
import type { Executor } from './executor.js';
import type { MeasureEnvironment } from './measure-unit.js';
import { type LoadedRun, type WorkOptions, workOptions } from './open-run.js';
import { workerProcesses } from './worker-processes.js';

/** How a run makes what measures its units. @param run its key */
type ExecutorFor = (environment: MeasureEnvironment, run: string) => Executor;

/** The processes that a run measures with. Errors: `config-invalid` for suites that only this process has. */
export function workersFor(
  { given, read }: LoadedRun,
  { workers = 1, out, ...options }: WorkOptions & { workers?: number | undefined; out: string },
): ExecutorFor {
  if (given.length > 0)
    throw new AssayError('config-invalid', 'worker processes do not have suites that are given as objects', {
      expected: 'suites that come with Assay or from `plugins` of the run file',
      found: given.map(({ name }) => name).join(', '),
      hint: 'put them into a module and name it under `plugins`, or leave `workers` out',
    });
  const work = { file: read.file, options: workOptions(options), out };
  return ({ store }, run) => workerProcesses({ ...work, workers, run, store });
}
