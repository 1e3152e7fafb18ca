import { type Static, Type } from '../config/type.js';
import { defineAttack, type Trajectory } from './attack.js';

const FgsmOptions = Type.Object({});

/** One step of length epsilon from the clean image (Goodfellow et al. 2015); in L2 along the gradient itself. */
export const fgsm = defineAttack<Static<typeof FgsmOptions>>({
  name: 'fgsm',
  title: 'Fast gradient (sign) method',
  source: 'Goodfellow et al. 2015',
  options: FgsmOptions,
  losses: 'chosen',
  label: () => 'FGSM',
  random: () => false,
  cost: () => ({ gradient: 1, forward: 1 }),
  *run({ x0, epsilon, norm }): Trajectory {
    const { gradient } = yield { kind: 'gradient', pixels: x0, step: 0 };
    const x = norm.project(norm.ascend(x0, gradient, epsilon.value), x0, epsilon.value);
    yield { kind: 'forward', pixels: x, step: 1 };
  },
});
