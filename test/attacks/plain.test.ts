// @module-tag slow
import { describe, expect, it } from 'vitest';
import type { Answer, Query } from '../../src/attacks/attack.js';
import type { AttackInputs, AttackPlan, Stage } from '../../src/attacks/attack-plan.js';
import type { StageParams } from '../../src/attacks/compositions.js';
import type { Epsilon } from '../../src/attacks/epsilon.js';
import { definedLoss, followed } from '../../src/attacks/losses.js';
import { norms } from '../../src/attacks/norms.js';
import { attacks } from '../../src/attacks/registry.js';
import { runAttack } from '../../src/attacks/scheduler.js';
import type { ExampleArguments } from '../../src/losses/loss.js';
import { argmaxOf } from '../../src/metrics/softmax.js';
import type { Passes } from '../../src/models/system.js';
import { stream } from '../../src/random/stream.js';
import { attackPlan, SIZE, targets } from './helpers/attack-plan.js';

/** Answers a query by itself, on a batch of one; no verdict is confirmed, none is shared. */
async function answer(
  given: AttackInputs,
  i: number,
  query: Query,
  stage: Stage,
  target: number,
): Promise<Answer> {
  const { system, labels } = given;
  const loss = definedLoss(query.loss ?? stage.attack.loss, system.info.classes.length, followed);
  const { of, targeted, direction, value } = followed.named(loss);
  const swapped = target >= 0 && !targeted;
  const label = swapped ? target : labels[i]!;
  const batch = { n: 1, pixels: query.pixels, labels: Int32Array.of(label), targets: Int32Array.of(target) };
  const outputs =
    query.kind === 'gradient'
      ? await system.gradient(batch, of)
      : { ...(await system.forward(batch)), gradient: new Float32Array(0) };
  const logits = outputs.logits ?? new Float32Array(0);
  const sign = swapped ? -direction : direction;
  const aim: ExampleArguments = { label, target, threshold: 0, logPx: outputs.logPx?.[0] ?? Number.NaN };
  return {
    logits,
    loss: sign * value(logits, aim),
    gradient: sign === 1 ? outputs.gradient : outputs.gradient.map((g) => -g),
    broken: argmaxOf(logits) !== labels[i],
  };
}

/**
 * The plain definition: every example on its own, every radius, attack, target and restart from scratch, nothing
 * stopped, carried over or shared. Broken at a radius: some point asked about is misclassified and within it.
 */
async function plain(given: AttackInputs, { stages, norm, epsilons }: AttackPlan) {
  const brokenAt: number[] = [];
  const most: Passes[] = stages.map(() => ({ forward: 0, gradient: 0 }));
  const classes = given.system.info.classes.length;
  for (let i = 0; i < given.n; i++) {
    const x0 = given.pixels.slice(i * SIZE, (i + 1) * SIZE);
    const clean = Array.from({ length: classes }, (_, k) => Number(given.cleanLogits[i * classes + k]!));
    const label = given.labels[i]!;
    const rivals = [...clean.keys()].filter((k) => k !== label).sort((a, b) => clean[b]! - clean[a]!);
    const once = async (
      at: number,
      epsilon: Epsilon,
      radius: string,
      target: number,
      restart: number,
      known: number,
    ) => {
      const stage = stages[at]!;
      const { attack } = stage;
      const aim = target < 0 ? '' : `/to-${target}`;
      const purpose = `attack/${attack.label}/${norm.name}${aim}${radius}`;
      const subject = {
        x0,
        shape: given.system.info.shape,
        label,
        epsilon,
        norm,
        restart,
        ...(target >= 0 && { target }),
        rivals,
        nearest: known,
        draws: (what: string) =>
          stream({ seed: given.seed, purpose: `${purpose}/${what}`, example: given.indices[i]!, restart }),
      };
      const asked: Passes = { forward: 0, gradient: 0 };
      let nearest = Number.POSITIVE_INFINITY;
      const run = attack.run(subject);
      for (let turn = run.next(); !turn.done; ) {
        const query = turn.value;
        asked[query.kind]++;
        const found = await answer(given, i, query, stage, query.target ?? target);
        const atClean = query.pixels === x0 || query.outside;
        if (found.broken && !atClean) nearest = Math.min(nearest, norm.distance(query.pixels, x0));
        turn = run.next({ ...found, broken: found.broken && !atClean });
      }
      most[at]!.forward = Math.max(most[at]!.forward, asked.forward);
      most[at]!.gradient = Math.max(most[at]!.gradient, asked.gradient);
      return nearest;
    };
    const largest = epsilons[epsilons.length - 1]!;
    const within: boolean[] = [];
    for (const epsilon of epsilons) {
      let nearest = Number.POSITIVE_INFINITY;
      // What runs that know no radius have found: later ones may begin from there.
      let known = Number.POSITIVE_INFINITY;
      for (const [at, { attack, restarts }] of stages.entries()) {
        const free = attack.radius === 'free';
        for (const target of attack.targets > 0 ? rivals.slice(0, attack.targets) : [-1]) {
          for (let restart = 0; restart < (attack.random ? restarts : 1); restart++) {
            const radius = free ? '' : `/${epsilon.text}`;
            const found = await once(at, free ? largest : epsilon, radius, target, restart, known);
            nearest = Math.min(nearest, found);
            if (free) known = Math.min(known, found);
          }
        }
      }
      within.push(nearest <= epsilon.value);
    }
    brokenAt.push(argmaxOf(clean) === label ? within.indexOf(true) : -1);
  }
  return { brokenAt, most };
}

