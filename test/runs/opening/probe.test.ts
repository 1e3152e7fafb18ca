import { expect, it } from 'vitest';
import { costJson, costText } from '../../../src/cli/terminal/cost-text.js';
import { probed } from '../../../src/runs/opening/probe.js';
import { planRun } from '../../../src/runs/plan/plan.js';
import { planCost } from '../../../src/runs/plan/plan-cost.js';
import { entryOf, evaluationOf, meanSuite, minus, noisyLogits, plus, points } from '../small-run.js';

it('a probe says of what it could not measure that it tells nothing of it', async () => {
  const logits = noisyLogits({ measured: [] }, 16);
  const measurement: typeof logits = {
    ...logits,
    passes: () => ({ forward: 2, gradient: 0 }),
    endsEarly: true,
    async measure(context, params) {
      if (context.system.info.name === 'minus') throw new Error('no such luck');
      return logits.measure(context, params);
    },
  };
  const evaluation = evaluationOf([plus, minus], [points(100)]);
  const entries = [entryOf(meanSuite(measurement))];
  const plan = planRun(entries, evaluation);
  const { experience, failures } = await probed({
    ...{ entries, evaluation, plan, examples: 32, notify: () => undefined },
    signal: new AbortController().signal,
  });
  expect(experience.map(({ job, measured }) => [job.request.system, measured.n])).toEqual([['plus', 32]]);
  const cost = planCost(plan, evaluation, { stored: new Map(), probed: experience });
  const found = { title: 'small', directory: 'out', cost, cached: 0, failures };
  expect(costText(found)).toContain(
    'Failed in the probe, which says nothing of what these take:\n  noisy-logits of minus on test: the measurement "noisy-logits" failed: no such luck\n',
  );
  expect(costJson(found)).toMatchObject({
    failed: [{ what: 'noisy-logits of minus on test', why: expect.stringContaining('no such luck') }],
  });
});
