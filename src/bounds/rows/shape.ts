/** A function of a number that is smooth but at its kinks. */
export interface Shape {
  f(x: number): number;
  /** Derivative, away from kinks. */
  slope(x: number): number;
  /** Where the derivative jumps or turns: between two neighbours it does not change its direction. In ascending order. */
  turns: readonly number[];
  /** Where it falls and rises: minima and maxima. Default: it never falls. */
  extremes?: readonly number[];
  /** It is smooth everywhere, and costs exponentials: it is tabulated near 0. */
  smooth?: true;
}
