import { expect, it } from 'vitest';
import { execute } from '../../src/runs/measuring/execute.js';
import { inProcess } from '../../src/runs/measuring/executor.js';
import { planRun } from '../../src/runs/plan/plan.js';
import { FolderStore } from '../../src/runs/units/store.js';
import { float64 } from '../../src/suites/columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../../src/suites/contract.js';
import { fitParts } from '../../src/suites/measurements/read-by-score.js';
import { entryOf, evaluationOf, folder, meanSuite, noisyLogits, plus, points } from './small-run.js';

const N = 14;

/** The positions of the parts of everything that an aggregate of these unit sizes reads. */
async function positionsRead(unitSizes: readonly number[]): Promise<number[][][]> {
  const read: number[][][] = [];
  const whole = defineMeasurement({
    name: 'whole',
    version: 1,
    needs: [],
    unitSize: 1,
    aggregate: true,
    columns: { whole: float64() },
    async measure({ parts }: MeasureContext<[], never[]>, _: { scale: number }) {
      for (const at of unitSizes.keys()) {
        const positions: number[][] = [];
        for await (const part of parts(at)) positions.push([...part.positions]);
        read.push(positions);
      }
      return { whole: Float64Array.of(0) };
    },
  });
  const suite = meanSuite(whole as never);
  const reference = (wanted: Request) =>
    unitSizes.map((unitSize, i) =>
      request({
        measurement: noisyLogits({ measured: [] }, unitSize, `logits-${i}`),
        system: wanted.system,
        dataset: wanted.dataset,
        params: { scale: 1 },
      }),
    );
  const reading = {
    ...suite,
    plan: (context: never, options: never) =>
      suite.plan(context, options).map((wanted) => ({ ...wanted, reference: reference(wanted) })),
  };
  const evaluation = evaluationOf([plus], [points(N)]);
  const store = await FolderStore.open(folder());
  const { jobs } = planRun([entryOf(reading as never)], evaluation);
  const signal = new AbortController().signal;
  const executor = inProcess({ ...evaluation, store });
  const { failures } = await execute(jobs, {
    ...evaluation,
    store,
    executor,
    signal,
    notify: () => undefined,
  });
  expect([...failures.values()]).toEqual([]);
  return read;
}

it.each([[[4, 4]], [[4, 6]], [[5, 3, 2]], [[4, 100]]])(
  'units of %j examples are read in parts of the same examples, each once',
  async (unitSizes) => {
    const [first, ...others] = await positionsRead(unitSizes);
    expect(first!.flat()).toEqual(Array.from({ length: N }, (_, i) => i));
    expect(others).toEqual(others.map(() => first));
  },
);

it('a fit refuses parts that end before others do', async () => {
  const part = { rows: {}, indices: Int32Array.of(0), positions: Int32Array.of(0) };
  async function* parts(at: number) {
    for (let i = 0; i <= at; i++) yield part;
  }
  const reading = { needs: ['features', 'logits'] as const };
  const all = async () => {
    for await (const _ of fitParts(reading, parts as never));
  };
  await expect(all()).rejects.toThrow('the same examples');
});
