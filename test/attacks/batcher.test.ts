import { describe, expect, it } from 'vitest';
import { Batcher, type Row } from '../../src/attacks/batcher.js';
import { analyticSystem } from './helpers/analytic-system.js';
import { SIZE, weights } from './helpers/attack-plan.js';

const row = (kind: Row['kind']): Row => ({
  kind,
  pixels: new Float32Array(SIZE).fill(0.5),
  loss: 'cross-entropy',
  label: 0,
  target: -1,
  threshold: 0,
});

describe('rows of two programs', () => {
  it('a row that is alone in its queue is not kept waiting by those that are many', async () => {
    const batcher = new Batcher(analyticSystem({ weights, batchSize: 8, concurrency: 2 }), {});
    const waits: number[] = [];
    const many = async () => {
      for (let step = 0; step < 200; step++) await batcher.ask(row('gradient'));
    };
    const single = async () => {
      for (let step = 0; step < 10; step++) {
        const asked = batcher.sent.batches;
        await batcher.ask(row('forward'));
        waits.push(batcher.sent.batches - asked);
      }
    };
    await Promise.all([...Array.from({ length: 9 }, many), single()]);
    // Until it is overdue, and then until its batch has come back.
    expect(Math.max(...waits)).toBeLessThanOrEqual(2 * (batcher.lanes + 2) + batcher.lanes + 1);
  });
});
