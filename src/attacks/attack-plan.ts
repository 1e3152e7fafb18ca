import type { NotFinite } from '../models/finite.js';
import type { Outlook } from '../models/outlook.js';
import type { Passes, System, SystemInfo } from '../models/system.js';
import type { Registry } from '../registry.js';
import type { BoundAttack } from './attack.js';
import type { Epsilon } from './epsilon.js';
import type { Goal } from './goals.js';
import type { FollowedLoss } from './losses.js';
import type { Norm } from './norms.js';

/** One attack of an attack plan. */
export interface Stage {
  attack: BoundAttack;
  /** Runs per radius and target, if they can differ. */
  restarts: number;
}

/** How examples are attacked. */
export interface AttackPlan {
  /** One after the other, on those that are left. */
  stages: readonly Stage[];
  norm: Norm;
  /** Smallest first; none for attacks that look for the nearest adversarial point. */
  epsilons: readonly Epsilon[];
  goal: Goal;
  /** What can be climbed, by name. */
  followed: Registry<FollowedLoss>;
  /** Stochastic systems: draws whose gradients and logits are averaged at every point (EOT). */
  eot: number;
  /** How gradients of several draws become one; default: their mean. `selective`: by the draws that can be broken. */
  average?: 'selective';
  /** Stochastic systems: fresh draws whose mean logits must be wrong too before a point counts; 0 takes the first at its word. */
  confirm: number;
  /**
   * `first`: an example leaves at its first broken point, which is kept. `strongest`: all steps and restarts are
   * run at a radius and of the broken points that of the highest loss is kept; the verdicts are the same.
   * `nearest`: all is run and the broken point nearest to the clean image is kept.
   */
  keep: 'first' | 'strongest' | 'nearest';
}

/** What is attacked. */
export interface AttackInputs {
  system: System;
  n: number;
  /** (n): source indices, which key all randomness. */
  indices: Int32Array;
  /** (n, C, H, W) */
  pixels: Float32Array;
  /** (n); what they say does not matter to a goal without labels. */
  labels: Int32Array;
  /** (n, classes) */
  cleanLogits: ArrayLike<number>;
  /** (n): for goals that look at log p(x). */
  cleanLogPx?: ArrayLike<number>;
  /** (n): at so many radii, smallest first, an example is known to be robust: they are not attacked, but for `nearest`. */
  proved?: ArrayLike<number>;
  seed: number;
  signal?: AbortSignal;
  /** Told of an example for which the system gives no numbers; without it, that ends the attack. */
  fail?: (i: number, error: NotFinite) => void;
  /** Told of examples as they begin, and of passes of `exampleCost` that they did not need. */
  outlook?: Outlook;
  /** Default: the system's. No effect on outcomes but for float32 rounding inside the engine. */
  batchSize?: number;
  concurrency?: number;
}

/** Calls of a system of so many classes in one run of a stage that is never stopped, every draw counted. */
export function runCost({ attack }: Stage, norm: Norm, classes: number, draws: number): Passes {
  const { gradient, forward } = attack.cost(norm, classes);
  return { gradient: draws * gradient, forward: draws * forward };
}

/**
 * Passes of one example whose runs are all made and never stopped: at most what an attack of it asks for, but for
 * confirmations.
 */
export function exampleCost(
  attackPlan: AttackPlan,
  { stochastic, classes }: Pick<SystemInfo, 'stochastic' | 'classes'>,
): Passes {
  const { stages, norm, epsilons, eot, keep } = attackPlan;
  const draws = stochastic ? Math.max(1, eot) : 1;
  const passes: Passes = { forward: 0, gradient: 0 };
  for (const stage of stages) {
    const { attack, restarts } = stage;
    const radii = keep === 'nearest' || attack.radius === 'free' ? 1 : epsilons.length;
    const targets = attack.targets > 0 ? Math.min(attack.targets, classes.length - 1) : 1;
    const runs = radii * targets * (attack.random ? restarts : 1);
    const { forward, gradient } = runCost(stage, norm, classes.length, draws);
    passes.forward += runs * forward;
    passes.gradient += runs * gradient;
  }
  return passes;
}
