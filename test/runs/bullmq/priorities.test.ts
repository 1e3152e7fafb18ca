import { expect, it } from 'vitest';
import { priorities, readJobs } from '../../../src/runs/bullmq/priorities.js';
import type { Job } from '../../../src/runs/plan/plan.js';

const job = (key: string, inputs: Job[] = [], reference: Job[] = []) =>
  ({ key, inputs, reference: reference.map((read) => ({ job: read, size: 1 })) }) as unknown as Job;

it('has what the longest chain waits for first, and what nobody waits for last', () => {
  const fit = job('fit');
  const clean = job('clean');
  const scores = job('scores', [clean], [fit]);
  const attacked = job('attacked', [scores]);
  const alone = job('alone');
  const jobs = [fit, clean, alone, scores, attacked];
  expect(Object.fromEntries(priorities(jobs))).toEqual({
    fit: 1,
    clean: 1,
    scores: 2,
    attacked: 3,
    alone: 3,
  });
  expect([...readJobs(jobs)].sort()).toEqual(['clean', 'fit', 'scores']);
  expect(priorities([])).toEqual(new Map());
});
