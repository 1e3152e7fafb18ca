// @module-tag slow
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Answer, Query, Subject, Trajectory } from '../../src/attacks/attack.js';
import type { AttackInputs, AttackPlan } from '../../src/attacks/attack-plan.js';
import { isInside } from '../../src/attacks/norms.js';
import { attacks } from '../../src/attacks/registry.js';
import { type Attacked, runAttack } from '../../src/attacks/scheduler.js';
import { AssayError } from '../../src/errors.js';
import { stream } from '../../src/random/stream.js';
import { analyticSystem } from './helpers/analytic-system.js';
import { attackPlan, SIZE, targets, weights } from './helpers/attack-plan.js';
import { exactlyBroken } from './helpers/exact.js';

/** Some of the examples, in another order. */
function pick(from: AttackInputs, order: readonly number[]): AttackInputs {
  const rows = (values: ArrayLike<number>, width: number) =>
    order.flatMap((i) => Array.from({ length: width }, (_, j) => values[i * width + j]));
  return {
    ...from,
    n: order.length,
    indices: Int32Array.from(order, (i) => from.indices[i]!),
    labels: Int32Array.from(order, (i) => from.labels[i]!),
    pixels: Float32Array.from(rows(from.pixels, SIZE)),
    cleanLogits: Float32Array.from(rows(from.cleanLogits, 3)),
  };
}

const columns = ({ batches: _, ...rest }: Attacked) => rest;

describe('on a linear model, whose robust accuracy is known exactly', () => {
  it.each([
    ['fgsm', 'Linf', {}, 0],
    ['pgd', 'Linf', {}, 0],
    ['mi-fgsm', 'Linf', {}, 0],
    ['pgd', 'L2', { options: { steps: 50, stepSize: 0.5 } }, 0],
    ['square', 'Linf', { options: { queries: 300 } }, 0],
    ['square', 'L2', { options: { queries: 300 } }, 12],
    ['pgd', 'L1', { options: { steps: 20, stepSize: 0.2 } }, 0],
  ])('%s %s reaches it', async (method, norm, more, nearMisses) => {
    const given = await targets(150, { weights: weights.slice(0, 2) });
    const epsilons = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3];
    const found = await runAttack(given, attackPlan({ method, norm, epsilons, ...more }));
    let missed = 0;
    for (let i = 0; i < given.n; i++) {
      if (!found.correct[i]) continue;
      const x0 = given.pixels.subarray(i * SIZE, (i + 1) * SIZE);
      epsilons.forEach((epsilon, k) => {
        const broken = found.brokenAt[i]! >= 0 && found.brokenAt[i]! <= k;
        const can = exactlyBroken(weights.slice(0, 2), x0, given.labels[i]!, norm, epsilon);
        if (broken) expect(can).toBe(true);
        if (can && !broken) missed++;
      });
    }
    expect(missed).toBeLessThanOrEqual(nearMisses);
    const counts = epsilons.map((_, k) => found.brokenAt.filter((at) => at >= 0 && at <= k).length);
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts[5]).toBeGreaterThan(counts[0]! + 20);
  });
});

