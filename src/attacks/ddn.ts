import { type Static, Type } from '../config/type.js';
import { defineAttack, type Trajectory } from './attack.js';
import { cosine } from './schedule.js';

const DdnOptions = Type.Object({
  steps: Type.Integer({ minimum: 1, maximum: 100_000, default: 100, description: 'Gradient steps per run.' }),
  initialNorm: Type.Number({ exclusiveMinimum: 0, default: 1, description: 'First radius.' }),
  gamma: Type.Number({
    exclusiveMinimum: 0,
    exclusiveMaximum: 1,
    default: 0.05,
    description:
      'Share by which the radius shrinks when the point is misclassified, and grows when it is not.',
  }),
});

/** Step length at the start and at the end (Rony et al. 2019, section 3). */
const [LONGEST_STEP, SHORTEST_STEP] = [1, 0.01];

/**
 * Decoupled direction and norm: gradient steps turn the perturbation, and its length follows what they find
 * (Rony et al. 2019, algorithm 1, without its rounding to 8 bits).
 */
export const ddn = defineAttack<Static<typeof DdnOptions>>({
  name: 'ddn',
  title: 'Decoupled direction and norm',
  source: 'Rony et al. 2019',
  options: DdnOptions,
  losses: ['cross-entropy'],
  norms: ['L2'],
  radius: 'free',
  label: ({ steps }) => `DDN-${steps}`,
  random: () => false,
  cost: ({ steps }) => ({ gradient: steps, forward: 0 }),
  *run({ x0, norm }, { steps, initialNorm, gamma }): Trajectory {
    const x = x0.slice();
    let radius = initialNorm;
    for (let step = 0; step < steps; step++) {
      const pixels = step === 0 ? x0 : x;
      const { gradient, broken } = yield { kind: 'gradient', pixels, step };
      const moved = norm.ascend(x, gradient, cosine(LONGEST_STEP, SHORTEST_STEP, step, steps));
      radius *= broken ? 1 - gamma : 1 + gamma;
      const length = norm.distance(moved, x0);
      const scale = length > 0 ? radius / length : 0;
      scaleTo(x, moved, x0, scale);
    }
  },
});

/** x = x0 + scale * (moved - x0), within the box. */
function scaleTo(x: Float32Array, moved: Float32Array, x0: Float32Array, scale: number): void {
  for (let i = 0; i < x.length; i++) {
    x[i] = Math.min(1, Math.max(0, x0[i]! + scale * (moved[i]! - x0[i]!)));
  }
}