/** Few steps: what is tested is the schedule. */
const SHORT: Record<string, Record<string, unknown>> = {
  'apgd-t': { steps: 12, targets: 2 },
  'fab-t': { steps: 12, targets: 2 },
  square: { queries: 40 },
  cw: { steps: 20, searches: 2 },
  'jem-paper': { steps: 12, searches: 4 },
};
const shortened = (method: string): StageParams => {
  const { properties } = attacks.named(method).options;
  const steps = 'steps' in properties ? { steps: 12 } : {};
  return { method, restarts: 2, options: SHORT[method] ?? steps };
};

const pairs = [...attacks].flatMap(({ name, norms: own }) =>
  [...norms.names].filter((norm) => own?.includes(norm) ?? true).map((norm) => [name, norm] as const),
);
const radii: Record<string, number[]> = { Linf: [0.05, 0.15], L2: [0.1, 0.3], L1: [0.2, 0.6] };

describe('every attack: the verdicts of its plain definition', () => {
  it.each(pairs)('%s, %s', async (method, norm) => {
    const given = await targets(16, { squash: 3 });
    const wanted = attackPlan({ attacks: [shortened(method)], norm, epsilons: radii[norm] });
    const ours = await runAttack(given, wanted);
    const theirs = await plain(given, wanted);
    expect([...ours.brokenAt]).toEqual(theirs.brokenAt);
    // What a run is said to cost is at least what it asks for when nothing stops it.
    const cost = wanted.stages[0]!.attack.cost(wanted.norm, given.system.info.classes.length);
    expect(theirs.most[0]!.gradient).toBeLessThanOrEqual(cost.gradient);
    expect(theirs.most[0]!.forward).toBeLessThanOrEqual(cost.forward);
    ours.gradient.forEach((spent, i) => {
      expect(spent).toBeLessThanOrEqual(ours.naiveGradient[i]!);
    });
    ours.forward.forEach((spent, i) => {
      // One more each time rounding could have decided.
      expect(spent).toBeLessThanOrEqual(ours.naiveForward[i]! + 1);
    });
  });

  it('several attacks', async () => {
    const given = await targets(24, { squash: 3 });
    const list = [
      { method: 'fgsm' },
      { method: 'pgd', restarts: 2, options: { steps: 5, stepSize: 0.01 } },
      { method: 'pgd', options: { steps: 8, targets: 2 } },
    ];
    const wanted = attackPlan({ attacks: list });
    const ours = await runAttack(given, wanted);
    expect([...ours.brokenAt]).toEqual((await plain(given, wanted)).brokenAt);
    expect(new Set(ours.brokenBy).size).toBeGreaterThan(2);
  });
});

describe('whatever the schedule', () => {
  it.each(pairs)('%s, %s: batches, lanes and shards change nothing', async (method, norm) => {
    const given = await targets(20, { squash: 3 });
    const wanted = attackPlan({ attacks: [shortened(method)], norm, epsilons: radii[norm] });
    const whole = await runAttack(given, wanted);
    const small = await runAttack({ ...given, batchSize: 3, concurrency: 1 }, wanted);
    for (const column of ['brokenAt', 'pixels', 'gradient', 'forward'] as const) {
      expect(small[column]).toEqual(whole[column]);
    }
    const half = {
      ...given,
      n: 10,
      indices: given.indices.slice(10),
      labels: given.labels.slice(10),
      pixels: given.pixels.slice(10 * SIZE),
      cleanLogits: Array.from(given.cleanLogits).slice(30),
    };
    const shard = await runAttack(half, wanted);
    expect(shard.brokenAt).toEqual(whole.brokenAt.slice(10));
    expect(shard.pixels).toEqual(whole.pixels.slice(10 * SIZE));
  });
});

describe('what is proved to be robust', () => {
  it.each(pairs)('%s, %s: is not attacked there, and no verdict changes', async (method, norm) => {
    const given = await targets(20, { squash: 3 });
    const wanted = attackPlan({ attacks: [shortened(method)], norm, epsilons: radii[norm] });
    const width = wanted.epsilons.length;
    const all = await runAttack(given, wanted);
    // Of some all radii that the attack does not break, of others one, of others none.
    const proved = Array.from(
      all.brokenAt,
      (at, i) => [at < 0 ? width : at, Math.min(1, Math.abs(at)), 0][i % 3]!,
    );
    const spared = await runAttack({ ...given, proved }, wanted);
    expect(spared.brokenAt).toEqual(all.brokenAt);
    // Minimum-norm attacks find points beyond every radius, too, and may break at a radius what they did at a smaller one.
    if (wanted.stages[0]!.attack.radius === 'ball')
      for (const column of ['adversarial', 'naiveGradient', 'naiveForward'] as const)
        expect(spared[column]).toEqual(all[column]);
    proved.forEach((known, i) => {
      expect([...spared.callsAt.slice(i * width, i * width + known)]).toEqual(Array(known).fill(0));
      if (known === width)
        expect([spared.gradient[i], spared.forward[i], spared.distance[i]]).toEqual([0, 0, 0]);
    });
    const sum = (numbers: Int32Array) => numbers.reduce((a, b) => a + b, 0);
    expect(sum(spared.callsAt)).toBe(sum(spared.gradient) + sum(spared.forward));
  });
});