describe('against a plain implementation', () => {
  /** Every example on its own, every radius from scratch, no early exit. */
  async function plain(given: AttackInputs, { norm, epsilons, stages }: AttackPlan, steps: number) {
    const { restarts } = stages[0]!;
    const brokenAt: number[] = [];
    let gradients = 0;
    for (let i = 0; i < given.n; i++) {
      const x0 = given.pixels.slice(i * SIZE, (i + 1) * SIZE);
      const labels = given.labels.slice(i, i + 1);
      const flags = [];
      for (const epsilon of epsilons) {
        let broken = false;
        for (let restart = 0; restart < restarts; restart++) {
          const purpose = `attack/PGD-${steps}/${norm.name}/${epsilon.text}/start`;
          const draws = stream({ seed: given.seed, purpose, example: given.indices[i]!, restart });
          let x = norm.randomStart(x0, epsilon.value, draws);
          for (let step = 0; step <= steps; step++) {
            const answer = await given.system.gradient({ n: 1, pixels: x, labels }, 'cross-entropy');
            gradients++;
            const logits = answer.logits ?? new Float32Array(0);
            if (logits.indexOf(Math.max(...logits)) !== labels[0]) broken = true;
            x = norm.project(
              norm.ascend(x, answer.gradient, (2.5 * epsilon.value) / steps),
              x0,
              epsilon.value,
            );
          }
        }
        flags.push(broken);
      }
      const row = Array.from({ length: 3 }, (_, k) => given.cleanLogits[i * 3 + k]!);
      const correct = row.indexOf(Math.max(...row)) === labels[0];
      brokenAt.push(correct ? flags.indexOf(true) : -1);
    }
    return { brokenAt, gradients };
  }

  it.each(['Linf', 'L2'])('the same verdicts with fewer passes, %s', async (norm) => {
    const given = await targets(60, { squash: 3 });
    const wanted = attackPlan({ norm, restarts: 2 });
    const ours = await runAttack(given, wanted);
    const theirs = await plain(given, wanted, 10);
    expect([...ours.brokenAt]).toEqual(theirs.brokenAt);
    const spent = ours.gradient.reduce((a, b) => a + b, 0);
    const naive = ours.naiveGradient.reduce((a, b) => a + b, 0);
    expect(spent).toBeLessThan(naive);
    expect(naive).toBeLessThanOrEqual(theirs.gradients);
    expect(spent).toBeLessThan(theirs.gradients);
  });

  it('keeping the strongest point changes no verdict and no distance bound', async () => {
    const given = await targets(60, { squash: 3 });
    const first = await runAttack(given, attackPlan({ restarts: 2 }));
    const strongest = await runAttack(given, attackPlan({ restarts: 2, keep: 'strongest' }));
    expect(strongest.brokenAt).toEqual(first.brokenAt);
    first.loss.forEach((loss, i) => {
      if (first.brokenAt[i]! >= 0) expect(strongest.loss[i]).toBeGreaterThanOrEqual(loss - 1e-6);
    });
  });
});

describe('whatever the schedule', () => {
  it('batch size, lanes, order and shards change nothing', async () => {
    const given = await targets(40, { squash: 3 });
    const wanted = attackPlan({ restarts: 2 });
    const whole = columns(await runAttack(given, wanted));
    for (const [batchSize, concurrency] of [
      [1, 1],
      [3, 4],
      [64, 1],
    ]) {
      expect(columns(await runAttack({ ...given, batchSize, concurrency }, wanted))).toEqual(whole);
    }
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(
          Array.from({ length: 40 }, (_, i) => i),
          { minLength: 1 },
        ),
        async (order) => {
          const part = await runAttack(pick(given, order), wanted);
          expect([...part.brokenAt]).toEqual(order.map((i) => whole.brokenAt[i]));
          expect([...part.distance]).toEqual(order.map((i) => whole.distance[i]));
          expect([...part.gradient]).toEqual(order.map((i) => whole.gradient[i]));
        },
      ),
      { numRuns: 10 },
    );
  });

  it('a stochastic system draws the same noise whatever the batch', async () => {
    const given = await targets(20, { noise: 0.5 });
    const wanted = attackPlan({ eot: 3, confirm: 4, options: { steps: 5 } });
    const whole = columns(await runAttack(given, wanted));
    expect(columns(await runAttack({ ...given, batchSize: 5, concurrency: 1 }, wanted))).toEqual(whole);
    const second = await runAttack({ ...given, seed: 12 }, wanted);
    expect(second.pixels).not.toEqual(whole.pixels);
  });

  it('is monotone in epsilon and its points lie where they should', async () => {
    const given = await targets(80, { squash: 3 });
    for (const norm of ['Linf', 'L2']) {
      const wanted = attackPlan({ norm });
      const found = await runAttack(given, wanted);
      for (let i = 0; i < given.n; i++) {
        const k = found.brokenAt[i]! < 0 ? wanted.epsilons.length - 1 : found.brokenAt[i]!;
        const x = found.pixels.slice(i * SIZE, (i + 1) * SIZE);
        const x0 = given.pixels.slice(i * SIZE, (i + 1) * SIZE);
        expect(isInside(wanted.norm, x, x0, wanted.epsilons[k]!.value)).toBe(true);
        if (found.brokenAt[i]! >= 0) expect(found.prediction[i]).not.toBe(given.labels[i]);
        if (!found.correct[i]) {
          expect(x).toEqual(x0);
          expect(found.gradient[i]! + found.forward[i]!).toBe(0);
        }
      }
    }
  });

  it.each([
    [1, 1],
    [2, 3],
  ])('with %i sessions it keeps batches full and %i under way', async (concurrency, underWay) => {
    const given = await targets(200, { squash: 3 });
    const found = await runAttack({ ...given, concurrency }, attackPlan());
    expect(given.system.spy.busiest).toBe(underWay);
    expect(found.batches.rows / found.batches.batches).toBeGreaterThan(0.9 * given.system.batchSize);
    expect(found.batches.rows).toBe([...found.gradient, ...found.forward].reduce((a, b) => a + b, 0));
  });

  it('asks for the gradient at the clean image once', async () => {
    const given = await targets(10, { gradientScale: 0 });
    const found = await runAttack(given, attackPlan({ method: 'fgsm' }));
    found.correct.forEach((correct, i) => {
      expect([found.gradient[i], found.forward[i]]).toEqual(correct ? [1, 3] : [0, 0]);
    });
  });
});

