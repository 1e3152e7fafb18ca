import { type TInteger, Type } from '../config/type.js';
import { defineAttack, type Subject, type Trajectory } from './attack.js';
import { Best } from './best.js';
import { PHASES, sparseClimb } from './l1-apgd.js';
import type { AttackLoss } from './losses.js';

interface ApgdOptions {
  steps: number;
  targets?: number;
}

const steps = Type.Integer({
  minimum: 1,
  maximum: 100_000,
  default: 100,
  description: 'Gradient steps per restart.',
});

/** One row of the registry: the same search, of one loss or of any. */
function auto(name: string, title: string, losses: readonly AttackLoss[] | 'chosen', targets?: TInteger) {
  return defineAttack<ApgdOptions>({
    name,
    title: `Auto-PGD${title}`,
    source: 'Croce & Hein 2020; in L1 Croce & Hein 2021',
    options: Type.Object({ steps, ...(targets && { targets }) }),
    losses,
    label: (options) =>
      `${name.toUpperCase()}-${options.steps}${losses === 'chosen' && options.targets ? '-T' : ''}`,
    random: () => true,
    targets: (options) => options.targets ?? 0,
    // As the public implementation, which looks at the clean image and differentiates at the last points as well.
    cost: (options, norm) => ({
      gradient: options.steps + (norm.name === 'L1' ? PHASES : 1),
      forward: 1,
    }),
    run: (subject, options) =>
      subject.norm.name === 'L1' ? sparseClimb(subject, options.steps) : climb(subject, options.steps),
  });
}

/** Any loss, towards a class or not. */
export const apgd = auto(
  'apgd',
  '',
  'chosen',
  Type.Integer({
    minimum: 0,
    maximum: 100_000,
    default: 0,
    description: 'Number of wrong classes to aim at, the likeliest first, a run for each; 0 is untargeted.',
  }),
);

export const apgdCe = auto('apgd-ce', ' on cross-entropy', ['cross-entropy']);

export const apgdDlr = auto('apgd-dlr', ' on the difference-of-logits ratio', ['dlr']);

export const apgdT = auto(
  'apgd-t',
  ' on the targeted difference-of-logits ratio',
  ['dlr-targeted'],
  Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 9,
    description: 'Number of wrong classes to aim at, the likeliest first, a run for each.',
  }),
);

/** Iterations after which the step size is judged (Croce & Hein 2020, section 3.2). */
export function checkpoints(steps: number): ReadonlySet<number> {
  const share = (percent: number) => Math.max(1, Math.floor((percent * steps) / 100));
  const found = new Set<number>();
  let window = share(22);
  for (let at = window; at <= steps; at += window) {
    found.add(at);
    window = Math.max(window - share(3), share(6));
  }
  return found;
}

/** Part of a step that is taken; the rest goes on along the step before. */
const FORWARD = 0.75;
/** Part of the steps of a window that must have risen. */
const RISING = 0.75;

/**
 * Gradient ascent with momentum that halves its own step size and then goes back to its best point (Croce & Hein
 * 2020, Algorithm 1). Any length of gradient counts: nothing is added to it, as 1e-12 is in the public code.
 */
function* climb({ x0, epsilon, norm, draws }: Subject, steps: number): Trajectory {
  const judged = checkpoints(steps);
  let x = norm.surfaceStart(x0, epsilon.value, draws('start'));
  let before = x;
  let size = 2 * epsilon.value;
  const best = new Best(x);
  // Of the window: where it began, how many of its steps rose, the best loss and the verdict at its beginning.
  let [begun, rises, bestThen, halved] = [0, 0, Number.NEGATIVE_INFINITY, true];
  let last = Number.NaN;
  for (let step = 0; step < steps; step++) {
    const answer = yield { kind: 'gradient', pixels: x, step };
    let { gradient } = answer;
    best.see(x, answer.loss, gradient);
    if (answer.loss > last) rises++;
    last = answer.loss;
    if (judged.has(step)) {
      const stuck = !halved && best.loss <= bestThen;
      halved = stuck || rises <= RISING * (step - begun);
      if (halved) [size, x, gradient] = [size / 2, best.pixels, best.gradient];
      [begun, rises, bestThen] = [step, 0, best.loss];
    }
    const z = norm.project(norm.ascend(x, gradient, size), x0, epsilon.value);
    if (step > 0) carryOn(z, x, before);
    [before, x] = [x, norm.project(z, x0, epsilon.value)];
  }
  yield { kind: 'forward', pixels: x, step: steps };
}

/** Moves the end of a step in place: a part of the step is taken, and a part of the one before once more. */
function carryOn(z: Float32Array, x: Float32Array, before: Float32Array): void {
  for (let i = 0; i < z.length; i++) {
    z[i] = x[i]! + FORWARD * (z[i]! - x[i]!) + (1 - FORWARD) * (x[i]! - before[i]!);
  }
}
