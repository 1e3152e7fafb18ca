import type { Subject, Trajectory } from './attack.js';
import { Best } from './best.js';
import { sparseStep } from './norms/l1.js';

/** Radii in units of epsilon, and the part of the steps that each has but the last, which has the rest. */
const radii = [
  { factor: 3, percent: 30 },
  { factor: 2, percent: 30 },
  { factor: 1, percent: 40 },
];
export const PHASES = radii.length;

/** Part of the coordinates that the first steps move. */
const FIRST_DENSITY = 0.2;
/** Changed coordinates of the best point per coordinate of a step. */
const SPARSER = 1.5;
/** What the step size is divided by, unless the best point has become sparser than this part of what it was. */
const [SHORTER, SPARSE] = [1.5, 0.95];
/** Shortest step, in units of the radius. */
const LEAST = 0.1;

/**
 * APGD in L1 (Croce & Hein 2021, "Mind the box", Algorithm 2): a radius that shrinks to epsilon, each with the best
 * point of the one before, put into the smaller ball, as its start; steps along the signs of as many coordinates as
 * the best point is dense; a step size that falls until these become fewer.
 */
export function* sparseClimb({ x0, epsilon, norm, draws }: Subject, steps: number): Trajectory {
  const every = Math.max(1, Math.floor(0.04 * steps));
  const wide = radii.slice(0, -1).reduce((sum, { percent }) => sum + share(percent, steps), 0);
  let x = norm.surfaceStart(x0, radii[0]!.factor * epsilon.value, draws('start'));
  let changed = x0.length;
  let k = Math.ceil(FIRST_DENSITY * x0.length);
  let step = 0;
  for (const { factor, percent } of radii) {
    const outside = factor > 1;
    const iterations = outside ? share(percent, steps) : steps - wide;
    if (iterations === 0) continue;
    const radius = factor * epsilon.value;
    let size = radius;
    x = norm.project(x, x0, radius);
    if (step > 0) [changed, k] = density(x, x0);
    const best = new Best(x);
    for (let i = 0; i < iterations; i++) {
      const answer = yield { kind: 'gradient', pixels: x, step: step++, outside };
      let { gradient } = answer;
      best.see(x, answer.loss, gradient);
      if (i > 0 && i % every === 0) {
        const before = changed;
        [changed, k] = density(best.pixels, x0);
        if (changed < SPARSE * before) [size, x, gradient] = [radius, best.pixels, best.gradient];
        else size = Math.max(LEAST * radius, size / SHORTER);
      }
      x = norm.project(sparseStep(x, gradient, size, k), x0, radius);
    }
    const last = yield { kind: outside ? 'gradient' : 'forward', pixels: x, step: step++, outside };
    best.see(x, last.loss, last.gradient);
    x = best.pixels;
  }
}

const share = (percent: number, steps: number) => Math.floor((percent * steps) / 100);

/** How many coordinates differ from the clean image's, and how many of them a step moves. */
function density(x: Float32Array, x0: Float32Array): [changed: number, k: number] {
  let changed = 0;
  for (let i = 0; i < x.length; i++) if (x[i] !== x0[i]) changed++;
  return [changed, Math.ceil(changed / SPARSER)];
}
