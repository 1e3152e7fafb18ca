import type { GraphBuilder } from '../graph/build.js';

/** What a loss is about, beside the images: inputs of its graph. */
export type LossArgumentName = 'labels' | 'targets' | 'weights' | 'threshold';

/** What a loss of one image is a function of, beside the logits. */
export interface ExampleArguments {
  label: number;
  /** -1 where there is none. */
  target: number;
  /** What a score must reach to count as in-distribution. */
  threshold: number;
  logPx: number;
  /** (classes) of the logits. */
  weights?: ArrayLike<number>;
}

/** Names of the values in a graph that a loss builds on. */
export interface LossSite {
  b: GraphBuilder;
  /** (n, classes) */
  logits: string;
  /** (n) */
  logPx: string;
  /** (n, classes): 1 at the class, 0 elsewhere. */
  labels: string;
  targets: string;
  /** (n, classes) */
  weights: string;
  /** (1) */
  threshold: string;
  energy: 'logsumexp' | 'output' | 'none';
}

/**
 * A loss of every image, in two forms that a test holds against each other: as numbers, and as a graph that is
 * differentiated. Summed over a batch before differentiation, so that gradients stay per image.
 */
export interface Loss {
  name: string;
  aims: readonly LossArgumentName[];
  needs: readonly ('logits' | 'logPx')[];
  /** Fewest classes for which it is defined. */
  classes: number;
  /** What attackers climb in its place where there are fewer classes. */
  instead?: string;
  /** +1 when an attacker who wants a mistake ascends it, -1 when it is descended. */
  direction: 1 | -1;
  /** A user may choose it for an attack; the others come with a method or a goal. */
  chosen?: boolean;
  /** At one image, in double precision. */
  value(logits: ArrayLike<number>, aim: ExampleArguments): number;
  /** Emits the loss per image (n). */
  emit(site: LossSite): string;
}