/** An attack plan of one attack that asks about one point. */
function single(query: (x0: Float32Array) => Query, answers: Answer[] = []): AttackPlan {
  const attack = attacks.named('fgsm').create({});
  const run = function* ({ x0 }: Subject): Trajectory {
    answers.push(yield query(x0));
  };
  return { ...attackPlan({ epsilons: [0.1] }), stages: [{ attack: { ...attack, run }, restarts: 1 }] };
}

describe('a point beyond the ball', () => {
  const far = (x0: Float32Array, outside?: boolean): Query => {
    const pixels = x0.map((v) => 1 - v);
    return { kind: 'gradient', pixels, step: 0, ...(outside && { outside }) };
  };

  it('is answered and no candidate where it is declared', async () => {
    const given = await targets(40);
    const answers: Answer[] = [];
    const plan = single((x0) => far(x0, true), answers);
    const found = await runAttack(given, plan);
    expect(answers.length).toBe(found.correct.reduce((a, b) => a + b, 0));
    expect(answers.every(({ broken, gradient }) => !broken && gradient.length === SIZE)).toBe(true);
    expect(found.brokenAt.every((at) => at === -1)).toBe(true);
    expect(found.pixels).toEqual(given.pixels);
    expect(found.forward.every((count) => count === 0)).toBe(true);
  });

  it('is a bug where it is not', async () => {
    const given = await targets(40);
    await expect(
      runAttack(
        given,
        single((x0) => far(x0)),
      ),
    ).rejects.toThrowError(/left its Linf ball/);
  });
});

