import { describe, expect, it } from 'vitest';
import { AssayError } from '../../../src/errors.js';
import { type Task, UnitQueue } from '../../../src/runs/measuring/queue.js';
import { SharedClock } from '../../../src/runs/measuring/shared-clock.js';
import type { Job } from '../../../src/runs/plan/plan.js';
import { request } from '../../../src/suites/contract.js';
import { noisyLogits } from '../small-run.js';

function job(key: string, count: number, inputs: readonly Job[] = []): Job {
  const measurement = noisyLogits({ measured: [] }, 1, key);
  return {
    key,
    request: request({ measurement, system: 'plus', dataset: 'test', params: { scale: 1 } }),
    columns: new Map(),
    size: count,
    inputs,
    reference: [],
    namedSystems: [],
    units: Array.from({ length: count }, (_, start) => ({ key: `${key}${start}`, start, end: start + 1 })),
  };
}

const unit = (key: string, start: number, end: number) => ({ key, start, end });

describe('the queue', () => {
  const [a, b] = [job('a', 2), job('b', 1)];
  const [readsA, readsReader] = [job('reads a', 1, [a]), job('reads reader', 1)];
  const chain: Job = { ...readsReader, inputs: [readsA] };
  const jobs = [a, readsA, chain, b];
  const queue = () => new UnitQueue(jobs, new Map(jobs.map((one) => [one, one.units])));

  it('holds back a unit until those are stored whose rows it reads, and goes on with others', () => {
    const [first, second] = [job('first', 3), job('second', 1)];
    const reader = { ...job('reader', 2, [first]), units: [unit('whole 0', 0, 2), unit('whole 1', 2, 3)] };
    const all = [first, reader, second];
    const q = new UnitQueue(all, new Map(all.map((one) => [one, one.units])));
    const [zero, one, two, other] = [q.take(), q.take(), q.take(), q.take()];
    expect([zero, one, two, other].map((task) => task?.unit.key)).toEqual([
      'first0',
      'first1',
      'first2',
      'second0',
    ]);
    expect(q.take()).toBeUndefined();
    q.done(zero as Task);
    expect(q.take()).toBeUndefined();
    q.done(two as Task);
    expect(q.take()?.unit.key).toBe('whole 1');
    expect(q.take()).toBeUndefined();
    q.done(one as Task);
    expect(q.take()?.unit.key).toBe('whole 0');
  });

  it.each<[string, (read: Job) => Partial<Job>]>([
    ['a reference', (read) => ({ reference: [{ job: read, size: 1 }] })],
    ['what makes its images', (read) => ({ maker: read })],
  ])('waits for all of %s', (_, reads) => {
    const whole = job('whole', 2);
    const reader = { ...job('reader', 1), ...reads(whole) };
    const q = new UnitQueue([whole, reader], new Map([whole, reader].map((one) => [one, one.units])));
    const [zero, one] = [q.take(), q.take()];
    q.done(zero as Task);
    expect(q.take()).toBeUndefined();
    q.done(one as Task);
    expect(q.take()?.unit.key).toBe('reader0');
  });

  it('starts with readers whose inputs are stored already', () => {
    const q = new UnitQueue(jobs, new Map([[readsA, readsA.units]]));
    expect(q.take()?.unit.key).toBe('reads a0');
  });

  it('drops what reads a failed job, and what reads that', () => {
    const q = queue();
    q.take();
    expect(q.fail(a, new AssayError('model-invalid', 'NaN')).map(({ key }) => key)).toEqual([
      'a',
      'reads a',
      'reads reader',
    ]);
    expect(q.failures.get(chain)?.message).toMatch(/reads "reads a" of plus on test, which failed/);
    expect(q.take()?.unit.key).toBe('b0');
    expect(q.take()).toBeUndefined();
  });
});

describe('the shared clock', () => {
  it('splits time among what runs, so that charges add up to it', () => {
    let now = 100;
    const clock = new SharedClock(() => now);
    const chargeA = clock.start();
    now += 2;
    const chargeB = clock.start();
    now += 4;
    const a = chargeA.stop();
    now += 1;
    const b = chargeB.stop();
    now += 50;
    const chargeC = clock.start();
    now += 3;
    expect([a, b, chargeC.seconds]).toEqual([4, 3, 3]);
    now += 2;
    expect([chargeA.seconds, chargeC.stop(), chargeC.seconds]).toEqual([4, 5, 5]);
  });
});
