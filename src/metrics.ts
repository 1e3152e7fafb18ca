/** `assay/metrics`: statistics of predictions and scores, and estimates with intervals. All are pure functions of arrays. */

export { type Binning, type BinSums, binSums, equalMass, equalWidth } from './metrics/calibration/binning.js';
export { type BinningConvention, binningConventions } from './metrics/calibration/binning-conventions.js';
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
} from './metrics/calibration/calibration.js';
export {
  type CalibrationMetric,
  calibrationMetrics,
  type MetricOptions,
} from './metrics/calibration/calibration-metrics.js';
export { consistencyBand } from './metrics/calibration/consistency-band.js';
export { drawnBinSums, drawnGaps } from './metrics/calibration/drawn-bins.js';
export { meanEceOfDraws, type Predicted } from './metrics/calibration/mean-ece.js';
export { type Skce, skce } from './metrics/calibration/skce.js';
export { debiasedPlugIn, type TCal, tCal } from './metrics/calibration/t-cal.js';
export {
  type FittedTemperature,
  fitTemperature,
  type RefusedTemperature,
} from './metrics/calibration/temperature.js';
export {
  type Classified,
  classify,
  commonConfusions,
  inTopK,
  perClass,
} from './metrics/classification.js';
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
export { clopperPearson } from './metrics/distributions/beta-distribution.js';
export { signTest } from './metrics/distributions/binomial-tail.js';
export { type Estimate, exact } from './metrics/estimates/estimate.js';
export {
  type BootstrapOptions,
  bootstrap,
  meanOf,
  meanOfShares,
  meanStatistic,
  pairedBootstrap,
  percentileInterval,
  quantile,
  type Step,
  wilson,
} from './metrics/estimates/intervals.js';
export { firstDecision, sideOfHalf } from './metrics/estimates/majority-sequence.js';
export { quantileEstimate } from './metrics/estimates/quantile-estimate.js';
export { densities, sharedEdges } from './metrics/histogram.js';
export {
  type Certainty,
  type Certificate,
  certaintyOf,
  certificateOf,
  isSettled,
  largestRadius,
  largestSequentialRadius,
  smoothedPrediction,
} from './metrics/randomised-smoothing.js';
export { areaDifference, delongTest, matchedTest } from './metrics/ranking/area-difference.js';
export { type Area, type AreaScale, areaInterval } from './metrics/ranking/area-interval.js';
export { aurocEstimate, type Scores } from './metrics/ranking/auroc-estimate.js';
export {
  areaOf,
  delongDifference,
  delongMean,
  type Placements,
  placements,
  placementsIn,
} from './metrics/ranking/delong.js';
export { delongEstimate, influenceEstimate } from './metrics/ranking/delong-estimate.js';
export { drawnRanking } from './metrics/ranking/drawn-ranking.js';
export { groupOrder } from './metrics/ranking/group-order.js';
export { type MatchedScores, matchedAuroc, matchedAurocIn } from './metrics/ranking/matched-auroc.js';
export { type OpenOodMetrics, openOodMetrics } from './metrics/ranking/openood-metrics.js';
export { openSetPlacements, oscr } from './metrics/ranking/oscr.js';
export { compareScores, type Ranking, type RankingMetrics, rankScores } from './metrics/ranking/ranking.js';
export {
  bootstrapClusters,
  bootstrapRankings,
  type RankingMetric,
  type RankingReplicates,
  rankingEstimate,
} from './metrics/ranking/ranking-bootstrap.js';
export { type RankingRange, rankingRange } from './metrics/ranking/ranking-range.js';
export { precisionRecall, type RocPoint, rocCurve, thinCurve } from './metrics/ranking/roc.js';
export {
  type FittedRecalibrator,
  fitRecalibrator,
  type Recalibrator,
  type RefusedRecalibrator,
} from './metrics/recalibration/recalibrator.js';
export { drawnExamples, meanOfDraws } from './metrics/resampling/draw-counts.js';
export { jointBootstrap, ofUnits } from './metrics/resampling/joint-bootstrap.js';
export { meanRatioOfDraws } from './metrics/resampling/mean-ratio.js';
export { ONE_BY_ONE, type Units } from './metrics/resampling/resampling-units.js';
export { deviationOfDraws } from './metrics/resampling/spread.js';
export {
  bootstrapTwoSided,
  type OfDraws,
  type TwoSidedReplicates,
  twoSidedEstimate,
} from './metrics/resampling/two-sided-bootstrap.js';
export { frechetDistance, frechetEstimate } from './metrics/samples/frechet.js';
export { inceptionScore, splitInceptionScores } from './metrics/samples/inception-score.js';
export { kernelDistance } from './metrics/samples/kernel-distance.js';
export { coverageOfSame, type Manifolds, manifoldsOf } from './metrics/samples/manifolds.js';
export { type Mixing, mixing } from './metrics/samples/mixing.js';
export { type FeatureTable, type Moments, momentsOf } from './metrics/samples/moments.js';
export { areaUnderRisk, riskCoverage } from './metrics/selective/risk-coverage.js';
export { drawnScod, type Scod, scod } from './metrics/selective/scod.js';
export { type SelectiveAreas, selectiveAreas } from './metrics/selective/selective-areas.js';
export { selectiveEstimates } from './metrics/selective/selective-estimates.js';
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
export { cliques } from './metrics/tests/cliques.js';
export { type Clusters, clusteredPlacements, clustersOf, ofClusters } from './metrics/tests/clusters.js';
export { holm } from './metrics/tests/holm.js';
export { smirnovP } from './metrics/tests/kolmogorov-smirnov.js';
export { meanDifference } from './metrics/tests/mean-difference.js';
export { mcnemar, pairedCounts, shareDifference, testedShares } from './metrics/tests/paired-shares.js';
export { type PermutationOptions, permutationTest } from './metrics/tests/permutation-test.js';
export { type Distances, distancesOf, type Pooled, pooled } from './metrics/tests/pooled.js';
export { rankCorrelations } from './metrics/tests/rank-correlation.js';
export { mannWhitneyP, wilcoxonP } from './metrics/tests/rank-tests.js';
export { type TestedDifference, waldTest } from './metrics/tests/wald.js';
