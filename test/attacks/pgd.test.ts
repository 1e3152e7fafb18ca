import { describe, expect, it } from 'vitest';
import { attacks } from '../../src/attacks/registry.js';
import { runAttack } from '../../src/attacks/scheduler.js';
import { attackPlan, SIZE, targets, weights } from './helpers/attack-plan.js';
import { drive, type Hill, subjectOf, waves } from './helpers/drive.js';
import { steepestRise } from './helpers/exact.js';
import { nearest } from './helpers/projections.js';

/** Dong et al. 2018, eq. 6 and 7, in double precision; steps along the sign in Linf, along the gradient in L2. */
function textbook(
  norm: string,
  x0: ArrayLike<number>,
  hill: Hill,
  [epsilon, size, mu]: [epsilon: number, size: number, mu: number],
  seen: number[][],
): number[][] {
  let g = Array.from(x0, () => 0);
  return seen.slice(0, -1).map((x) => {
    const gradient = [...hill.gradient(x)];
    const length = gradient.reduce((sum, v) => sum + Math.abs(v), 0);
    g = g.map((v, i) => mu * v + gradient[i]! / length);
    const step = norm === 'Linf' ? g.map(Math.sign) : g.map((v) => v / Math.hypot(...g));
    const moved = x.map((v, i) => v + size * step[i]!);
    return nearest(norm, moved, x0, epsilon);
  });
}

describe('momentum', () => {
  it.each([
    ['Linf', 'mi-fgsm', {}, 0.02, 1],
    ['L2', 'mi-fgsm', {}, 0.05, 1],
    ['Linf', 'mi-fgsm', { momentum: 0.5, steps: 10 }, 0.02, 0.5],
    ['Linf', 'pgd', { momentum: 0.9, stepSize: 0.02, steps: 10 }, 0.02, 0.9],
    ['L2', 'pgd', { momentum: 0.3, stepSize: 0.05, steps: 10 }, 0.05, 0.3],
  ] as const)('is carried as it is printed, %s %s %o', (norm, method, options, size, mu) => {
    const epsilon = 10 * size;
    for (const seed of [1, 2, 3]) {
      const hill = waves(24, seed);
      const subject = subjectOf(norm, epsilon, 24, seed);
      const seen = drive(attacks.named(method).create(options).run(subject), hill).map((q) => [...q.pixels]);
      expect(seen).toHaveLength(11);
      textbook(norm, subject.x0, hill, [epsilon, size, mu], seen).forEach((x, i) => {
        const off = Math.max(...x.map((v, j) => Math.abs(v - seen[i + 1]![j]!)));
        expect(off, `point ${i + 1}`).toBeLessThan(1e-6);
      });
      if (method === 'mi-fgsm') expect(seen[0]).toEqual([...subject.x0]);
    }
  });

  it('changes where PGD goes', () => {
    const points = [0, 0.5].map((momentum) => {
      const options = { steps: 10, randomStart: false, momentum };
      const asked = drive(
        attacks
          .named('pgd')
          .create(options)
          .run(subjectOf('L2', 0.5, 24)),
        waves(24),
      );
      return asked[10]!.pixels;
    });
    expect(points[0]).not.toEqual(points[1]);
  });
});

describe('led to a class', () => {
  it.each(['Linf', 'L2', 'L1'])('PGD raises its logit as far as it goes in %s', async (norm) => {
    const given = await targets(30);
    const epsilon = { Linf: 0.03, L2: 0.06, L1: 0.1 }[norm] ?? 0;
    const options = { steps: 30, stepSize: epsilon / 2, targets: 1 };
    const plan = attackPlan({ norm, loss: 'logit', epsilons: [epsilon], options, keep: 'strongest' });
    const { correct, brokenAt, target, loss } = await runAttack(given, plan);
    const survivors = [...correct.keys()].filter((i) => correct[i] && brokenAt[i]! < 0);
    expect(survivors.length).toBeGreaterThan(3);
    for (const i of survivors) {
      const clean = [0, 1, 2].map((k) => given.cleanLogits[3 * i + k]!);
      const others = clean.map((z, k) => (k === given.labels[i] ? Number.NEGATIVE_INFINITY : z));
      expect(target[i]).toBe(others.indexOf(Math.max(...others)));
      const x0 = given.pixels.subarray(i * SIZE, (i + 1) * SIZE);
      const highest = clean[target[i]!]! + steepestRise(weights[target[i]!]!, x0, norm, epsilon);
      expect(Math.abs(loss[i]! - highest)).toBeLessThan(1e-3);
    }
  });

  it('has as many runs as there are wrong classes at most, each from a start of its own', async () => {
    const given = await targets(10, { gradientScale: 0 });
    const options = { steps: 2, targets: 9 };
    const found = await runAttack(given, attackPlan({ epsilons: [1e-6], options, restarts: 2 }));
    found.correct.forEach((correct, i) => {
      expect([found.gradient[i], found.naiveGradient[i]]).toEqual([8 * correct, 8 * correct]);
    });
  });
});
