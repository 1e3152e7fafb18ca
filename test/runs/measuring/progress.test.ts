import { describe, expect, it } from 'vitest';
import { execute } from '../../../src/runs/measuring/execute.js';
import { inProcess } from '../../../src/runs/measuring/executor.js';
import type { ProgressEvent } from '../../../src/runs/measuring/progress.js';
import { planRun } from '../../../src/runs/plan/plan.js';
import { FolderStore } from '../../../src/runs/units/store.js';
import { float32 } from '../../../src/suites/columns.js';
import { defineMeasurement } from '../../../src/suites/contract.js';
import { entryOf, evaluationOf, folder, meanSuite, type Params, plus, points } from '../small-run.js';

const PASSES = 5;

describe('progress inside a unit', () => {
  it('is told pass by pass, never runs backwards, and ends with nothing left', async () => {
    const events: ProgressEvent[] = [];
    let heard = () => {};
    /** Waits until a pass is told of before it makes the next one. */
    const patient = defineMeasurement({
      name: 'patient',
      version: 1,
      needs: ['logits'],
      unitSize: 8,
      passes: () => ({ forward: PASSES, gradient: 0 }),
      columns: { logits: float32(2) },
      async measure({ system, examples: { n, pixels } }, _: Params) {
        for (let pass = 1; pass < PASSES; pass++) {
          const told = new Promise<void>((resolve) => {
            heard = () => {
              const last = events.at(-1);
              if (last?.kind === 'unit-progress' && last.passes === pass * n) resolve();
            };
          });
          await system.forward({ n, pixels });
          await told;
        }
        const { logits = new Float32Array() } = await system.forward({ n, pixels });
        return { logits };
      },
    });
    const evaluation = evaluationOf([plus], [points(8)]);
    const { jobs } = planRun([entryOf(meanSuite(patient))], evaluation);
    const store = await FolderStore.open(folder());
    const { measured } = await execute(jobs, {
      ...evaluation,
      store,
      executor: inProcess({ ...evaluation, store }),
      signal: new AbortController().signal,
      tick: 1,
      notify: (event) => {
        events.push(event);
        heard();
      },
    });
    expect(measured).toBe(1);
    const inside = events.flatMap((event) => (event.kind === 'unit-progress' ? [event] : []));
    const passes = inside.map((event) => event.passes);
    expect(passes).toEqual([...passes].sort((a, b) => a - b));
    expect(passes).toEqual(expect.arrayContaining([8, 16, 24, 32]));
    expect(inside.every(({ expected }) => expected === 8 * PASSES)).toBe(true);
    const told = events.flatMap((event) => ('status' in event ? [event.status] : []));
    expect(told.at(-1)).toEqual({ done: 1, units: 1, secondsLeft: 0 });
    for (const { passes, status } of inside)
      if (passes > 0) expect(status.secondsLeft).toBeGreaterThanOrEqual(0);
  });
});
