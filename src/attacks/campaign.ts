import type { Passes, System } from '../models/system.js';
import type { BoundAttack } from './attack.js';
import type { Epsilon } from './epsilon.js';
import type { AttackLoss } from './losses.js';
import type { Norm } from './norms.js';

/** How an attack is carried out: what does not depend on which attack it is. */
export interface Campaign {
  attack: BoundAttack;
  norm: Norm;
  /** Smallest first. */
  epsilons: readonly Epsilon[];
  restarts: number;
  loss: AttackLoss;
  /** Stochastic systems: draws whose gradients and logits are averaged at every point (EOT). */
  eot: number;
  /** Stochastic systems: fresh draws whose mean logits must be wrong too before a point counts. */
  confirm: number;
  /**
   * `first`: an example leaves at its first misclassified point, which is kept. `strongest`: all steps and
   * restarts are run and of the misclassified points that of the highest loss is kept; the verdicts are the same.
   */
  keep: 'first' | 'strongest';
}

/** What is attacked. */
export interface Targets {
  system: System;
  n: number;
  /** (n): source indices, which key all randomness. */
  indices: Int32Array;
  /** (n, C, H, W) */
  pixels: Float32Array;
  labels: Int32Array;
  /** (n, classes): decides which examples are attacked at all. */
  cleanLogits: ArrayLike<number>;
  seed: number;
  signal?: AbortSignal;
  /** Default: the system's. No effect on outcomes but for float32 rounding inside the engine. */
  batchSize?: number;
  concurrency?: number;
}

/**
 * Calls of the system per example that a plain schedule makes: every example, misclassified ones too, at every
 * radius, with every restart, step and draw, and one last look.
 */
export function naiveCost({ attack, epsilons, restarts, eot }: Campaign, stochastic: boolean): Passes {
  const runs = epsilons.length * (attack.random ? restarts : 1) * (stochastic ? Math.max(1, eot) : 1);
  return { gradient: runs * attack.cost.gradient, forward: runs * attack.cost.forward };
}
