import type { TObject } from '../config/type.js';
import type { Passes } from '../models/system.js';
import type { Stream } from '../random/stream.js';
import type { Epsilon } from './epsilon.js';
import type { AttackLoss } from './losses.js';
import type { Norm } from './norms.js';

/** What an attack wants to know about one point. A gradient pass gives the logits too. */
export interface Query {
  kind: 'forward' | 'gradient';
  /** (C, H, W); must not change until the answer has come, and may be reused after that. */
  pixels: Float32Array;
  /** Position in the run of the attack: keys the noise of stochastic systems. */
  step: number;
  /** What is asked about, in place of the loss the attack was given: for attacks that need a loss of their own. */
  loss?: AttackLoss;
  /**
   * Default: the subject's target. A loss that has a target takes it; any other is then that of the target, and
   * descended. The verdict is the same with and without a target: any mistake counts.
   */
  target?: number;
  /**
   * A point beyond the ball, in the box still, on the way into it: it is no candidate, so it is neither judged nor
   * kept, and its `broken` is false.
   */
  outside?: boolean;
}

/** What was found there; for a stochastic system means over its draws. */
export interface Answer {
  /** (classes) */
  logits: Float32Array;
  /** The attacked loss, in the direction in which the attack succeeds: every attack ascends. */
  loss: number;
  /** (C, H, W): of `loss`. Empty after `forward`. */
  gradient: Float32Array;
  /** Whether this point counts as adversarial: the scheduler's verdict, confirmed. */
  broken: boolean;
}

/** One example under attack at one radius, from one start. */
export interface Subject {
  /** (C, H, W): the clean image; hand out this very array to ask about it (its answer is kept and shared). */
  x0: Float32Array;
  shape: readonly [number, number, number];
  label: number;
  /** The radius; for attacks that know none (`radius: 'free'`), the largest of the attack plan. */
  epsilon: Epsilon;
  norm: Norm;
  /** From 0. */
  restart: number;
  /** A wrong class to be led to; absent when untargeted. */
  target?: number;
  /** The wrong classes, the likeliest for the clean image first. */
  rivals: readonly number[];
  /** How far the nearest broken point lies that earlier runs of this example have found; Infinity without one. */
  nearest: number;
  /** Draws for this subject and a purpose, such as `start`: other numbers for every restart, target and radius. */
  draws(purpose: string): Stream;
}

/**
 * One run of an attack on one subject, as a state machine: yields what it wants to know and is sent the answer.
 * It never judges: the scheduler looks at the logits of every point asked about, decides what counts as broken,
 * and stops the run. Every point must lie in the ball and the box, unless it is declared to be outside; for attacks
 * that know no radius, in the box.
 */
export type Trajectory = Generator<Query, void, Answer>;

/** An attack: one file, and one row in the registry. `O` are its options, settled. */
export interface Attack<O> {
  /** The field's name, in kebab-case: `apgd-ce`. */
  name: string;
  title: string;
  /** What it is and where it comes from, for reports. */
  source: string;
  /** TypeBox object schema of the options of its own. */
  options: TObject;
  /**
   * What it can climb, its default first; `chosen` for every loss that a user may choose, by default cross-entropy. An
   * attack with a single loss cannot be given another, nor another goal than a mistake.
   */
  losses: readonly AttackLoss[] | 'chosen';
  /** Names of the norms it is defined in. Default: all. */
  norms?: readonly string[];
  /**
   * `ball` (the default): one run per radius, whose points lie in the ball. `free`: runs know no radius and look
   * for the nearest adversarial point; one run serves all radii.
   */
  radius?: 'ball' | 'free';
  /** What the schema cannot say. Errors: `config-invalid`. */
  check?(options: O): void;
  /** For reports: `PGD-40`. */
  label(options: O): string;
  /** Whether restarts can differ from each other. */
  random(options: O): boolean;
  /**
   * Wrong classes it is led to, the likeliest for the clean image first and one run for each (at most all); 0 when
   * untargeted. Default: 0.
   */
  targets?(options: O): number;
  run(subject: Subject, options: O): Trajectory;
  /**
   * Calls of the system in one run of its plain definition, which is never stopped: at least what `run` asks for.
   * What is counted beside the passes that were spent.
   */
  cost(options: O, norm: Norm, classes: number): Passes;
}

/** An attack with its options settled. */
export interface BoundAttack {
  name: string;
  label: string;
  loss: AttackLoss;
  /** Whether it is the one that the attack climbs unless told otherwise. */
  usual: boolean;
  random: boolean;
  radius: 'ball' | 'free';
  targets: number;
  cost(norm: Norm, classes: number): Passes;
  run(subject: Subject): Trajectory;
}

/** Identity with types. */
export function defineAttack<O>(attack: Attack<O>): Attack<O> {
  return attack;
}
