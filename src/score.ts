/** `assay/score`: what OOD scores are written with, and suites of detectors. */
export type { Capability } from './models/system.js';
export { LOGIT_ROUNDING, relativeRounding } from './scores/rounding.js';
export {
  type Climbed,
  type Features,
  type Fit,
  type FitPart,
  type FitRole,
  type FitSite,
  type FitSize,
  featuresOf,
  type LastLayer,
  logitsOf,
  required,
  type Score,
  type ScoreInputs,
  type ScoreOptions,
  type Statistics,
} from './scores/score.js';
export {
  type ChosenScore,
  chosenScores,
  type ScoreEntry,
  scoreEntries,
  settledScore,
} from './suites/chosen-scores.js';
export { energyCaveat, setWarnings } from './suites/detection-caveats.js';
export { type FittedOn, fittedOn, fittedOnText, fittedWarnings } from './suites/fitted-on.js';
export { fittedTo, isMeasured, lackOf, lacksOf, scoresNamed } from './suites/score-support.js';
export { TuneOption, tunedScores, tuningPair } from './suites/tuning.js';
