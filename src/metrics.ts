/** `assay/metrics`: statistics of predictions and scores, and estimates with intervals. All are pure functions of arrays. */
export { aurocEstimate, type Scores } from './metrics/auroc-estimate.js';
export { clopperPearson } from './metrics/beta-distribution.js';
export { type Binning, type BinSums, binSums, equalMass, equalWidth } from './metrics/binning.js';
export { type BinningConvention, binningConventions } from './metrics/binning-conventions.js';
export { signTest } from './metrics/binomial-tail.js';
export {
  classwiseEceStatistic,
  ece,
  ifCalibrated,
  mce,
  ofClass,
  type ReliabilityBin,
  reliabilityBins,
  rmsCalibrationError,
  signedGap,
} from './metrics/calibration.js';
export {
  type CalibrationMetric,
  calibrationMetrics,
  type MetricOptions,
} from './metrics/calibration-metrics.js';
export {
  type Classified,
  classify,
  commonConfusions,
  inTopK,
  perClass,
} from './metrics/classification.js';
export { cliques } from './metrics/cliques.js';
export { type Clusters, clusteredPlacements, clustersOf, ofClusters } from './metrics/clusters.js';
export {
  classwiseCoverageGap,
  SIZE_STRATA,
  sizeStratifiedViolation,
  stratumOf,
} from './metrics/conformal/conditional-coverage.js';
export { chanceOfCovering, coverageGiven } from './metrics/conformal/guarantee.js';
export {
  labelScores,
  type PredictionSets,
  predictionSets,
  type Scoring,
} from './metrics/conformal/prediction-sets.js';
export { conformalScores } from './metrics/conformal/registry.js';
export type { ConformalScore, ScoreSettings } from './metrics/conformal/score.js';
export { conformalThreshold, fewestFor, type Threshold } from './metrics/conformal/threshold.js';
export { worstSlabs } from './metrics/conformal/worst-slab.js';
export { consistencyBand } from './metrics/consistency-band.js';
export {
  delongDifference,
  delongMean,
  type Placements,
  placements,
  placementsIn,
} from './metrics/delong.js';
export { delongEstimate, influenceEstimate } from './metrics/delong-estimate.js';
export { drawnExamples, meanOfDraws } from './metrics/draw-counts.js';
export { drawnBinSums, drawnGaps } from './metrics/drawn-bins.js';
export { drawnRanking } from './metrics/drawn-ranking.js';
export { type Estimate, exact } from './metrics/estimate.js';
export { frechetDistance, frechetEstimate } from './metrics/frechet.js';
export { groupOrder } from './metrics/group-order.js';
export { densities, sharedEdges } from './metrics/histogram.js';
export { holm } from './metrics/holm.js';
export { inceptionScore, splitInceptionScores } from './metrics/inception-score.js';
export {
  type BootstrapOptions,
  bootstrap,
  meanOf,
  meanStatistic,
  pairedBootstrap,
  percentileInterval,
  quantile,
  type Step,
  wilson,
} from './metrics/intervals.js';
export { jointBootstrap, ofUnits } from './metrics/joint-bootstrap.js';
export { kernelDistance } from './metrics/kernel-distance.js';
export { smirnovP } from './metrics/kolmogorov-smirnov.js';
export { firstDecision, sideOfHalf } from './metrics/majority-sequence.js';
export { type MatchedScores, matchedAuroc, matchedAurocIn } from './metrics/matched-auroc.js';
export { meanDifference } from './metrics/mean-difference.js';
export { meanEceOfDraws, type Predicted } from './metrics/mean-ece.js';
export { meanRatioOfDraws } from './metrics/mean-ratio.js';
export { type Mixing, mixing } from './metrics/mixing.js';
export { type FeatureTable, type Moments, momentsOf } from './metrics/moments.js';
export { type OpenOodMetrics, openOodMetrics } from './metrics/openood-metrics.js';
export { openSetPlacements, oscr } from './metrics/oscr.js';
export { mcnemar, pairedCounts, shareDifference } from './metrics/paired-shares.js';
export { type PermutationOptions, permutationTest } from './metrics/permutation-test.js';
export { type Distances, distancesOf, type Pooled, pooled } from './metrics/pooled.js';
export { quantileEstimate } from './metrics/quantile-estimate.js';
export { rankCorrelations } from './metrics/rank-correlation.js';
export { mannWhitneyP, wilcoxonP } from './metrics/rank-tests.js';
export { compareScores, type Ranking, type RankingMetrics, rankScores } from './metrics/ranking.js';
export {
  bootstrapRankings,
  type RankingMetric,
  type RankingReplicates,
  rankingEstimate,
} from './metrics/ranking-bootstrap.js';
export { type RankingRange, rankingRange } from './metrics/ranking-range.js';
export {
  type FittedRecalibrator,
  fitRecalibrator,
  type Recalibrator,
  type RefusedRecalibrator,
} from './metrics/recalibration/recalibrator.js';
export { ONE_BY_ONE, type Units } from './metrics/resampling-units.js';
export { areaUnderRisk, riskCoverage } from './metrics/risk-coverage.js';
export { precisionRecall, type RocPoint, rocCurve, thinCurve } from './metrics/roc.js';
export { drawnScod, type Scod, scod } from './metrics/scod.js';
export { type SelectiveAreas, selectiveAreas } from './metrics/selective-areas.js';
export { selectiveEstimates } from './metrics/selective-estimates.js';
export { type Skce, skce } from './metrics/skce.js';
export {
  argmax,
  argmaxOf,
  exponentials,
  type Logits,
  largestLogits,
  logitsAt,
  logSoftmax,
  softmax,
} from './metrics/softmax.js';
export { deviationOfDraws } from './metrics/spread.js';
export { debiasedPlugIn, type TCal, tCal } from './metrics/t-cal.js';
export { type FittedTemperature, fitTemperature, type RefusedTemperature } from './metrics/temperature.js';
export {
  bootstrapTwoSided,
  type OfDraws,
  type TwoSidedReplicates,
  twoSidedEstimate,
} from './metrics/two-sided-bootstrap.js';
export { type TestedDifference, waldTest } from './metrics/wald.js';
