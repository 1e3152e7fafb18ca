import type { Query, Subject, Trajectory } from '../../../src/attacks/attack.js';
import { norms } from '../../../src/attacks/norms.js';
import { type Stream, stream } from '../../../src/random/stream.js';

/** A function to climb, with its gradient. */
export interface Hill {
  loss(x: ArrayLike<number>): number;
  gradient(x: ArrayLike<number>): Float32Array;
}

/** Waves of several lengths along mixed directions: steps overshoot, and there are many tops. */
export function waves(size: number, seed = 1): Hill {
  const source = stream({ seed, purpose: 'test/hill', example: 0 });
  const terms = Array.from({ length: 5 }, () => ({
    w: Array.from({ length: size }, () => 4 * source.normal()),
    phase: 6 * source.uniform(),
  }));
  const angle = ({ w, phase }: (typeof terms)[number], x: ArrayLike<number>) =>
    w.reduce((sum, v, i) => sum + v * x[i]!, phase);
  return {
    loss: (x) => terms.reduce((sum, term) => sum + Math.sin(angle(term, x)), 0),
    gradient: (x) =>
      Float32Array.from({ length: size }, (_, i) =>
        terms.reduce((sum, term) => sum + Math.cos(angle(term, x)) * term.w[i]!, 0),
      ),
  };
}

/** One gray image under attack. */
export function subjectOf(norm: string, epsilon: number, size: number, seed = 1): Subject {
  const draws = (purpose: string): Stream => stream({ seed, purpose: `test/${purpose}`, example: 0 });
  return {
    x0: Float32Array.from({ length: size }, (_, i) => [0.5, 0, 0.9, 0.2][i % 4]!),
    shape: [1, 1, size],
    label: 0,
    epsilon: { text: String(epsilon), value: epsilon },
    norm: norms.named(norm),
    restart: 0,
    rivals: [1, 2],
    nearest: Number.POSITIVE_INFINITY,
    draws,
  };
}

/** Answers until the run ends; the queries, with copies of their points. */
export function drive(trajectory: Trajectory, hill: Hill): Query[] {
  const asked: Query[] = [];
  let turn = trajectory.next();
  while (!turn.done) {
    const { pixels, kind } = turn.value;
    asked.push({ ...turn.value, pixels: pixels.slice() });
    const gradient = kind === 'gradient' ? hill.gradient(pixels) : new Float32Array(0);
    turn = trajectory.next({
      logits: new Float32Array(2),
      loss: hill.loss(pixels),
      gradient,
      broken: false,
    });
  }
  return asked;
}
