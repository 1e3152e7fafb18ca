import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AssayError } from '../../src/errors.js';
import { type Claims, FolderClaims } from '../../src/runs/claims.js';
import { execute } from '../../src/runs/execute.js';
import { type Executor, inProcess } from '../../src/runs/executor.js';
import { planRun } from '../../src/runs/plan.js';
import type { ProgressEvent } from '../../src/runs/progress.js';
import type { Task } from '../../src/runs/queue.js';
import { FolderStore } from '../../src/runs/store.js';
import { entryOf, evaluationOf, folder, meanSuite, minus, noisyLogits, plus, points } from './small-run.js';

/** Runs 3 units of 4 examples for each of two systems, and tells what became of it. */
async function executed(
  around: (executor: Executor) => Partial<Executor>,
  { out = folder(), claims, unitTimeout }: { out?: string; claims?: Claims; unitTimeout?: number } = {},
) {
  const evaluation = evaluationOf([plus, minus], [points(12)]);
  const probe = { measured: [] as number[] };
  const { jobs } = planRun([entryOf(meanSuite(noisyLogits(probe)))], evaluation);
  const store = await FolderStore.open(out);
  const own = inProcess({ ...evaluation, store });
  const events: ProgressEvent[] = [];
  const { failures, stored, measured, stopped } = await execute(jobs, {
    ...evaluation,
    store,
    executor: { ...own, ...around(own) },
    ...(claims && { claims }),
    unitTimeout,
    signal: new AbortController().signal,
    notify: (event) => events.push(event),
  });
  const notes = events.flatMap((event) => (event.kind === 'note' ? [event.text] : []));
  return {
    failed: [...failures].map(([{ request }, error]) => ({ system: request.system, error })),
    ...{ stored, measured, stopped, notes },
  };
}

const isSecondOfPlus = ({ job, unit }: Task) => job.request.system === 'plus' && unit.start === 4;

/** What a unit does that is not well, at its first so many attempts. */
const troubles = {
  throws: () => Promise.reject(new TypeError('not a function')),
  'cannot read a file': () => Promise.reject(new AssayError('file-unreadable', 'gone')),
  'is of no use': () => Promise.reject(new AssayError('data-invalid', 'a label is no class')),
  'hangs until it is asked to end': (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  'hangs for good': () => new Promise<never>(() => undefined),
};

const troubled =
  (trouble: keyof typeof troubles, attempts: number, tried: number[] = []) =>
  (executor: Executor): Partial<Executor> => ({
    async measure(task, live, signal) {
      if (!isSecondOfPlus(task)) return executor.measure(task, live, signal);
      const { attempt = 1 } = task;
      tried.push(attempt);
      if (attempt > attempts) return executor.measure(task, live, signal);
      return troubles[trouble](signal);
    },
  });

describe('a unit that', () => {
  it.each([
    ['throws', 'suite-failed', /failed: not a function/],
    ['cannot read a file', 'file-unreadable', /gone/],
    ['hangs until it is asked to end', 'limit-exceeded', /longer than 0.5 s/],
    ['hangs for good', 'limit-exceeded', /longer than 0.5 s/],
  ] as const)(
    '%s is measured the second time, or given up while the rest goes on',
    async (trouble, code, message) => {
      const tried: number[] = [];
      const well = await executed(troubled(trouble, 1, tried), { unitTimeout: 0.5 });
      expect(tried).toEqual([1, 2]);
      expect([well.failed, well.measured]).toEqual([[], 6]);
      expect(well.notes).toEqual([
        expect.stringMatching(/^trying once more: noisy-logits of plus on test, examples 4 to 7: /),
      ]);
      const ill = await executed(troubled(trouble, 2), { unitTimeout: 0.5 });
      expect(ill.failed).toEqual([{ system: 'plus', error: expect.objectContaining({ code }) }]);
      expect(ill.failed[0].error.message).toMatch(message);
      expect([ill.measured, ill.stopped]).toEqual([5, undefined]);
    },
  );

  it('would fail everywhere is tried once', async () => {
    const tried: number[] = [];
    const { failed, notes } = await executed(troubled('is of no use', 2, tried));
    expect([tried, failed.length, notes]).toEqual([[1], 1, []]);
  });

  it('has no limit takes as long as it likes', async () => {
    const slow = (executor: Executor): Partial<Executor> => ({
      async measure(task, live, signal) {
        if (isSecondOfPlus(task)) await sleep(100);
        return executor.measure(task, live, signal);
      },
    });
    expect((await executed(slow)).measured).toBe(6);
  });
});

describe('units that others measure', () => {
  it('are waited for while others are measured, and found', async () => {
    const out = folder();
    const claims = await FolderClaims.open(out);
    const [slow, quick] = await Promise.all([
      executed(
        (executor) => ({
          async measure(task, live, signal) {
            await sleep(task.unit.start === 0 ? 300 : 1);
            return executor.measure(task, live, signal);
          },
        }),
        { out, claims },
      ),
      FolderClaims.open(out).then((claims) => executed(() => ({}), { out, claims })),
    ]);
    expect(slow.measured + quick.measured).toBe(6);
    expect([slow.stored + slow.measured, quick.stored + quick.measured]).toEqual([6, 6]);
    expect(quick.measured).toBeGreaterThan(0);
  });
});
