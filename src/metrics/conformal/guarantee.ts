import { betaBinomialCdf, betaQuantile } from '../distributions/beta-distribution.js';
import { conformalRank } from './threshold.js';

/** What coverage can be, given calibration examples as many as these, if they and the test examples are exchangeable. */
export interface Guarantee {
  /** The mean: rank / (n + 1), at least 1 - alpha. */
  mean: number;
  /** In which share `level` of thresholds have their coverage. */
  range: [number, number];
}

/**
 * The coverage of a threshold from n calibration examples, of infinitely many test examples, is Beta(rank, n + 1 - rank)
 * distributed over draws of the calibration set (Vovk 2012; Angelopoulos & Bates 2021, section 3.2), where scores have no ties.
 * 1 where the threshold is infinite.
 */
export function coverageGiven(n: number, alpha: number, level = 0.95): Guarantee {
  const rank = conformalRank(n, alpha);
  if (rank > n) return { mean: 1, range: [1, 1] };
  const tail = (1 - level) / 2;
  return {
    mean: rank / (n + 1),
    range: [betaQuantile(tail, rank, n + 1 - rank), betaQuantile(1 - tail, rank, n + 1 - rank)],
  };
}

/**
 * How likely at most so many of `tested` exchangeable examples are covered: small where calibration and test examples are not
 * exchangeable. The count is beta-binomial; with ties, larger.
 */
export function chanceOfCovering(covered: number, tested: number, n: number, alpha: number): number {
  const rank = conformalRank(n, alpha);
  if (rank > n) return covered < tested ? 0 : 1;
  return betaBinomialCdf(covered, tested, rank, n + 1 - rank);
}
