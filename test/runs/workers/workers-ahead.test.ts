import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { MeasureEnvironment } from '../../../src/runs/measuring/measure-unit.js';
import type { LoadedRun } from '../../../src/runs/opening/open-run.js';
import type { Job } from '../../../src/runs/plan/plan.js';
import { workersFor } from '../../../src/runs/workers/run-workers.js';
import { WorkersAhead } from '../../../src/runs/workers/workers-ahead.js';
import { folder } from '../small-run.js';

it.skipIf(availableParallelism() < 2)(
  'of workers that were started ahead no more stay than there are units, and none in the end',
  async () => {
    const out = folder();
    const file = join(out, 'missing.run.yaml');
    const ahead = WorkersAhead.of(file, out, { workers: 2 });
    const executorFor = workersFor({ given: [], sources: {}, read: { file } } as unknown as LoadedRun, {
      ...{ workers: 2, out, ahead },
      notify: () => undefined,
    });
    const unit = { key: 'k1', start: 0, end: 1 };
    executorFor({} as MeasureEnvironment, {
      ...{ run: 'r1', engine: 'ort' },
      jobs: [{ units: [unit] } as unknown as Job],
    });
    const forks = [ahead.take(), ahead.take()];
    try {
      expect(forks.map((fork) => fork?.gone)).toEqual([false, undefined]);
    } finally {
      for (const fork of forks) fork?.child.kill('SIGKILL');
      ahead.close();
    }
    expect(await forks[0]?.ended).toEqual({ found: 'SIGKILL' });
    expect(WorkersAhead.of(file, out, { workers: 2, cache: ['elsewhere'] }).take()).toBeUndefined();
  },
);
