import { describe, expect, it } from 'vitest';
import { checkpoints } from '../../src/attacks/apgd.js';
import type { Query, Subject } from '../../src/attacks/attack.js';
import { goalOf } from '../../src/attacks/goals.js';
import { isInside } from '../../src/attacks/norms.js';
import { attacks } from '../../src/attacks/registry.js';
import { type Attacked, runAttack } from '../../src/attacks/scheduler.js';
import { builtinCatalogue } from '../../src/suites/catalogue.js';
import { attackPlan, SIZE, targets, type Wanted, weights } from './helpers/attack-plan.js';
import { drive, type Hill, subjectOf, waves } from './helpers/drive.js';
import { exactlyBroken, steepestRise } from './helpers/exact.js';
import { nearest } from './helpers/projections.js';

const NORMS = ['Linf', 'L2', 'L1'];

it('judges the step size after 22, 41, 57, 70, 80, 87, 93 and 99 of 100 iterations', () => {
  expect([...checkpoints(100)]).toEqual([22, 41, 57, 70, 80, 87, 93, 99]);
  expect([...checkpoints(20)]).toEqual([4, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
});

interface Visit {
  x: number[];
  loss: number;
  gradient: number[];
}

const visit = (hill: Hill, x: number[]): Visit => ({
  x,
  loss: hill.loss(x),
  gradient: [...hill.gradient(x)],
});

const best = (visits: Visit[]) => visits.reduce((a, b) => (b.loss > a.loss ? b : a));

/**
 * What Croce & Hein 2020, Algorithm 1 asks about next, in double precision and with everything kept, after each of
 * the points that were asked about: so rounding does not add up.
 */
function textbook(
  { x0, epsilon: { value: epsilon }, norm }: Subject,
  hill: Hill,
  seen: number[][],
): number[][] {
  const project = (x: number[]) => nearest(norm.name, x, x0, epsilon);
  const direction = (g: number[]) =>
    norm.name === 'Linf' ? g.map(Math.sign) : g.map((v) => v / Math.hypot(...g));
  const ends = [22, 41, 57, 70, 80, 87, 93, 99];
  const visits = seen.map((x) => visit(hill, x));
  let [current, previous] = [visits[0]!, seen[0]!];
  const [etas, bests] = [[2 * epsilon], [Number.NaN]];
  return seen.slice(1).map((_, k) => {
    const step = direction(current.gradient);
    const z = project(current.x.map((v, i) => v + etas[etas.length - 1]! * step[i]!));
    const a = k === 0 ? 1 : 0.75;
    const next = project(current.x.map((v, i) => v + a * (z[i]! - v) + (1 - a) * (v - previous[i]!)));
    previous = current.x;
    current = visits[k + 1]!;
    const j = ends.indexOf(k + 1);
    if (j >= 0) {
      const begin = ends[j - 1] ?? 0;
      const window = visits.slice(begin, k + 2);
      const rises = window.filter(({ loss }, i) => i > 0 && loss > window[i - 1]!.loss).length;
      const top = best(visits.slice(0, k + 2));
      const same = j > 0 && etas[j] === etas[j - 1] && bests[j] === top.loss;
      const halve = rises <= 0.75 * (ends[j]! - begin) || same;
      etas.push(etas[j]! / (halve ? 2 : 1));
      bests.push(top.loss);
      if (halve) current = top;
    }
    return next;
  });
}

/** The same of Croce & Hein 2021, "Mind the box": radii of 3, 2 and 1 epsilon for 30, 30 and 40 iterations. */
function sparseTextbook({ x0, epsilon }: Subject, hill: Hill, seen: number[][]): number[][] {
  const size = x0.length;
  const changed = (x: number[]) => x.filter((v, i) => v !== x0[i]).length;
  const points: number[][] = [];
  let at = 0;
  let start = seen[0]!;
  for (const [factor, iterations] of [
    [3, 30],
    [2, 30],
    [1, 40],
  ] as const) {
    const radius = factor * epsilon.value;
    const visits = seen.slice(at, at + iterations + 1).map((x) => visit(hill, x));
    at += visits.length;
    if (factor < 3) points.push(nearest('L1', start, x0, radius));
    let sparsity = factor === 3 ? size : changed(visits[0]!.x);
    let k = factor === 3 ? 0.2 * size : sparsity / 1.5;
    let eta = radius;
    let current = visits[0]!;
    for (let i = 1; i <= iterations; i++) {
      const { gradient, x } = current;
      const slopes = gradient.map(Math.abs).sort((a, b) => b - a);
      const signs = gradient.map((g) => (Math.abs(g) >= slopes[Math.ceil(k) - 1]! ? Math.sign(g) : 0));
      const length = signs.reduce((sum, s) => sum + Math.abs(s), 0);
      const moved = x.map((v, axis) => v + (eta * signs[axis]!) / length);
      points.push(nearest('L1', moved, x0, radius));
      current = visits[i]!;
      if (i % 4 !== 0) continue;
      const top = best(visits.slice(0, i + 1));
      const sparser = changed(top.x) / sparsity < 0.95;
      eta = sparser ? radius : Math.max(radius / 10, eta / 1.5);
      sparsity = changed(top.x);
      k = sparsity / 1.5;
      if (sparser) current = top;
    }
    start = best(visits).x;
  }
  return points;
}

describe('against the algorithm as it is printed', () => {
  it.each(NORMS.flatMap((norm) => [1, 2, 3, 4].map((seed) => [norm, seed] as const)))(
    'visits the same points, %s, hill %i',
    (norm, seed) => {
      const size = 24;
      const hill = waves(size, seed);
      const subject = subjectOf(norm, { Linf: 0.1, L2: 0.5, L1: 1 }[norm] ?? 0, size, seed);
      const asked = drive(attacks.named('apgd').create({}).run(subject), hill);
      const plain = norm === 'L1' ? sparseTextbook : textbook;
      const seen = asked.map(({ pixels }) => [...pixels]);
      plain(subject, hill, seen).forEach((x, i) => {
        const off = Math.max(...x.map((v, j) => Math.abs(v - seen[i + 1]![j]!)));
        expect(off, `point ${i + 1}`).toBeLessThan(1e-6);
      });
      expect(asked).toHaveLength(norm === 'L1' ? 103 : 101);
      const kinds = asked.map(({ kind }) => kind);
      expect(kinds.slice(0, -1).every((kind) => kind === 'gradient')).toBe(true);
      expect(kinds[kinds.length - 1]).toBe('forward');
    },
  );

  it('starts on the surface of the ball', () => {
    for (const [norm, epsilon] of [
      ['Linf', 0.05],
      ['L2', 0.1],
    ] as const) {
      const subject = { ...subjectOf(norm, epsilon, 24), x0: new Float32Array(24).fill(0.5) };
      const { pixels } = drive(attacks.named('apgd').create({ steps: 1 }).run(subject), waves(24))[0]!;
      expect(subject.norm.distance(pixels, subject.x0)).toBeCloseTo(epsilon, 6);
    }
  });

  it('in L1 declares what lies outside the ball, and nothing else', () => {
    const subject = subjectOf('L1', 1, 24);
    const asked = drive(attacks.named('apgd').create({}).run(subject), waves(24));
    const inside = ({ pixels }: Query) => isInside(subject.norm, pixels, subject.x0, 1);
    expect(asked.filter(({ outside }) => !outside).every(inside)).toBe(true);
    expect(asked.filter(({ outside }) => outside)).toHaveLength(62);
    expect(asked.filter(({ outside }) => outside).some(inside)).toBe(false);
  });

  it.each([1, 2, 3, 4, 7])('runs %i steps in every norm', (steps) => {
    for (const norm of NORMS) {
      const { run, cost } = attacks.named('apgd').create({ steps });
      const subject = subjectOf(norm, 0.3, 24);
      const asked = drive(run(subject), waves(24));
      expect(asked.filter(({ kind }) => kind === 'forward')).toHaveLength(1);
      const gradients = asked.length - 1;
      expect(gradients).toBeGreaterThanOrEqual(steps);
      expect(gradients).toBeLessThanOrEqual(cost(subject.norm, 3).gradient);
    }
  });
});

describe('on linear models, of which everything is known', () => {
  const radii: Record<string, number[]> = { Linf: [0.05, 0.15], L2: [0.1, 0.3], L1: [0.15, 0.5] };
  /** In L1 steps are equal in several coordinates: with six of them, a projection may take a step back as it was. */
  const nearMisses: Record<string, number> = { L1: 5 };

  it.each(
    ['apgd-ce', 'apgd-dlr', 'apgd-t'].flatMap((method) => NORMS.map((norm) => [method, norm] as const)),
  )('%s breaks what can be broken in %s', async (method, norm) => {
    const two = weights.slice(0, 2);
    const given = await targets(50, { weights: two });
    const epsilons = radii[norm]!;
    const found = await runAttack(given, attackPlan({ method, norm, epsilons }));
    let missed = 0;
    for (let i = 0; i < given.n; i++) {
      if (!found.correct[i]) continue;
      const x0 = given.pixels.subarray(i * SIZE, (i + 1) * SIZE);
      const can = epsilons.map((epsilon) => exactlyBroken(two, x0, given.labels[i]!, norm, epsilon));
      const at = found.brokenAt[i]!;
      if (at >= 0) expect(can[at], `example ${i}`).toBe(true);
      if (at !== can.indexOf(true)) missed++;
    }
    expect(missed).toBeLessThanOrEqual(nearMisses[norm] ?? 0);
    expect(new Set(found.brokenAt).size).toBe(3);
  });

  it.each(['Linf', 'L2'])('climbs to a highest score in %s, where nothing counts as broken', async (norm) => {
    const given = await targets(12);
    const goal = goalOf({ kind: 'raise', score: 'max-logit' }, builtinCatalogue);
    const [epsilon] = radii[norm]! as [number];
    const wanted = { method: 'apgd', norm, epsilons: [epsilon], goal, restarts: 2 };
    const found = await runAttack(given, attackPlan({ ...wanted, keep: 'strongest' }));
    for (let i = 0; i < given.n; i++) {
      const x0 = given.pixels.subarray(i * SIZE, (i + 1) * SIZE);
      const tops = weights.map((w, k) => given.cleanLogits[3 * i + k]! + steepestRise(w, x0, norm, epsilon));
      const off = tops.map((top) => Math.abs(top - found.loss[i]!));
      expect(Math.min(...off)).toBeLessThan(1e-3);
    }
  });
});

describe.each(NORMS)('in %s', (norm) => {
  const columns = ({ batches: _, ...rest }: Attacked) => rest;

  it('batches and lanes change nothing', async () => {
    const given = await targets(16, { squash: 3 });
    const wanted = attackPlan({ method: 'apgd-ce', norm, options: { steps: 30 }, epsilons: [0.1, 0.4] });
    const whole = columns(await runAttack(given, wanted));
    for (const [batchSize, concurrency] of [
      [1, 1],
      [5, 3],
    ]) {
      expect(columns(await runAttack({ ...given, batchSize, concurrency }, wanted))).toEqual(whole);
    }
  });

  it('what is kept lies in the ball, broken or not, and restarts differ', async () => {
    const given = await targets(16, { squash: 3, noise: 0.1 });
    const plan: Wanted = { norm, epsilons: [0.05], eot: 2, confirm: 2, restarts: 2, keep: 'strongest' };
    const found = await runAttack(given, attackPlan({ method: 'apgd', options: { steps: 10 }, ...plan }));
    const ball = attackPlan(plan).norm;
    found.correct.forEach((correct, i) => {
      const [x, x0] = [found.pixels, given.pixels].map((all) => all.slice(i * SIZE, (i + 1) * SIZE));
      expect(isInside(ball, x!, x0!, 0.05)).toBe(true);
      expect(found.distance[i]! > 0).toBe(correct === 1);
    });
    expect(new Set(found.restart.filter((restart) => restart >= 0)).size).toBe(2);
  });
});

it('a loss of its own is refused another goal and another loss', () => {
  expect(() => attacks.named('apgd-ce').create({}, 'margin')).toThrowError(/cannot climb the loss "margin"/);
  expect(attacks.named('apgd').losses.length).toBeGreaterThan(1);
});
