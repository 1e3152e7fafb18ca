import type { GateResult, Results } from '../../suites/results.js';
import type { Place } from '../places.js';

/** Verdicts, with what they were reached on. */
export interface Judged {
  /** One run, or several that `assay gate` judges together: those of seeds. */
  runs: readonly [Results, ...Results[]];
  /** In the order of the rules. Those in the results, unless other rules were judged. */
  gates: readonly GateResult[];
  placeOf: (gate: Pick<GateResult, 'gate'>) => Place;
}

/** A format that other programs read verdicts in. */
export interface Reporter {
  /** What `--reporter` calls it. */
  name: string;
  /** For help: what it is, and who reads it. */
  description: string;
  /** The whole file, with a line end at its end. */
  render(judged: Judged): string;
}
