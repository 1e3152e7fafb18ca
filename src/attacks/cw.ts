import { Adam } from '../autodiff/adam.js';
import { type Static, Type } from '../config/type.js';
import { type Answer, defineAttack, type Query, type Subject, type Trajectory } from './attack.js';

const CwOptions = Type.Object({
  steps: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 10_000,
    description: 'Gradient steps per search at most: a search ends early when its loss no longer falls.',
  }),
  searches: Type.Integer({
    minimum: 1,
    maximum: 100,
    default: 9,
    description:
      'Steps of the binary search for the smallest weight of the margin; each is a search of its own.',
  }),
  stepSize: Type.Number({ exclusiveMinimum: 0, default: 0.01, description: 'Learning rate of Adam.' }),
  initialConst: Type.Number({
    exclusiveMinimum: 0,
    default: 0.001,
    description: 'First weight of the margin against the squared distance (c).',
  }),
});
type CwOptions = Static<typeof CwOptions>;

/** Keeps pixels of 0 and 1 at finite places of tanh space, as the authors' code does. */
const INWARDS = 0.999999;

/** A search looks ten times whether its loss still falls, by so much at least (as the authors' code does). */
const [LOOKS, STALLED] = [10, 0.9999];

/** Factor of c while no search has succeeded. */
const RAISE = 10;

/**
 * Carlini & Wagner 2017, section VI.A: minimises ||x - x0||^2 + c max(z_y - max_{i != y} z_i, 0) over w where
 * x = (tanh w + 1) / 2, with Adam, and looks for the least c that breaks the image.
 */
export const cw = defineAttack<CwOptions>({
  name: 'cw',
  title: 'Carlini & Wagner',
  source: 'Carlini & Wagner 2017',
  options: CwOptions,
  losses: ['margin'],
  norms: ['L2'],
  radius: 'free',
  label: ({ searches, steps }) => `C&W-${searches}x${steps}`,
  random: () => false,
  cost: ({ steps, searches }) => ({ gradient: searches * steps, forward: 0 }),
  *run(subject, options): Trajectory {
    let [c, most, least] = [options.initialConst, Number.POSITIVE_INFINITY, 0];
    for (let search = 0; search < options.searches; search++) {
      if (yield* minimise(subject, options, c, search * options.steps)) most = c;
      else least = c;
      c = most === Number.POSITIVE_INFINITY ? RAISE * c : (least + most) / 2;
    }
  },
});

/** One search; returns whether it met a broken point. */
function* minimise(
  { x0 }: Subject,
  { steps, stepSize }: CwOptions,
  c: number,
  firstStep: number,
): Generator<Query, boolean, Answer> {
  const w = Float64Array.from(x0, (a) => Math.atanh((2 * a - 1) * INWARDS));
  const adam = new Adam(w.length, stepSize);
  const slope = new Float64Array(w.length);
  const x = new Float32Array(x0.length);
  const interval = Math.ceil(steps / LOOKS);
  let [success, last] = [false, Number.POSITIVE_INFINITY];
  for (let step = 0; step < steps; step++) {
    const squares = toPixels(w, x, x0, slope);
    const pixels = step === 0 ? x0 : x;
    const { loss, gradient, broken } = yield { kind: 'gradient', pixels, step: firstStep + step };
    success ||= broken;
    const weight = loss < 0 ? c : 0;
    if (step % interval === interval - 1) {
      const total = squares - weight * loss;
      if (total > STALLED * last) return success;
      last = total;
    }
    toTanhSpace(slope, x, x0, gradient, weight);
    adam.step(w, slope);
  }
  return success;
}

/** x = (tanh w + 1) / 2 and its slope, dx / dw; returns ||x - x0||^2. */
function toPixels(w: Float64Array, x: Float32Array, x0: Float32Array, slope: Float64Array): number {
  let squares = 0;
  for (let i = 0; i < x.length; i++) {
    const t = Math.tanh(w[i]!);
    x[i] = (t + 1) / 2;
    squares += (x[i]! - x0[i]!) ** 2;
    slope[i] = (1 - t * t) / 2;
  }
  return squares;
}

/** Multiplies dx / dw by d / dx of ||x - x0||^2 - weight * loss. */
function toTanhSpace(
  slope: Float64Array,
  x: Float32Array,
  x0: Float32Array,
  gradient: Float32Array,
  weight: number,
): void {
  for (let i = 0; i < x.length; i++) slope[i]! *= 2 * (x[i]! - x0[i]!) - weight * gradient[i]!;
}
