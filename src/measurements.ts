/**
 * `assay/measurements`: the passes that come with Assay, how a suite requests them, and the types of their rows. Suites
 * that request the same pass share it: it is computed once.
 */
export { BALL_NORMS, isBallNorm } from './bounds/margins.js';
export { presetDescription, purificationPresets } from './models/defences/presets.js';
export { chainOptions } from './models/defences/purify-options.js';
export { sgldOptions } from './sampling/sgld-options.js';
export {
  type AdaptiveParams,
  type AdaptiveRows,
  adaptiveAttack,
} from './suites/measurements/adaptive-attack.js';
export {
  type AttackParams,
  type AttackRows,
  attack,
  attackRequest,
  brokenAtRadius,
} from './suites/measurements/attack.js';
export { type AttackPathRows, attackPath } from './suites/measurements/attack-path.js';
export { bestScore } from './suites/measurements/best-score.js';
export {
  type BoundsLookRows,
  boundsLookRequest,
  LOOK,
  LOOKED_AT,
} from './suites/measurements/bounds-look.js';
export {
  type CertifiedParams,
  type CertifiedRows,
  certifiedRequest,
} from './suites/measurements/certified.js';
export {
  type ChainGradientParams,
  type ChainGradientRows,
  chainGradientDiagnostics,
  chainGradientsRequest,
} from './suites/measurements/chain-gradients.js';
export { clean, cleanRequest, type OutputRows } from './suites/measurements/clean.js';
export { classifiedOf, logitsOf } from './suites/measurements/collected.js';
export { corrupted, corruptedRequest } from './suites/measurements/corrupted.js';
export type { CorruptedParams } from './suites/measurements/corrupted-images.js';
export { acceptanceThreshold, attackedScore, evade, evadeRequest } from './suites/measurements/evade.js';
export { type FeatureRows, features } from './suites/measurements/features.js';
export {
  type FittedScoreRows,
  fittedScore,
  fittedScoreRequest,
  tunedRequest,
} from './suites/measurements/fitted-score.js';
export { type HardestRows, hardestImages, type Outcome } from './suites/measurements/hardest-images.js';
export { type InputGradientRows, inputGradient } from './suites/measurements/input-gradient.js';
export { type LipschitzRows, localLipschitz } from './suites/measurements/local-lipschitz.js';
export {
  type NearestImagesRows,
  nearestImages,
  nearestImagesRequest,
} from './suites/measurements/nearest-images.js';
export {
  outputsOnPerturbed,
  type PerturbedRows,
  perturbedRequest,
  unperturbedRequest,
} from './suites/measurements/outputs-on-perturbed.js';
export {
  type OutputsOnSamplesRows,
  outputsOnSamples,
  outputsOnSamplesRequest,
} from './suites/measurements/outputs-on-samples.js';
export { type PixelRows, pixels } from './suites/measurements/pixels.js';
export { type PredictedClassRows, predictedClass } from './suites/measurements/predicted-class.js';
export { type ProvedParams, type ProvedRows, provedRequest } from './suites/measurements/proved.js';
export { type PurifiedRows, purified, purifiedRequest } from './suites/measurements/purified.js';
export { type DrawsRows, purifiedDraws } from './suites/measurements/purified-draws.js';
export { type ExpansionRows, purifierExpansion } from './suites/measurements/purifier-expansion.js';
export type { ReadScore } from './suites/measurements/read-scores.js';
export { type RepeatabilityRows, repeatability } from './suites/measurements/repeatability.js';
export {
  type ChainStart,
  placeInBuffer,
  type SampleRows,
  type SamplesParams,
  samples,
} from './suites/measurements/samples.js';
export {
  type SequenceParams,
  type SequenceRows,
  sequenceClasses,
} from './suites/measurements/sequence-classes.js';
export { sgldTrace, type TraceParams, type TraceRows } from './suites/measurements/sgld-trace.js';
export {
  type SmoothedCountsParams,
  type SmoothedCountsRows,
  smoothedCounts,
  smoothedCountsRequest,
} from './suites/measurements/smoothed-counts.js';
export { type SmoothedUntilParams, smoothedUntilRequest } from './suites/measurements/smoothed-until.js';
export {
  type GridPoint,
  gridOf,
  type SpatialParams,
  type SpatialRows,
  spatialGrid,
} from './suites/measurements/spatial-grid.js';
export {
  placesOf,
  type StoredChainRows,
  storedChains,
} from './suites/measurements/stored-chains.js';
export { type TrainModeRows, trainMode, trainModeRequest } from './suites/measurements/train-mode.js';
export type { TunedRows } from './suites/measurements/tuned-options.js';
export {
  BATCH_ROUNDING,
  isMistake,
  type VerifiedRows,
  verify,
  verifyRequest,
} from './suites/measurements/verify.js';
