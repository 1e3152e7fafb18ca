/** `assay/score`: what OOD scores are written with. */
export type { Capability } from './models/system.js';
export { LOGIT_ROUNDING, relativeRounding } from './scores/rounding.js';
export {
  type Climbed,
  type Features,
  type Fit,
  type FitPart,
  type FitSize,
  required,
  type Score,
  type ScoreInputs,
  type Statistics,
} from './scores/score.js';
