import { type Static, Type } from '../config/type.js';
import {
  type Answer,
  type Attack,
  defineAttack,
  type Query,
  type Subject,
  type Trajectory,
} from './attack.js';
import { type HyperplaneNorm, hyperplaneNorms, hyperplanes } from './hyperplane.js';

const steps = Type.Integer({
  minimum: 1,
  maximum: 100_000,
  default: 100,
  description: 'Linearisations per run.',
});

const FabOptions = Type.Object({ steps });

const FabTOptions = Type.Object({
  steps,
  targets: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 9,
    description: 'Number of wrong classes to aim at, the likeliest first, a run for each.',
  }),
});

/** Parameters of the paper: largest share of the clean image in a step (alpha_max), overshoot (eta), step back (beta). */
const [LARGEST_BIAS, OVERSHOOT, BACKWARD] = [0.1, 1.05, 0.9];

/** Shorter ways count as this long where shares are formed. */
const SHORTEST = 1e-8;

/** The boundary to a wrong class, linearised at x: <w, m> = gap for the ways m that lead to it. */
interface Boundary {
  w: Float32Array;
  gap: number;
}

type Linearisation = Generator<Query, Boundary, Answer>;

/** The boundary to the class led to. */
function* toTarget(pixels: Float32Array, step: number): Linearisation {
  const { gradient, loss } = yield { kind: 'gradient', pixels, step };
  return { w: gradient, gap: -loss };
}

/** Of the boundaries to all wrong classes the nearest to x, the box left aside (eq. 5). */
function* toNearest(pixels: Float32Array, step: number, { rivals, norm }: Subject): Linearisation {
  const { distance } = hyperplanes[norm.name as HyperplaneNorm];
  let nearest: Boundary | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const target of rivals) {
    const { gradient, loss } = yield { kind: 'gradient', pixels, step, target };
    const far = distance(gradient, -loss);
    if (nearest && !(far < least)) continue;
    [nearest, least] = [{ w: gradient, gap: -loss }, far];
  }
  if (!nearest) throw new Error('FAB needs a wrong class');
  return nearest;
}

/**
 * Algorithm 1 of the paper. Every step goes to the linearised boundary as seen from x and, with a small share, as
 * seen from the clean image, a little beyond both; what is broken is drawn back towards the clean image. Most
 * points are broken once the boundary has been met, and then the next gradient is taken elsewhere: a forward pass
 * is what tells the two cases apart for least.
 */
function* run(subject: Subject, count: number, linearise: typeof toNearest): Trajectory {
  const { x0, norm, restart } = subject;
  const { project } = hyperplanes[norm.name as HyperplaneNorm];
  const [fromHere, fromClean] = [new Float64Array(x0.length), new Float64Array(x0.length)];
  const next = new Float32Array(x0.length);
  let x = restart === 0 ? x0 : randomStart(subject);
  for (let step = 0; step < count; step++) {
    const { w, gap } = yield* linearise(x, step, subject);
    const here = Math.max(SHORTEST, project(x, w, gap, fromHere));
    const clean = Math.max(SHORTEST, project(x0, w, gap + along(w, x, x0), fromClean));
    const bias = Math.min(here / (here + clean), LARGEST_BIAS);
    advance(next, [x, fromHere], [x0, fromClean], bias);
    const { broken } = yield { kind: 'forward', pixels: next, step: step + 1, loss: 'margin' };
    if (x === x0) x = new Float32Array(x0.length);
    if (broken) drawBack(x, next, x0);
    else x.set(next);
  }
}

type Way = readonly [from: Float32Array, move: Float64Array];

/** A little beyond the end of one way, with a share of the end of another, within the box. */
function advance(next: Float32Array, [x, move]: Way, [x0, fromClean]: Way, share: number): void {
  for (let i = 0; i < next.length; i++) {
    const forward = x[i]! + OVERSHOOT * move[i]!;
    const homeward = x0[i]! + OVERSHOOT * fromClean[i]!;
    next[i] = Math.min(1, Math.max(0, forward + share * (homeward - forward)));
  }
}

function drawBack(x: Float32Array, from: Float32Array, x0: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = x0[i]! + BACKWARD * (from[i]! - x0[i]!);
}

/** <w, x - x0> */
function along(w: Float32Array, x: Float32Array, x0: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < w.length; i++) sum += w[i]! * (x[i]! - x0[i]!);
  return sum;
}

/** As far away as half the distance that is to be beaten; where there is none yet, as half the box is wide. */
function randomStart({ x0, norm, epsilon, nearest, draws }: Subject): Float32Array {
  const box = norm.distance(
    x0.map((a) => (a < 0.5 ? 1 : 0)),
    x0,
  );
  return norm.surfaceStart(x0, Math.min(epsilon.value, nearest, box) / 2, draws('start'));
}

const source = 'Croce & Hein 2020, Minimally distorted adversarial examples';

const common = {
  losses: ['target-margin'],
  norms: hyperplaneNorms,
  radius: 'free',
  random: () => true,
} satisfies Partial<Attack<unknown>>;

/** Fast adaptive boundary attack. The public implementation differentiates every logit at every step. */
export const fab = defineAttack<Static<typeof FabOptions>>({
  ...common,
  name: 'fab',
  title: 'Fast adaptive boundary attack',
  source,
  options: FabOptions,
  label: (options) => `FAB-${options.steps}`,
  cost: (options, _norm, classes) => ({ gradient: options.steps * classes, forward: options.steps }),
  run: (subject, options) => run(subject, options.steps, toNearest),
});

/** Its targeted form, as in AutoAttack: one boundary at a time, whatever the number of classes. */
export const fabT = defineAttack<Static<typeof FabTOptions>>({
  ...common,
  name: 'fab-t',
  title: 'Fast adaptive boundary attack, targeted',
  source,
  options: FabTOptions,
  label: (options) => `FAB-T-${options.steps}`,
  targets: ({ targets }) => targets,
  cost: (options) => ({ gradient: options.steps, forward: options.steps }),
  run: (subject, options) => run(subject, options.steps, toTarget),
});
