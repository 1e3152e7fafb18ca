import type { Site } from './site.js';

/** One row of the gradient table. */
export interface GradientRow {
  op: string;
  /**
   * The gradient of each input, undefined where there is none. Emits only operators that have rows themselves,
   * so that a gradient graph can be differentiated again.
   */
  gradient(site: Site): readonly (string | undefined)[];
  /** Inputs broadcast: gradients are returned in the shape of the output, and the walk sums them back. */
  broadcasts?: true;
  /** Rounds: the gradient passes as if it did not, which is an estimate. Users are told. */
  straightThrough?: true;
}

/** A composite operator written in primitives. Returns the values that take the place of the outputs. */
export interface LoweringRow {
  op: string;
  /** Left as it is when it returns undefined. */
  lower(site: Site): readonly string[] | undefined;
}
