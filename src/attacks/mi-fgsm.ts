import { type Static, Type } from '../config/type.js';
import { defineAttack } from './attack.js';
import { pgd } from './pgd.js';

const MiFgsmOptions = Type.Object({
  steps: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 10,
    description: 'Gradient steps, each of length epsilon / steps.',
  }),
  momentum: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 1,
    description:
      'Share of the last direction that is carried over to the next; each gradient is scaled to L1 norm 1.',
  }),
});

/** Steps that add up to epsilon, from the clean image and with momentum (Dong et al. 2018, Algorithm 1). */
export const miFgsm = defineAttack<Static<typeof MiFgsmOptions>>({
  name: 'mi-fgsm',
  title: 'Momentum iterative fast gradient (sign) method',
  source: 'Dong et al. 2018',
  options: MiFgsmOptions,
  losses: 'chosen',
  label: ({ steps }) => `MI-FGSM-${steps}`,
  random: () => false,
  cost: ({ steps }) => ({ gradient: steps, forward: 1 }),
  run: (subject, { steps, momentum }) =>
    pgd.run(subject, {
      steps,
      stepSize: subject.epsilon.value / steps,
      randomStart: false,
      momentum,
      targets: 0,
    }),
});
