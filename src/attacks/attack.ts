import type { TObject } from '@sinclair/typebox';
import type { Passes } from '../models/system.js';
import type { Stream } from '../random/stream.js';
import type { Epsilon } from './epsilon.js';
import type { Norm } from './norms.js';

/** What an attack wants to know about one point. A gradient pass gives the logits too. */
export interface Query {
  kind: 'forward' | 'gradient';
  /** (C, H, W); must not change until the answer has come, and after that only if it is a copy. */
  pixels: Float32Array;
  /** Position in the run of the attack: keys the noise of stochastic systems. */
  step: number;
  /** A class to be led to, in place of away from the label. The verdict is the same: any mistake counts. */
  target?: number;
}

/** What was found there; for a stochastic system means over its draws. */
export interface Answer {
  /** (classes) */
  logits: Float32Array;
  /** The attacked loss. */
  loss: number;
  /** (C, H, W): the direction in which the attack succeeds, so that every attack ascends. Empty after `forward`. */
  gradient: Float32Array;
}

/** One example under attack at one radius, from one start. */
export interface Subject {
  /** The clean image; hand out this very array to ask about it (its answer is kept and shared). */
  x0: Float32Array;
  epsilon: Epsilon;
  norm: Norm;
  restart: number;
  /** Wrong classes, the likeliest for the clean image first. */
  rivals: readonly number[];
  /** Draws for this subject and a purpose, such as `start`. */
  draws(purpose: string): Stream;
}

/**
 * One run of an attack on one subject, as a state machine: yields what it wants to know and is sent the answer.
 * It never judges: the scheduler looks at the logits of every point asked about, decides what counts as broken,
 * and stops the run. Every point must lie in the ball and the box.
 */
export type Trajectory = Generator<Query, void, Answer>;

/** An attack with its options settled. */
export interface BoundAttack {
  name: string;
  /** For reports: `PGD-40`. */
  label: string;
  /** Whether restarts can differ from each other. */
  random: boolean;
  /** Queries of one run that is never stopped. */
  cost: Passes;
  run(subject: Subject): Trajectory;
}

/** An attack: one file, and one row in the registry. */
export interface Attack<O> {
  name: string;
  title: string;
  /** What it is and where it comes from, for reports. */
  source: string;
  /** TypeBox object schema of the options of its own. */
  options: TObject;
  /** What the schema cannot say. Errors: `config-invalid`. */
  check?(options: O): void;
  /** For reports: `PGD-40`. */
  label(options: O): string;
  /** Whether restarts can differ from each other. */
  random(options: O): boolean;
  run(subject: Subject, options: O): Trajectory;
  /** Queries of one run that is never stopped. */
  cost(options: O): Passes;
}

/** Identity with types. */
export function defineAttack<O>(attack: Attack<O>): Attack<O> {
  return attack;
}
