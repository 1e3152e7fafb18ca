import { defineAttack, Type } from 'assay/attack';

/** An attack: random points of the ball's surface. What it finds is no achievement of gradients. */
export const randomPoints = defineAttack({
  name: 'random-points',
  title: 'Random points',
  source: 'a baseline',
  options: Type.Object({
    tries: Type.Integer({ minimum: 1, maximum: 100_000, default: 20, description: 'Points that are tried.' }),
  }),
  losses: ['margin'],
  label: ({ tries }) => `Random-${tries}`,
  random: () => true,
  cost: ({ tries }) => ({ gradient: 0, forward: tries }),
  // One example: the scheduler answers what is asked, judges every point, and ends the run at the first mistake.
  *run({ x0, epsilon, norm, draws }, { tries }) {
    const source = draws('points');
    for (let step = 0; step < tries; step++)
      yield { kind: 'forward', pixels: norm.surfaceStart(x0, epsilon.value, source), step };
  },
});
