import { type Static, Type } from '@sinclair/typebox';
import { defineAttack, type Trajectory } from './attack.js';
import { EPSILON_PATTERN, parseEpsilon } from './epsilon.js';

export const PgdOptions = Type.Object({
  steps: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 40,
    description: 'Gradient steps per restart.',
  }),
  stepSize: Type.Optional(
    Type.Union([Type.String({ pattern: EPSILON_PATTERN }), Type.Number({ exclusiveMinimum: 0 })], {
      description: 'Length of a step in the norm of the attack, such as 2/255. Default: 2.5 epsilon / steps.',
    }),
  ),
  randomStart: Type.Boolean({
    default: true,
    description: 'Start from a random point of the ball, not from the clean image.',
  }),
  targeted: Type.Boolean({
    default: false,
    description: 'Lead to a wrong class, the likeliest first; each restart takes the next one.',
  }),
});

/** Projected gradient ascent (Madry et al. 2018): steepest steps of constant length, projected. */
export const pgd = defineAttack<Static<typeof PgdOptions>>({
  name: 'pgd',
  title: 'Projected gradient descent',
  source: 'Madry et al. 2018',
  options: PgdOptions,
  check: ({ stepSize }) => {
    if (stepSize !== undefined) parseEpsilon(stepSize, 'stepSize');
  },
  label: ({ steps, targeted }) => `PGD-${steps}${targeted ? 'T' : ''}`,
  random: ({ randomStart, targeted }) => randomStart || targeted,
  cost: ({ steps }) => ({ gradient: steps, forward: 1 }),
  *run(
    { x0, epsilon, norm, restart, rivals, draws },
    { steps, stepSize, randomStart, targeted },
  ): Trajectory {
    const size =
      stepSize === undefined ? (2.5 * epsilon.value) / steps : parseEpsilon(stepSize, 'stepSize').value;
    const aim = targeted ? { target: rivals[restart % rivals.length] } : {};
    let x = randomStart ? norm.randomStart(x0, epsilon.value, draws('start')) : x0;
    for (let step = 0; step < steps; step++) {
      const { gradient } = yield { kind: 'gradient', pixels: x, step, ...aim };
      x = norm.project(norm.ascend(x, gradient, size), x0, epsilon.value);
    }
    yield { kind: 'forward', pixels: x, step: steps, ...aim };
  },
});
