import type { TProperties } from '../../config/type.js';

/** Options of a score, by name. */
export type ScoreSettings = Readonly<Record<string, number>>;

/**
 * A nonconformity score of split conformal prediction: how badly a class fits an example. A prediction set holds the classes
 * whose score is at most the threshold.
 */
export interface ConformalScore {
  /** kebab-case: the name in run files and measures. */
  name: string;
  title: string;
  source: string;
  /** Numbers, each a TypeBox schema with its published default. */
  options: TProperties;
  /** False where `u` changes nothing. */
  randomised: boolean;
  /**
   * The score of every class of one example.
   * @param p (classes) probabilities, descending: p[r] is that of the class of rank r, from 0
   * @param u in [0, 1), the draw of the example; 0 for scores that are not randomised
   * @param out (classes) takes the score of the class of rank r in place r
   */
  scores(p: Float64Array, u: number, settings: ScoreSettings, out: Float64Array): void;
  /** The score of the label, of this rank, in calibration: only where public code makes it otherwise. */
  ofLabel?(rank: number, p: Float64Array, u: number, settings: ScoreSettings): number;
}
