import { describe, expect, it } from 'vitest';
import type { AttackInputs } from '../../src/attacks/attack-plan.js';
import { attackedScores, goalOf } from '../../src/attacks/goals.js';
import { followed, raising } from '../../src/attacks/losses.js';
import { runAttack } from '../../src/attacks/scheduler.js';
import { argmaxOf, logSumExp } from '../../src/metrics/softmax.js';
import { scores } from '../../src/scores/registry.js';
import { analyticSystem, noiseImages } from './helpers/analytic-system.js';
import { attackPlan } from './helpers/attack-plan.js';

const weights = [
  [4, -3],
  [-2, 5],
  [1, -1],
];
const N = 20;
const EPSILON = 0.2;

async function images(): Promise<AttackInputs> {
  const system = analyticSystem({ weights });
  const pixels = noiseImages(N, 2, 3);
  const { logits = new Float32Array(0), logPx = new Float32Array(0) } = await system.forward({
    n: N,
    pixels,
  });
  const labels = Int32Array.from({ length: N }, (_, i) => argmaxOf(logits.subarray(i * 3, i * 3 + 3)));
  const indices = Int32Array.from({ length: N }, (_, i) => i);
  return { system, n: N, indices, pixels, labels, cleanLogits: logits, cleanLogPx: logPx, seed: 5 };
}

const logitsAt = (x: number, y: number) => weights.map(([a, b]) => a! * x + b! * y);

const scoreAt = (score: string, logits: number[]) =>
  followed.named(raising(score)).value(logits, {
    label: 0,
    target: -1,
    threshold: 0,
    logPx: logSumExp({ n: 1, classes: 3, data: logits })[0]!,
  });

/** A fine grid over ball and box. */
function* grid([x, y]: Float32Array): Generator<number[]> {
  const range = (v: number) =>
    Array.from({ length: 41 }, (_, i) => Math.min(1, Math.max(0, v + EPSILON * (i / 20 - 1))));
  for (const a of range(x!)) for (const b of range(y!)) yield logitsAt(a, b);
}

describe('goals', () => {
  it.each(attackedScores(scores))('raise: as high a %s as a grid over the ball finds', async (score) => {
    const given = await images();
    const options = { steps: 40, stepSize: 0.02 };
    const wanted = attackPlan({
      epsilons: [EPSILON],
      options,
      restarts: 3,
      goal: goalOf({ kind: 'raise', score }, { scores, followed }),
    });
    const found = await runAttack(given, { ...wanted, keep: 'strongest' });
    expect([...found.correct]).toEqual(Array(N).fill(1));
    expect(found.brokenAt.every((at) => at === -1)).toBe(true);
    for (let i = 0; i < N; i++) {
      const best = Math.max(
        ...[...grid(given.pixels.subarray(2 * i, 2 * i + 2))].map((z) => scoreAt(score, z)),
      );
      expect(found.loss[i]).toBeGreaterThan(best - 0.05 * Math.max(1, Math.abs(best)));
      const [x, y] = [found.pixels[2 * i]!, found.pixels[2 * i + 1]!];
      expect(scoreAt(score, logitsAt(x, y))).toBeCloseTo(found.loss[i]!, 4);
    }
  });

  it.each(attackedScores(scores))(
    'evade: mistakes with a %s above the threshold, where a grid has some',
    async (score) => {
      const given = await images();
      const clean = Array.from({ length: N }, (_, i) =>
        scoreAt(score, logitsAt(given.pixels[2 * i]!, given.pixels[2 * i + 1]!)),
      );
      const threshold = [...clean].sort((a, b) => a - b)[N / 10]!;
      const goal = goalOf({ kind: 'evade', score, threshold }, { scores, followed });
      const options = { steps: 40, stepSize: 0.02 };
      const found = await runAttack(given, attackPlan({ epsilons: [EPSILON], options, restarts: 5, goal }));
      const plain = await runAttack(given, attackPlan({ epsilons: [EPSILON], options, restarts: 5 }));
      let reachable = 0;
      for (let i = 0; i < N; i++) {
        const reach = [...grid(given.pixels.subarray(2 * i, 2 * i + 2))].some(
          (z) => argmaxOf(z) !== given.labels[i] && scoreAt(score, z) >= threshold,
        );
        if (reach) reachable++;
        if (found.brokenAt[i]! >= 0) {
          const [x, y] = [found.pixels[2 * i]!, found.pixels[2 * i + 1]!];
          expect(argmaxOf(logitsAt(x, y))).not.toBe(given.labels[i]);
          expect(scoreAt(score, logitsAt(x, y))).toBeGreaterThan(threshold - 1e-5);
          // Whoever is noticed by no one is a mistake all the same.
          expect(plain.brokenAt[i]).toBe(0);
        }
      }
      const broken = found.brokenAt.filter((at) => at >= 0).length;
      // The smaller of two losses has local maxima: a first-order attack does not find all that a grid does.
      expect(reachable).toBeGreaterThan(2);
      expect(broken).toBeGreaterThan(0.6 * reachable);
    },
  );

  it('refuses a score without a gradient', () => {
    expect(() => goalOf({ kind: 'raise', score: 'knn' as never }, { scores, followed })).toThrowError(
      expect.objectContaining({ code: 'unknown-name' }),
    );
  });
});
