import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Claims, FolderClaims } from '../../../src/bytes/claims.js';
import { AssayError } from '../../../src/errors.js';
import { execute } from '../../../src/runs/measuring/execute.js';
import { type Executor, inProcess } from '../../../src/runs/measuring/executor.js';
import { type FailOnError, tolerated, withLeftOut } from '../../../src/runs/measuring/left-out.js';
import type { ProgressEvent } from '../../../src/runs/measuring/progress.js';
import type { Task } from '../../../src/runs/measuring/queue.js';
import { planRun } from '../../../src/runs/plan/plan.js';
import { runEvaluation } from '../../../src/runs/run-evaluation.js';
import { FolderStore, type UnitStore } from '../../../src/runs/units/store.js';
import {
  entryOf,
  evaluationOf,
  folder,
  meanSuite,
  minus,
  noisyLogits,
  plus,
  points,
  sums,
} from '../small-run.js';

interface Circumstances {
  out?: string;
  claims?: Claims;
  unitTimeout?: number;
  /** How often the second unit of plus cannot be looked for. */
  unseen?: number;
}

/** Runs 3 units of 4 examples for each of two systems, and tells what became of it. */
async function executed(
  around: (executor: Executor) => Partial<Executor>,
  { out = folder(), claims, unitTimeout, unseen = 0 }: Circumstances = {},
) {
  const evaluation = evaluationOf([plus, minus], [points(12)]);
  const probe = { measured: [] as number[] };
  const { jobs } = planRun([entryOf(meanSuite(noisyLogits(probe)))], evaluation);
  const store = await FolderStore.open(out);
  const own = inProcess({ ...evaluation, store });
  const second = jobs.find(({ request }) => request.system === 'plus')?.units[1]?.key;
  let looks = 0;
  const seeing: UnitStore = {
    head: async (key) => {
      if (key === second && looks++ < unseen) throw new AssayError('file-unreadable', 'too many open files');
      return store.head(key);
    },
    read: (key) => store.read(key),
    write: (unit) => store.write(unit),
  };
  const events: ProgressEvent[] = [];
  const { failures, stored, measured, stopped } = await execute(jobs, {
    ...evaluation,
    store: seeing,
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
    ['hangs until it is asked to end', 'limit-exceeded', /longer than 0.05 s/],
    ['hangs for good', 'limit-exceeded', /longer than 0.05 s/],
  ] as const)(
    '%s is measured the second time, or given up while the rest goes on',
    async (trouble, code, message) => {
      const hangs = code === 'limit-exceeded';
      const tried: number[] = [];
      // The others are there already: however busy the machine is, no limit stops them.
      const out = folder();
      expect((await executed(troubled('throws', 2), { out })).measured).toBe(5);
      const [well, ill] = await Promise.all([
        executed(troubled(trouble, 1, tried), hangs ? { unitTimeout: 2 } : {}),
        executed(troubled(trouble, 2), { out, ...(hangs && { unitTimeout: 0.05 }) }),
      ]);
      expect(tried).toEqual([1, 2]);
      expect([well.failed, well.measured]).toEqual([[], 6]);
      expect(well.notes).toEqual([
        expect.stringMatching(/^trying once more: noisy-logits of plus on test, examples 4 to 7: /),
      ]);
      expect(ill.failed).toEqual([{ system: 'plus', error: expect.objectContaining({ code }) }]);
      expect(ill.failed[0]!.error.message).toMatch(message);
      expect([ill.stored, ill.stopped]).toEqual([5, undefined]);
    },
  );

  it('would fail everywhere is tried once', async () => {
    const tried: number[] = [];
    const { failed, notes } = await executed(troubled('is of no use', 2, tried));
    expect([tried, failed.length, notes]).toEqual([[1], 1, []]);
  });

  it.each([
    // Before anything is measured, in its turn, and once more.
    ['once', 1, { measured: 6, notes: 0, failed: [] }],
    ['twice', 2, { measured: 6, notes: 1, failed: [] }],
    ['ever', 9, { measured: 5, notes: 1, failed: [['plus', 'file-unreadable']] }],
  ] as const)('cannot be looked for %s is no reason for the others to end', async (_, unseen, expected) => {
    const { measured, notes, failed, stopped } = await executed(() => ({}), { unseen });
    const told = failed.map(({ system, error }) => [system, error.code]);
    expect({ measured, notes: notes.length, failed: told }).toEqual(expected);
    expect(stopped).toBeUndefined();
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

describe('failed units', () => {
  it.each([
    ['any', true, 0],
    ['none', false, Number.POSITIVE_INFINITY],
    ['a first', 1, 0],
    ['a third', 3, 2],
    ['a tenth of 40', 0.1, 3],
    ['a tenth of 41', 0.1, 4],
    ['a share of less than one', 0.001, 0],
  ])('may be fewer than %s', (what, failOnError, expected) => {
    expect(tolerated(failOnError, what.endsWith('41') ? 41 : 40)).toBe(expected);
  });

  it('have no columns; those of others are still read where they lie', () => {
    const column = Float32Array.of(1, 2);
    const store = { read: async () => undefined, column: () => column };
    const one = { key: 'k1', place: '', reason: '', reader: false, indices: Int32Array.of(0) };
    const without = withLeftOut(store, [one]);
    expect([without.column?.('k1', 'pixels'), without.column?.('k2', 'pixels')]).toEqual([null, column]);
    expect(withLeftOut({ read: store.read }, [one]).column).toBeUndefined();
  });

  /** Row sums of noisy logits by units of 3 examples, so that units overlap; some of the logits' units fail. */
  async function run(out: string, failing: readonly number[], failOnError?: FailOnError) {
    const evaluation = evaluationOf([plus, minus], [points(12)]);
    const probe = { measured: [] as number[] };
    const logits = noisyLogits(probe);
    const entries = [entryOf(meanSuite(sums(logits, probe), 'sums', logits)), entryOf(meanSuite(logits))];
    const spec = {
      ...{
        title: 'left out',
        file: 'test.run.yaml',
        directory: out,
        config: {},
        evaluation,
        entries,
        gates: [],
      },
      ...{ expectations: [], partial: new Set<string>(), warnings: [] },
    };
    const outcome = await runEvaluation(spec, {
      out,
      signal: new AbortController().signal,
      notify: () => undefined,
      failOnError,
      executorFor: (environment) => {
        const own = inProcess(environment);
        return {
          ...own,
          async measure(task, live, signal) {
            const { request } = task.job;
            const fails = request.measurement === logits && request.system === 'plus';
            if (fails && failing.includes(task.unit.start)) throw new TypeError('broken');
            return own.measure(task, live, signal);
          },
        };
      },
    });
    const { results } = outcome;
    const n = (suite: string, model: string) =>
      results.measures.find((one) => one.suite === suite && one.measure === 'mean' && one.model === model)?.n;
    return { ...outcome, n };
  }

  it('are left out with what reads their rows, told first, and tried again by the next run', async () => {
    const out = folder();
    const { results, exitCode, n } = await run(out, [4], 2);
    expect([exitCode, results.status, results.errors]).toEqual([0, 'complete', []]);
    expect(results.warnings[0]).toMatchObject({
      code: 'units-failed',
      message: expect.stringMatching(
        /^1 of 14 units failed .*: noisy-logits of plus on test, examples 4 to 7 .*broken.*; 2 more read their rows/,
      ),
    });
    const fixes = results.warnings.flatMap(({ code, fix }) => (code === 'failed-examples' ? [fix] : []));
    expect(new Set(fixes)).toEqual(
      new Set(['run the same command again: it tries the units that failed again']),
    );
    // Examples 3 to 8 have no sums; suites look at measurements side by side, each at what it asked for.
    expect([n('sums', 'plus'), n('mean', 'plus'), n('sums', 'minus'), n('mean', 'minus')]).toEqual([
      6, 8, 12, 12,
    ]);
    const whole = await run(folder(), []);
    expect(whole.results.warnings.map(({ code }) => code)).not.toContain('units-failed');
    const again = await run(out, []);
    expect([again.exitCode, again.measured]).toEqual([0, 3]);
    expect(again.results.measures).toEqual(whole.results.measures);
  });

  it.each([
    ['the first', [4], true],
    ['as many as may not', [0, 4], 2],
    ['all of a measurement', [0, 4, 8], false],
  ])('end the run with 2 where they are %s', async (_, failing, failOnError) => {
    const { results, exitCode, n } = await run(folder(), failing, failOnError);
    expect([exitCode, results.status]).toEqual([2, 'partial']);
    expect([n('mean', 'plus'), n('mean', 'minus')]).toEqual([undefined, 12]);
  });
});

describe('units that others measure', () => {
  it('are waited for while others are measured, and found', async () => {
    const out = folder();
    const claims = await FolderClaims.open(out);
    let go: () => void = () => undefined;
    const quickHasOne = new Promise<void>((resolve) => {
      go = resolve;
    });
    const [slow, quick] = await Promise.all([
      executed(
        (executor) => ({
          async measure(task, live, signal) {
            await quickHasOne;
            return executor.measure(task, live, signal);
          },
        }),
        { out, claims },
      ),
      FolderClaims.open(out).then((claims) =>
        executed(
          (executor) => ({
            async measure(task, live, signal) {
              const head = await executor.measure(task, live, signal);
              go();
              return head;
            },
          }),
          { out, claims },
        ),
      ),
    ]);
    expect(slow.measured + quick.measured).toBe(6);
    expect([slow.stored + slow.measured, quick.stored + quick.measured]).toEqual([6, 6]);
    expect(quick.measured).toBeGreaterThan(0);
  });
});
