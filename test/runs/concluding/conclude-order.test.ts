import { expect, it } from 'vitest';
import { orderOf, resultsInput } from '../../../src/runs/concluding/conclude-order.js';
import { cutPlan } from '../../../src/runs/plan/cut-plan.js';
import { type Plan, planRun } from '../../../src/runs/plan/plan.js';
import { FolderStore } from '../../../src/runs/units/store.js';
import { accuracy } from '../../../suites/accuracy/index.js';
import { attack } from '../../../suites/attack/index.js';
import { entryOf, evaluationOf, folder, plus, points } from '../small-run.js';

const keysOf = ({ jobs, suites }: Plan) => ({
  units: jobs.flatMap(({ units }) => units.map(({ key }) => key)),
  suites: suites.map(({ entry, wanted }) => [entry.suite.name, wanted.map(({ size }) => size)]),
});

it('a thread plans the same part of a run again, where a suite that is left out asks for more of the same', async () => {
  const out = folder();
  const inventory = evaluationOf([plus], [points(40)]);
  const options = {
    norm: 'Linf',
    method: 'fgsm',
    epsilons: ['8/255'],
    examples: 20,
    checks: false,
    pictures: 0,
  };
  const entries = [entryOf(accuracy, { topK: [], resamples: 100 }), entryOf(attack, options)];
  const whole = planRun(entries, inventory);
  const plan = cutPlan(whole, [new Map(), new Map([['test', Number.POSITIVE_INFINITY]])]);
  expect(plan.suites.map(({ entry }) => entry.suite.name)).toEqual(['attack']);
  const order = orderOf(
    {
      ...{ title: 'small', key: 'k', config: {}, gates: [], warnings: [], began: 0, inventory, plan },
      environment: {} as never,
      execution: { stored: 0, measured: 0, costs: new Map(), failures: new Map() },
      store: await FolderStore.open(out),
    },
    { plugins: [], directory: out, file: 'small.run.yaml' },
    out,
  );
  expect(keysOf((await resultsInput(structuredClone(order))).plan)).toEqual(keysOf(plan));
});
