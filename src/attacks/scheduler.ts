import { forRanges } from '../concurrency.js';
import { AssayError } from '../errors.js';
import { argmaxOf } from '../metrics/softmax.js';
import { NotFinite } from '../models/finite.js';
import type { Passes } from '../models/system.js';
import { type AttackInputs, type AttackPlan, exampleCost } from './attack-plan.js';
import { Batcher } from './batcher.js';
import { ExampleAttack, logitsOf, type Outcome } from './example-attack.js';
import type { Counts } from './oracle.js';

/** What came of it, a row per example. */
export interface Attacked extends Counts {
  /**
   * 1 where the goal was not reached by the clean image already: only such examples are attacked. When a mistake is
   * the goal, the examples that are classified correctly.
   */
  correct: Uint8Array;
  /** Position in `epsilons` of the smallest radius that broke the example; -1 when none did. */
  brokenAt: Int32Array;
  /** Position of the stage that broke it first; -1 when none did. */
  brokenBy: Int32Array;
  /** 1 where `pixels` reaches the goal, within a radius or beyond all of them. */
  adversarial: Uint8Array;
  /**
   * (n, C, H, W). Broken: the adversarial image. Survivors: the point of highest loss in the largest ball. Not
   * attacked: the clean image.
   */
  pixels: Float32Array;
  /** In the attack's norm, from the clean image to `pixels`. */
  distance: Float64Array;
  /** The attacked loss there; NaN when not attacked. */
  loss: Float64Array;
  /** The class predicted there. */
  prediction: Int32Array;
  /** Where `pixels` was found; -1 when not attacked. */
  restart: Int32Array;
  /** -1 when untargeted, too. */
  target: Int32Array;
  step: Int32Array;
  /** How full the batches were. */
  batches: { batches: number; rows: number };
}

/**
 * Attacks every example that is not lost already, at every radius, smallest first, with every stage in turn. Once
 * an example is broken it counts as broken at all larger radii, since its adversarial image lies in those balls
 * too; survivors carry on. Batches stay full across examples, steps, restarts, targets, radii and stages. Verdicts
 * are made here, from the outputs of every point an attack asks about. When a mistake is the goal: argmax (first
 * of equals) differs from the label; for stochastic systems argmax of the mean over `eot` draws, and then of the
 * mean over `confirm` fresh draws. Where rounding could have decided, a forward pass has the last word.
 * Errors: what the system throws; `interrupted`; `data-invalid` for labels out of range.
 */
export async function runAttack(targets: AttackInputs, attackPlan: AttackPlan): Promise<Attacked> {
  const { system, n } = targets;
  if (attackPlan.goal.labelled) checkLabels(targets);
  const batcher = new Batcher(system, targets);
  const out = emptyResult(targets, attackPlan);
  out.batches = batcher.sent;
  const draws = system.info.stochastic ? Math.max(1, attackPlan.eot) : 1;
  const size = targets.pixels.length / Math.max(1, n);
  const plain = exampleCost(attackPlan, system.info);
  const attackOne = async (i: number) => {
    targets.outlook?.begin(1);
    if (!out.correct[i]) {
      targets.outlook?.spare(plain);
      return;
    }
    const x0 = targets.pixels.slice(i * size, (i + 1) * size);
    try {
      record(out, i, x0, attackPlan, await new ExampleAttack(i, x0, targets, attackPlan, batcher, out).run());
    } catch (error) {
      if (!(error instanceof NotFinite) || !targets.fail) throw error;
      targets.fail(i, error);
    }
    targets.outlook?.spare(unspent(plain, out, i));
  };
  // One batch in every lane, one of each kind waiting.
  const active = Math.ceil(((batcher.lanes + 2) * batcher.batchSize) / draws);
  try {
    await forRanges(n, { step: 1, lanes: active }, attackOne);
  } finally {
    await batcher.settled();
  }
  return out;
}

function checkLabels({ labels, indices, system, n }: AttackInputs): void {
  const classes = system.info.classes.length;
  for (let i = 0; i < n; i++) {
    if (labels[i]! >= 0 && labels[i]! < classes) continue;
    throw new AssayError('data-invalid', `a label is not a class of "${system.info.name}"`, {
      path: `example ${indices[i]}`,
      expected: `0 to ${classes - 1}`,
      found: String(labels[i]),
    });
  }
}

function emptyResult(targets: AttackInputs, { goal, stages, epsilons }: AttackPlan): Attacked {
  const { n, pixels, labels, cleanLogPx } = targets;
  const { threshold } = goal;
  const lost = (i: number) => {
    const aim = { label: labels[i]!, target: -1, threshold, logPx: cleanLogPx?.[i] ?? Number.NaN };
    return goal.reached(logitsOf(targets, i), aim);
  };
  const perStage = () => new Int32Array(n * stages.length);
  return {
    correct: Uint8Array.from({ length: n }, (_, i) => (lost(i) ? 0 : 1)),
    brokenAt: new Int32Array(n).fill(-1),
    brokenBy: new Int32Array(n).fill(-1),
    adversarial: new Uint8Array(n),
    pixels: pixels.slice(),
    distance: new Float64Array(n),
    loss: new Float64Array(n).fill(Number.NaN),
    prediction: Int32Array.from({ length: n }, (_, i) => argmaxOf(logitsOf(targets, i))),
    restart: new Int32Array(n).fill(-1),
    target: new Int32Array(n).fill(-1),
    step: new Int32Array(n).fill(-1),
    forward: perStage(),
    gradient: perStage(),
    naiveForward: perStage(),
    naiveGradient: perStage(),
    zeroGradients: perStage(),
    zeroStarts: perStage(),
    callsAt: new Int32Array(n * epsilons.length),
    batches: { batches: 0, rows: 0 },
  };
}

/** Of the passes that example i was expected to take, those that it did not. */
function unspent(plain: Passes, { forward, gradient, correct }: Attacked, i: number): Passes {
  const stages = forward.length / correct.length;
  const spent = (counts: Int32Array) =>
    counts.subarray(i * stages, (i + 1) * stages).reduce((sum, count) => sum + count, 0);
  return {
    forward: Math.max(0, plain.forward - spent(forward)),
    gradient: Math.max(0, plain.gradient - spent(gradient)),
  };
}

function record(
  out: Attacked,
  i: number,
  x0: Float32Array,
  { norm }: AttackPlan,
  { point, brokenAt }: Outcome,
): void {
  out.brokenAt[i] = brokenAt;
  if (brokenAt >= 0) out.brokenBy[i] = point.stage;
  out.adversarial[i] = point.broken ? 1 : 0;
  out.pixels.set(point.pixels, i * x0.length);
  out.distance[i] = norm.distance(point.pixels, x0);
  out.loss[i] = point.loss;
  out.prediction[i] = point.prediction;
  out.restart[i] = point.restart;
  out.target[i] = point.target;
  out.step[i] = point.step;
}
