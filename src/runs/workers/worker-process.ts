/**
 * A process that measures units of a run for the process that started it, which it tells how far they are. It ends with
 * that process, however that ends.
 */
import { recordError } from '../../errors.js';
import { codeIdentity, programIdentity } from '../folder/program.js';
import { CallLog } from '../measuring/call-log.js';
import { LiveUnit, type UnitReport } from '../measuring/live-unit.js';
import { SharedClock } from '../measuring/shared-clock.js';
import { type LoadedPerformer, loadPerformer, openPerformer, type Performer } from '../opening/performer.js';
import { refuseOther } from '../opening/run-identity.js';
import { UnitLost } from '../rows/collect.js';
import type { WorkerLoad, WorkerOrder, WorkerStart, WorkerWord } from './worker-protocol.js';

/** How often a unit tells how far it is, in ms. */
const TELL_MS = 250;

const say = (word: WorkerWord) => {
  if (process.connected) process.send?.(word, () => undefined);
};
const end = () => process.kill(process.pid, 'SIGKILL');

/** Signals of the terminal are for the process that asked, which tells this one what to stop. */
for (const signal of ['SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.on('disconnect', end);

/** Units that are measured side by side share the time that passes. */
const measuring = new SharedClock();
const keeping = new SharedClock();
const log = new CallLog();
const underWay = new Map<number, AbortController>();

async function perform(performer: Performer, call: number, key: string): Promise<void> {
  const live = new LiveUnit(log, measuring.start(), keeping.start());
  const stop = new AbortController();
  underWay.set(call, stop);
  const report = (): UnitReport => ({
    passes: live.passes,
    spared: live.spared,
    begun: live.begun,
    calls: log.take(),
  });
  const telling = setInterval(() => say({ kind: 'report', call, report: report() }), TELL_MS);
  try {
    const head = await performer.perform(key, live, stop.signal);
    say({ kind: 'stored', call, report: report(), head });
  } catch (error) {
    const lost = error instanceof UnitLost ? error.unit.key : undefined;
    say({ kind: 'failed', call, error: recordError(error), ...(lost !== undefined && { lost }) });
  } finally {
    clearInterval(telling);
    live.close();
    underWay.delete(call);
  }
}

/** All that can be had before the run is planned: the process that asked is busy with its own meanwhile. */
async function load(about: WorkerLoad): Promise<LoadedPerformer> {
  const loaded = await loadPerformer(about);
  loaded.engine.start?.();
  // What opens models, and what is asked for when the run is planned.
  await import('../opening/choose-network.js');
  codeIdentity();
  programIdentity();
  return loaded;
}

async function open(loading: Loading, { out, identity }: WorkerStart): Promise<Performer> {
  const { file, options } = loading;
  const performer = await openPerformer({ file, options, out, loaded: await loading.loaded });
  refuseOther(identity, performer.identity, {
    ...{ code: 'not-planned', file },
    where: 'in the process that started this worker: nothing may change while a run goes on',
  });
  return performer;
}

interface Loading extends WorkerLoad {
  loaded: Promise<LoadedPerformer>;
}

let loading: Loading | undefined;
/** Orders may come before the run is planned. */
let opening: Promise<Performer> | undefined;

async function obey(order: WorkerOrder): Promise<void> {
  // What is wrong was told when it was opened.
  const performer = await opening?.catch(() => undefined);
  if (!performer) return;
  if (order.kind === 'perform') await perform(performer, order.call, order.key);
  else if (order.kind === 'stop') underWay.get(order.call)?.abort();
  else {
    await performer.close();
    process.off('disconnect', end);
    process.disconnect();
  }
}

process.on('message', (message: WorkerLoad | WorkerStart | WorkerOrder) => {
  if (message.kind === 'load') {
    loading = { ...message, loaded: load(message) };
    // Whoever opens the run is told.
    loading.loaded.catch(() => undefined);
  } else if (message.kind === 'start') {
    opening = open(loading!, message);
    opening.then(
      () => say({ kind: 'ready' }),
      (error) => say({ kind: 'refused', error: recordError(error) }),
    );
  } else void obey(message);
});
