import { visibleGpus } from '../../engines/gpus.js';
import type { WorkOptions } from '../asked/work-options.js';
import type { StartedExecutor } from '../measuring/choose-executor.js';
import type { RunIdentity } from '../opening/run-identity.js';
import type { UnitStore } from '../units/store.js';
import { WorkerChild } from './worker-child.js';
import { WorkerFork } from './worker-fork.js';
import type { WorkersAhead } from './workers-ahead.js';

export interface WorkersOptions {
  /** The run file. */
  file: string;
  /** Those of each: see `workerOptions`. */
  options: WorkOptions;
  /** The run folder, and what is measured. */
  out: string;
  identity: RunIdentity;
  /** How many processes. */
  workers: number;
  /** Where they put units. */
  store: UnitStore;
  /** Those that were started before the run was planned. */
  ahead?: WorkersAhead | undefined;
}

/**
 * So many processes measure, each with sessions of its own: one of one thread, unless told otherwise. Those that were not
 * started ahead are started when a unit is due; one that dies is replaced. Where there are several GPUs, each gets one. Rows do not depend on it.
 */
export function workerProcesses({
  workers,
  store,
  file,
  options,
  ahead,
  ...start
}: WorkersOptions): StartedExecutor {
  const gpus = visibleGpus(options.device).names;
  const children: WorkerChild[] = [];
  const places = Array.from({ length: workers }, (_, place) => place);
  /** The process of a place; one that is gone is replaced, unless the next would be like it. */
  const at = (place: number): WorkerChild => {
    const child = children[place];
    if (child && (!child.gone || child.refused)) return child;
    const environment = gpus.length > 1 ? { CUDA_VISIBLE_DEVICES: gpus[place % gpus.length] } : {};
    const fork = ahead?.take() ?? new WorkerFork({ kind: 'load', file, options }, environment);
    children[place] = new WorkerChild(fork, { kind: 'start', ...start });
    return children[place];
  };
  const busy = (place: number) => children[place]?.busy ?? 0;
  const freest = () => at(places.reduce((best, place) => (busy(place) < busy(best) ? place : best)));
  const busyNow = () => Math.max(1, children.filter(({ busy }) => busy > 0).length);
  return {
    lanes: workers * lanesOf(options),
    layout: { workers },
    async measure(task, live, signal) {
      const head = await freest().measure(task, live, signal, () => 1 / busyNow());
      // What this process has seen damaged is whole again.
      if (!(await store.head(task.unit.key))) await store.read(task.unit.key, () => false);
      return head;
    },
    async ready() {
      await Promise.all(places.map((place) => at(place).ready));
    },
    async close() {
      await Promise.all(children.splice(0).map((child) => child.close()));
    },
  };
}

/**
 * A session of one core is kept busy by one unit, its core by what is done between its calls. Several sessions, and GPUs,
 * are not: a second unit fills them towards the end of the first.
 */
const lanesOf = ({ sessions, device = 'cpu' }: WorkOptions): number =>
  sessions === 1 && device === 'cpu' ? 1 : 2;
