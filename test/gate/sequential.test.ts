import { describe, expect, it } from 'vitest';
import type { GateRule } from '../../src/gate/rule.js';
import { type Decision, decided } from '../../src/gate/sequential.js';
import { randomOrder } from '../../src/random/order.js';

const accuracy = { measure: 'accuracy', better: 'higher' } as const;
const REPEATS = 2000;

const SIZE = 400;

/** In which order each repeat sees the examples. */
const orders = Array.from({ length: REPEATS }, (_, seed) => randomOrder(SIZE, seed));

/** Looks after every 20 examples until the rule is decided; the first `right` of the data set are right. */
function stopped(rule: GateRule, right: number, order: Int32Array): { decision: Decision; seen: number } {
  let successes = 0;
  for (let seen = 0; ; ) {
    for (const until = Math.min(SIZE, seen + 20); seen < until; seen++)
      successes += Number(order[seen]! < right);
    const decision = decided(rule, accuracy, { size: SIZE, seen, successes });
    if (!decision) throw new Error('not decidable');
    if (decision.verdict !== 'undecided') return { decision, seen };
  }
}

const rule: GateRule = { measure: 'accuracy', min: 0.8 };

describe('a rule that is judged while its examples come in', () => {
  const cases: [GateRule, right: number, truth: 'holds' | 'fails', mean: [number, number]][] = [
    // At the limit nearly all of the 400 examples are needed, far from it a fifth is enough.
    [rule, 320, 'holds', [300, 400]],
    [rule, 319, 'fails', [300, 400]],
    [rule, 360, 'holds', [100, 180]],
    [rule, 240, 'fails', [40, 100]],
    [{ ...rule, confidently: true }, 380, 'holds', [80, 160]],
    [{ ...rule, confidently: true }, 320, 'fails', [200, 360]],
    [{ measure: 'accuracy', max: 0.8 }, 280, 'holds', [100, 260]],
  ];
  it.each(cases)('%j with %i right: %s, told wrongly in at most 100 of 2,000', (gate, right, truth, mean) => {
    const runs = orders.map((order) => stopped(gate, right, order));
    const wrong = runs.filter(({ decision }) => decision.verdict !== truth).length;
    expect(wrong).toBeLessThanOrEqual(0.05 * REPEATS);
    const seen = runs.reduce((sum, run) => sum + run.seen, 0) / REPEATS;
    expect([seen >= mean[0], seen <= mean[1], seen]).toEqual([true, true, seen]);
  });

  it('is undecided before anything is seen, and decided when all is', () => {
    expect(decided(rule, accuracy, { size: 10, seen: 0, successes: 0 })).toEqual({
      verdict: 'undecided',
      interval: [0, 1],
    });
    expect(decided(rule, accuracy, { size: 10, seen: 10, successes: 8 })).toEqual({
      verdict: 'holds',
      interval: [0.8, 0.8],
    });
    expect(decided(rule, accuracy, { size: 10, seen: 10, successes: 7 })?.verdict).toBe('fails');
  });

  it('fails at once on too few examples', () => {
    const seen = { size: 100, seen: 0, successes: 0 };
    expect(decided({ ...rule, minN: 101 }, accuracy, seen)?.verdict).toBe('fails');
    expect(decided({ ...rule, minN: 100 }, accuracy, seen)?.verdict).toBe('undecided');
  });

  const undecidable: GateRule[] = [
    { noWarnings: 'serious' },
    { measure: 'accuracy', aggregate: 'mean', min: 0.8 },
    { measure: 'accuracy', where: { model: 'a' }, over: 'b', maxDecrease: 0 },
    { measure: 'accuracy', where: { model: 'a' }, over: 'blessed', min: 0.8, notWorse: 'significantly' },
  ];
  it.each(undecidable)('no share decides %j', (other) => {
    expect(decided(other, accuracy, { size: 10, seen: 10, successes: 10 })).toBeUndefined();
  });
});
