import { type Static, Type } from '../config/type.js';
import { defineAttack, type Trajectory } from './attack.js';
import { type HyperplaneNorm, hyperplaneNorms, hyperplanes } from './hyperplane.js';
import { L2 } from './norms/l2.js';
import { cosine } from './schedule.js';

const FmnOptions = Type.Object({
  steps: Type.Integer({ minimum: 1, maximum: 100_000, default: 100, description: 'Gradient steps per run.' }),
  stepSize: Type.Number({
    exclusiveMinimum: 0,
    default: 1,
    description: 'Euclidean length of the first step; the last is a hundredth of it.',
  }),
  gamma: Type.Number({
    exclusiveMinimum: 0,
    exclusiveMaximum: 1,
    default: 0.05,
    description: 'Share by which the radius changes at the first step; it falls to 0.001.',
  }),
});

/** Where gamma ends, and the last step as a share of the first (Pintor et al. 2021, section 3). */
const [LAST_GAMMA, LAST_STEP] = [0.001, 0.01];

/**
 * Fast minimum-norm attack (Pintor et al. 2021, algorithm 1): projected gradient steps in a ball that shrinks when
 * the point is broken and grows when it is not; until one is, the radius is where the linearised boundary lies and,
 * which the paper does not say, a little more: just there nothing is broken yet.
 */
export const fmn = defineAttack<Static<typeof FmnOptions>>({
  name: 'fmn',
  title: 'Fast minimum-norm attack',
  source: 'Pintor et al. 2021',
  options: FmnOptions,
  losses: ['margin'],
  norms: hyperplaneNorms,
  radius: 'free',
  label: ({ steps }) => `FMN-${steps}`,
  random: () => false,
  cost: ({ steps }) => ({ gradient: steps, forward: 0 }),
  *run({ x0, norm }, { steps, stepSize, gamma }): Trajectory {
    const boundary = hyperplanes[norm.name as HyperplaneNorm];
    let x = x0;
    let radius = Number.POSITIVE_INFINITY;
    let nearest = Number.POSITIVE_INFINITY;
    for (let step = 0; step < steps; step++) {
      const { gradient, loss, broken } = yield { kind: 'gradient', pixels: x, step };
      const distance = norm.distance(x, x0);
      const change = cosine(gamma, LAST_GAMMA, step, steps);
      if (broken) {
        nearest = Math.min(nearest, distance);
        radius = Math.min(radius * (1 - change), nearest);
      } else if (nearest < Number.POSITIVE_INFINITY) radius *= 1 + change;
      else radius = (1 + change) * (distance + boundary.distance(gradient, loss));
      const size = cosine(stepSize, LAST_STEP * stepSize, step, steps);
      x = norm.project(L2.ascend(x, gradient, size), x0, radius);
    }
  },
});
