import { type Static, Type } from '../config/type.js';
import { defineAttack, type Trajectory } from './attack.js';
import { epsilonSchema, parseEpsilon } from './epsilon.js';

export const PgdOptions = Type.Object({
  steps: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 40,
    description: 'Gradient steps per restart.',
  }),
  stepSize: Type.Optional(
    epsilonSchema({
      description: 'Length of a step in the norm of the attack, such as 2/255. Default: 2.5 epsilon / steps.',
    }),
  ),
  randomStart: Type.Boolean({
    default: true,
    description: 'Start from a random point of the ball, not from the clean image.',
  }),
  momentum: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0,
    description:
      'Share of the last direction that is carried over to the next; each gradient is scaled to L1 norm 1.',
  }),
  targets: Type.Integer({
    minimum: 0,
    maximum: 100_000,
    default: 0,
    description: 'Number of wrong classes to aim at, the likeliest first, a run for each; 0 is untargeted.',
  }),
});

/** Projected gradient ascent (Madry et al. 2018): steepest steps of constant length, projected. */
export const pgd = defineAttack<Static<typeof PgdOptions>>({
  name: 'pgd',
  title: 'Projected gradient descent',
  source: 'Madry et al. 2018',
  options: PgdOptions,
  losses: 'chosen',
  check: ({ stepSize }) => {
    if (stepSize !== undefined) parseEpsilon(stepSize, 'stepSize');
  },
  label: ({ steps, momentum, targets }) =>
    `PGD-${steps}${momentum > 0 ? ` (momentum ${momentum})` : ''}${targets > 0 ? '-T' : ''}`,
  random: ({ randomStart }) => randomStart,
  targets: ({ targets }) => targets,
  cost: ({ steps }) => ({ gradient: steps, forward: 1 }),
  *run({ x0, epsilon, norm, draws }, { steps, stepSize, randomStart, momentum }): Trajectory {
    const size =
      stepSize === undefined ? (2.5 * epsilon.value) / steps : parseEpsilon(stepSize, 'stepSize').value;
    const carried = momentum > 0 ? new Float32Array(x0.length) : undefined;
    let x = randomStart ? norm.randomStart(x0, epsilon.value, draws('start')) : x0;
    for (let step = 0; step < steps; step++) {
      const { gradient } = yield { kind: 'gradient', pixels: x, step };
      const direction = carried ? accumulate(carried, gradient, momentum) : gradient;
      x = norm.project(norm.ascend(x, direction, size), x0, epsilon.value);
    }
    yield { kind: 'forward', pixels: x, step: steps };
  },
});

/** momentum * carried + gradient / ||gradient||_1, in place (Dong et al. 2018, eq. 6). */
export function accumulate(carried: Float32Array, gradient: Float32Array, momentum: number): Float32Array {
  let length = 0;
  for (let i = 0; i < gradient.length; i++) length += Math.abs(gradient[i]!);
  const scale = length > 0 ? 1 / length : 0;
  for (let i = 0; i < carried.length; i++) carried[i] = momentum * carried[i]! + scale * gradient[i]!;
  return carried;
}
