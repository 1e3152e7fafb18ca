import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { chooseExecutor } from '../../../src/runs/measuring/choose-executor.js';
import type { Executor } from '../../../src/runs/measuring/executor.js';
import type { LiveUnit } from '../../../src/runs/measuring/live-unit.js';
import type { Task } from '../../../src/runs/measuring/queue.js';

const task = { job: { request: { measurement: { name: 'attack' }, system: 'net' } } } as unknown as Task;
const signal = new AbortController().signal;

/** Measures units that take so many seconds of a clock of its own. */
function executorOf(seconds: number, time: { now: number }) {
  const log = { measured: 0, started: false, closed: false };
  const executor: Executor & { ready(): Promise<void> } = {
    lanes: 1,
    layout: { workers: seconds },
    async measure() {
      log.measured++;
      await Promise.resolve();
      time.now += seconds;
      return { n: 1, columns: [], failed: 0, refused: false, passes: { forward: 10, gradient: 0 }, seconds };
    },
    async ready() {
      log.started = true;
    },
    async close() {
      log.closed = true;
    },
  };
  return { executor, log };
}

async function run(seconds: { here: number; apart: number }, more: { broken?: Error; units?: number } = {}) {
  const time = { now: 0 };
  const [here, apart] = [executorOf(seconds.here, time), executorOf(seconds.apart, time)];
  if (more.broken) apart.executor.ready = () => Promise.reject(more.broken);
  const told: string[] = [];
  const chooser = chooseExecutor({
    here: here.executor,
    apart: apart.executor,
    tell: (line) => told.push(line),
    now: () => time.now,
  });
  for (let i = 0; i < (more.units ?? 40); i++) await chooser.measure(task, {} as LiveUnit, signal);
  return { here: here.log, apart: apart.log, told, layout: chooser.layout };
}

describe('the choice of who measures', () => {
  it('falls on worker processes where they are faster, after a look at both', async () => {
    const { here, apart, told, layout } = await run({ here: 2, apart: 1 });
    // One that is not counted, two that are; then the same of four units of a second.
    expect([here.measured, apart.measured]).toEqual([3, 37]);
    expect(told).toEqual([
      '1 worker processes are 2 times as fast as this process alone: they measure the rest',
    ]);
    expect(layout).toEqual({ workers: 1, chosen: { timesAsFast: 2 } });
    expect(apart.closed).toBe(false);
  });

  it('falls on this process where they are not, and ends them', async () => {
    const { here, apart, told, layout } = await run({ here: 2, apart: 2 });
    expect([here.measured, apart.measured]).toEqual([37, 3]);
    expect(told).toEqual([expect.stringMatching(/are 1 times as fast .* this process measures the rest/)]);
    expect([layout, apart.closed]).toEqual([{ workers: 2, chosen: { timesAsFast: 1 } }, true]);
  });

  it('starts none for a run that is over before', async () => {
    const { apart, told } = await run({ here: 2, apart: 1 }, { units: 2 });
    expect([apart.started, told]).toEqual([false, []]);
  });

  it('stays with this process where they do not start, and says why', async () => {
    const { here, told } = await run({ here: 2, apart: 1 }, { broken: new Error('no memory') });
    expect([here.measured, told]).toEqual([40, [expect.stringContaining('alone: no memory')]]);
  });

  it('keeps no unit that is to end, while they start', async () => {
    const time = { now: 0 };
    const [here, apart] = [executorOf(9, time), executorOf(1, time)];
    let fail = (_: Error) => {};
    apart.executor.ready = () =>
      new Promise((_, reject) => {
        fail = reject;
      });
    const told: string[] = [];
    const chooser = chooseExecutor({
      ...{ here: here.executor, apart: apart.executor },
      ...{ tell: (line: string) => told.push(line), now: () => time.now },
    });
    const ending = new AbortController();
    const measure = () => chooser.measure(task, {} as LiveUnit, ending.signal);
    for (let i = 0; i < 2; i++) await measure();
    const waiting = measure();
    await setImmediate();
    ending.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
    await chooser.close();
    // They are ended before they have started.
    fail(new Error('killed'));
    await setImmediate();
    expect([here.log.measured, apart.log.closed, told]).toEqual([2, true, []]);
  });
});