describe('verdicts', () => {
  it('flags zero gradients', async () => {
    const given = await targets(10, { gradientScale: 0 });
    const found = await runAttack(given, attackPlan({ options: { steps: 3, randomStart: false } }));
    // The gradient of the clean image is asked for once for all three radii.
    expect([...found.zeroStarts]).toEqual([...found.correct]);
    expect([...found.zeroGradients]).toEqual([...found.correct].map((c) => 7 * c));
    expect(found.brokenAt.every((at) => at === -1)).toBe(true);
  });

  it('does not take one unlucky draw of a noisy system for a broken example', async () => {
    const given = await targets(40, { noise: 2, gradientScale: 0 });
    const plan = { epsilons: [1e-6], options: { steps: 10 } };
    const rash = await runAttack(given, attackPlan({ ...plan, eot: 1, confirm: 1 }));
    const careful = await runAttack(given, attackPlan({ ...plan, eot: 16, confirm: 64 }));
    const broken = ({ brokenAt }: Attacked) => brokenAt.filter((at) => at >= 0).length;
    expect(broken(careful)).toBeLessThan(broken(rash) / 2);
  });

  it('a targeted attack counts any mistake, and takes one target after the other', async () => {
    const given = await targets(300);
    const options = { steps: 20, randomStart: false };
    const one = await runAttack(given, attackPlan({ options: { ...options, targets: 1 } }));
    const all = await runAttack(given, attackPlan({ options: { ...options, targets: 9 } }));
    const count = ({ brokenAt }: Attacked) => brokenAt.filter((at) => at >= 0).length;
    expect(count(one)).toBeGreaterThan(0);
    expect(count(all)).toBeGreaterThan(count(one));
    all.target.forEach((target, i) => {
      if (all.brokenAt[i]! >= 0) expect(target).not.toBe(given.labels[i]);
      else expect(all.naiveGradient[i]).toBe(all.correct[i]! * 3 * 2 * 20);
    });
  });

  it('asks again where rounding could have decided, and believes the forward pass', async () => {
    const given = await targets(40);
    const off = analyticSystem({ weights, bias: [1e-7, 0, 0] });
    // At the origin all logits are equal: the gradient program sees class 0 ahead by a hair.
    const zero = { ...given, n: 1, pixels: new Float32Array(SIZE), labels: Int32Array.from([1]) };
    const system = {
      ...given.system,
      gradient: off.gradient,
      forward: analyticSystem({ weights, bias: [0, 1e-7, 0] }).forward,
    };
    const one = { ...zero, system, cleanLogits: Float32Array.from([0, 1, 0]) };
    const plan = { epsilons: [1e-12], options: { steps: 1 } };
    const found = await runAttack(one, attackPlan(plan));
    expect(found.brokenAt[0]).toBe(-1);
    expect(found.forward[0]).toBe(2);
  });

  it('descends the losses that fall towards success', async () => {
    const given = await targets(60);
    const found = await runAttack(given, attackPlan({ loss: 'logit', epsilons: [0.3] }));
    expect(found.brokenAt.some((at) => at === 0)).toBe(true);
  });
});

describe('trouble', () => {
  it('stops at the first failure of the system and passes it on', async () => {
    const given = await targets(50);
    let calls = 0;
    const system = {
      ...given.system,
      gradient: async () => {
        calls++;
        throw new AssayError('model-invalid', 'the logits are NaN');
      },
    };
    await expect(runAttack({ ...given, system }, attackPlan())).rejects.toThrowError(/NaN/);
    // One in each of two sessions, and one that waits.
    expect(calls).toBeLessThanOrEqual(3);
  });

  it('can be interrupted', async () => {
    const controller = new AbortController();
    const given = await targets(50, {}, { signal: controller.signal });
    const running = runAttack(given, attackPlan({ options: { steps: 1000 }, epsilons: [1e-5] }));
    setTimeout(() => controller.abort(), 5);
    await expect(running).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('refuses labels that are no class', async () => {
    const given = await targets(3);
    given.labels[1] = 7;
    await expect(runAttack(given, attackPlan())).rejects.toMatchObject({ code: 'data-invalid' });
  });

  it('nothing to attack is no trouble', async () => {
    const given = await targets(0);
    expect((await runAttack(given, attackPlan())).brokenAt).toHaveLength(0);
  });
});

describe('the registry', () => {
  it('names the attack that was meant', () => {
    expect(() => attacks.named('pdg')).toThrowError(
      expect.objectContaining({ details: expect.objectContaining({ hint: 'did you mean "pgd"?' }) }),
    );
  });

  it('refuses the options of another attack', () => {
    expect(() => attacks.named('fgsm').create({ steps: 3 })).toThrowError(/no option "steps"/);
    expect(() => attacks.named('pgd').create({ step: 3 })).toThrowError(
      expect.objectContaining({ details: expect.objectContaining({ hint: 'did you mean "steps"?' }) }),
    );
  });

  it.each([...attacks.names])('%s says what a run costs', async (method) => {
    const given = await targets(20, { gradientScale: 0 });
    const { options, norms = ['Linf'] } = attacks.named(method);
    const few = 'steps' in options.properties ? { steps: 30 } : {};
    const wanted = attackPlan({ method, norm: norms[0], options: few, epsilons: [1e-6] });
    const found = await runAttack(given, wanted);
    const attacked = found.correct.indexOf(1);
    expect(found.gradient[attacked]! + found.forward[attacked]!).toBeGreaterThan(0);
    expect(found.gradient[attacked]).toBeLessThanOrEqual(found.naiveGradient[attacked]!);
    expect(found.forward[attacked]).toBeLessThanOrEqual(found.naiveForward[attacked]!);
  });
});
