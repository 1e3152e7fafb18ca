import { type Static, Type } from '../config/type.js';
import type { Stream } from '../random/stream.js';
import { defineAttack, type Query, type Subject, type Trajectory } from './attack.js';

const JemPaperOptions = Type.Object({
  steps: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 40,
    description: 'Gradient steps per radius.',
  }),
  searches: Type.Integer({
    minimum: 1,
    maximum: 1000,
    default: 20,
    description: 'At most so many radii upwards, and then so many bisections.',
  }),
  start: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    default: 0,
    description: 'Which of the random starts: runs with different ones can be looked at one by one.',
  }),
});
type JemPaperOptions = Static<typeof JemPaperOptions>;

/** The first radius, and by how much it grows until something is found, in the units of Foolbox. */
const [FIRST_RADIUS, GROWTH] = [0.3, 1.5];

/** A norm of Foolbox 1: L2 is the root mean square there, so that radii of images of any size are alike. */
interface Geometry {
  /** Step length as a share of the radius: 0.01 and 0.05 at 0.3 in the JEM code. */
  step: number;
  /** The direction of a step, of unit length. */
  direction(gradient: Float32Array): Float32Array;
  /** Puts a change into the ball, in place. */
  clip(change: Float32Array, radius: number): void;
}

function rms(values: Float32Array): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i]! * values[i]!;
  return Math.sqrt(squares / values.length);
}

const geometries: Readonly<Record<string, Geometry>> = {
  Linf: {
    step: 1 / 30,
    direction: (gradient) => gradient.map(Math.sign),
    clip(change, radius) {
      for (let i = 0; i < change.length; i++) change[i] = Math.min(radius, Math.max(-radius, change[i]!));
    },
  },
  L2: {
    step: 1 / 6,
    direction(gradient) {
      const length = Math.max(1e-12, rms(gradient));
      return gradient.map((g) => g / length);
    },
    clip(change, radius) {
      const factor = Math.min(1, radius / Math.max(1e-12, rms(change)));
      for (let i = 0; i < change.length; i++) change[i]! *= factor;
    },
  },
};

const inBox = (v: number) => Math.min(1, Math.max(0, v));

/**
 * The attack of the JEM paper's public code (attack_model.py with Foolbox 1.8, iterative_projected_gradient.py), which
 * looks for the nearest adversarial image: PGD from a random start at a radius of 0.3, at 1.5 times that until a point
 * is adversarial, then bisections between the last radius that failed and the least that did not. Each run ends at its
 * first adversarial point. A gradient and the verdict on the point that it leads to are two evaluations of a system
 * that draws at random, and so two draws. Kept for comparison with published curves: a sweep of radii by `pgd` or
 * `apgd` with confirmed verdicts measures robustness better.
 *
 * Unlike there, the random start is put into the box of pixels.
 */
export const jemPaper = defineAttack<JemPaperOptions>({
  name: 'jem-paper',
  title: 'Minimum-distance search of the JEM paper',
  source: 'Grathwohl et al. 2019, attack_model.py; Foolbox 1.8, Rauber et al. 2017',
  options: JemPaperOptions,
  losses: ['cross-entropy'],
  norms: ['Linf', 'L2'],
  radius: 'free',
  label: ({ steps, start }) => `JEM-PGD-${steps}${start > 0 ? ` (start ${start})` : ''}`,
  random: () => true,
  cost: ({ steps, searches }) => ({ gradient: 2 * searches * steps, forward: 2 * searches * steps }),
  *run(subject, { steps, searches }): Trajectory {
    const search = new Search(subject, steps);
    let good = FIRST_RADIUS;
    let tries = 1;
    while (!(yield* search.at(good))) {
      if (++tries > searches) return;
      good *= GROWTH;
    }
    let bad = 0;
    for (let k = 0; k < searches; k++) {
      const radius = (good + bad) / 2;
      if (yield* search.at(radius)) good = radius;
      else bad = radius;
    }
  },
});

/** PGD at one radius after the other. */
class Search {
  private readonly geometry: Geometry;
  private readonly starts: Stream;
  /** Each question has a number of its own: it keys the draws of stochastic systems. */
  private asked = 0;

  constructor(
    private readonly subject: Subject,
    private readonly steps: number,
  ) {
    this.geometry = geometries[subject.norm.name]!;
    this.starts = subject.draws('start');
  }

  /** Whether some point at this radius was adversarial. */
  *at(radius: number): Generator<Query, boolean, { gradient: Float32Array; broken: boolean }> {
    const { x0 } = this.subject;
    let x = this.moved(
      x0.map(() => radius * (2 * this.starts.uniform() - 1)),
      radius,
    );
    for (let k = 0; k < this.steps; k++) {
      // Not judged there: the code asks for a gradient first and for a prediction after the step.
      const { gradient } = yield { kind: 'gradient', pixels: x, step: this.asked++, outside: true };
      const direction = this.geometry.direction(gradient);
      const size = this.geometry.step * radius;
      x = this.moved(
        x0.map((v, i) => x[i]! + size * direction[i]! - v),
        radius,
      );
      const { broken } = yield { kind: 'forward', pixels: x, step: this.asked++ };
      if (broken) return true;
    }
    return false;
  }

  /** The clean image, changed by so much as ball and box allow. */
  private moved(change: Float32Array, radius: number): Float32Array {
    this.geometry.clip(change, radius);
    return this.subject.x0.map((v, i) => inBox(v + change[i]!));
  }
}
