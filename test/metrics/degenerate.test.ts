import { describe, expect, it } from 'vitest';
import { equalMass, equalWidth } from '../../src/metrics/calibration/binning.js';
import {
  classwiseEceStatistic,
  ece,
  mce,
  rmsCalibrationError,
} from '../../src/metrics/calibration/calibration.js';
import { calibrationMetrics } from '../../src/metrics/calibration/calibration-metrics.js';
import { drawnBinSums } from '../../src/metrics/calibration/drawn-bins.js';
import { clopperPearson } from '../../src/metrics/distributions/beta-distribution.js';
import type { Estimate } from '../../src/metrics/estimates/estimate.js';
import {
  bootstrap,
  meanOf,
  meanOfShares,
  meanStatistic,
  wilson,
} from '../../src/metrics/estimates/intervals.js';
import { quantileEstimate } from '../../src/metrics/estimates/quantile-estimate.js';
import { aurocEstimate } from '../../src/metrics/ranking/auroc-estimate.js';
import { placementsIn } from '../../src/metrics/ranking/delong.js';
import { delongEstimate, influenceEstimate } from '../../src/metrics/ranking/delong-estimate.js';
import { matchedAuroc } from '../../src/metrics/ranking/matched-auroc.js';
import { openOodMetrics } from '../../src/metrics/ranking/openood-metrics.js';
import { openSetPlacements } from '../../src/metrics/ranking/oscr.js';
import { rankScores } from '../../src/metrics/ranking/ranking.js';
import {
  bootstrapClusters,
  bootstrapRankings,
  rankingEstimate,
} from '../../src/metrics/ranking/ranking-bootstrap.js';
import { jointBootstrap } from '../../src/metrics/resampling/joint-bootstrap.js';
import { deviationOfDraws } from '../../src/metrics/resampling/spread.js';
import { bootstrapTwoSided, twoSidedEstimate } from '../../src/metrics/resampling/two-sided-bootstrap.js';
import { frechetEstimate } from '../../src/metrics/samples/frechet.js';
import { inceptionScore } from '../../src/metrics/samples/inception-score.js';
import { kernelDistance } from '../../src/metrics/samples/kernel-distance.js';
import { scod } from '../../src/metrics/selective/scod.js';
import { selectiveEstimates } from '../../src/metrics/selective/selective-estimates.js';
import { clustersOf } from '../../src/metrics/tests/clusters.js';
import { meanDifference } from '../../src/metrics/tests/mean-difference.js';

/*
 * Data that leave nothing to estimate an error from: no example, one, two, all alike, all right, all wrong, sets that do not overlap. An
 * interval holds the value and has a width, or there is none and it says why; and nothing leaves the range of its measure.
 */

type Range = readonly [number, number];
const SHARE: Range = [0, 1];
const ANY: Range = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

const options = { seed: 1, resamples: 100 };
const filled = (n: number, value: number) => new Float64Array(n).fill(value);
const rising = (n: number, from = 0) => Float64Array.from({ length: n }, (_, i) => from + i);

/** Confidences and outcomes. */
const predictions: Readonly<Record<string, { p: Float64Array; right: Uint8Array }>> = {
  'no example': { p: filled(0, 0), right: new Uint8Array(0) },
  'one that is right': { p: filled(1, 0.9), right: Uint8Array.of(1) },
  'one that is wrong': { p: filled(1, 0.9), right: Uint8Array.of(0) },
  'two that are right': { p: Float64Array.of(0.9, 0.8), right: Uint8Array.of(1, 1) },
  'two that differ': { p: Float64Array.of(0.9, 0.8), right: Uint8Array.of(1, 0) },
  'five, all alike': { p: filled(5, 0.7), right: new Uint8Array(5).fill(1) },
  'all right and alike': { p: filled(40, 0.99), right: new Uint8Array(40).fill(1) },
  'all right and sure': { p: filled(40, 1), right: new Uint8Array(40).fill(1) },
  'all wrong and sure': { p: filled(40, 1), right: new Uint8Array(40) },
  'all wrong': { p: Float64Array.from(rising(40), (i) => 0.6 + i / 100), right: new Uint8Array(40) },
  'perfectly told apart': {
    p: Float64Array.from(rising(40), (i) => (i < 20 ? 0.5 : 1)),
    right: Uint8Array.from(rising(40), (i) => (i < 20 ? 0 : 1)),
  },
};

/** Scores of ID and of OOD examples. */
const rankings: Readonly<Record<string, { id: Float64Array; ood: Float64Array }>> = {
  'neither kind': { id: filled(0, 0), ood: filled(0, 0) },
  'ID alone': { id: rising(9), ood: filled(0, 0) },
  'OOD alone': { id: filled(0, 0), ood: rising(9) },
  'one of each': { id: rising(1, 5), ood: rising(1) },
  'one of each, tied': { id: filled(1, 0), ood: filled(1, 0) },
  'one ID example among many': { id: rising(1, 5), ood: rising(60) },
  'two of each, mixed': { id: Float64Array.of(1, 3), ood: Float64Array.of(0, 2) },
  'five of each, mixed': {
    id: Float64Array.from(rising(5), (i) => 2 * i),
    ood: Float64Array.from(rising(5), (i) => 2 * i - 1),
  },
  'all tied': { id: filled(70, 1), ood: filled(60, 1) },
  'ties of each kind, apart': { id: filled(70, 1), ood: filled(60, 0) },
  apart: { id: rising(70, 100), ood: rising(60) },
  'apart the other way': { id: rising(70), ood: rising(60, 100) },
  'apart, very few': { id: rising(3, 100), ood: rising(2) },
  'one on the wrong side': { id: Float64Array.from([...rising(69, 100), -1]), ood: rising(60) },
};

function sound(estimate: Estimate, [least, most]: Range, examples: number) {
  const { value, interval, method, why, n } = estimate;
  expect(n, 'n').toBe(examples);
  expect(method === 'none', 'method').toBe(interval === null);
  if (Number.isNaN(value)) {
    expect(interval).toBeNull();
    return;
  }
  expect(value).toBeGreaterThanOrEqual(least);
  expect(value).toBeLessThanOrEqual(most);
  if (interval === null) {
    expect(why).toMatch(/^no interval: /);
    return;
  }
  const [lo, hi] = interval;
  expect(hi - lo, 'width').toBeGreaterThan(1e-9);
  expect(lo).toBeGreaterThanOrEqual(least);
  expect(hi).toBeLessThanOrEqual(most);
  // Percentiles of a biased statistic need not hold it, but for what a sum leaves.
  expect(lo).toBeLessThanOrEqual(value + 1e-9);
  expect(hi).toBeGreaterThanOrEqual(value - 1e-9);
}

describe.each(Object.entries(predictions))('of predictions: %s', (_, { p, right }) => {
  const n = p.length;
  const shares = Float64Array.from(right);
  const binned = (cut: typeof equalWidth) => drawnBinSums(cut(p, 15), p, right);
  const [width, mass] = [binned(equalWidth), binned(equalMass)];
  const two = { n, classes: 2, data: Float64Array.from([...p].flatMap((one) => [one, 1 - one])) };
  const labels = Int32Array.from(right, (one) => 1 - one);
  const classwise = classwiseEceStatistic(two, labels, 15);
  const deviation = deviationOfDraws(p);
  const joint = jointBootstrap(
    n,
    [
      {
        of: (times: Uint8Array) => ({
          ece: ece(width(times)),
          mce: mce(width(times)),
          rms: rmsCalibrationError(width(times)),
          mass: ece(mass(times)),
          classwise: classwise(times),
        }),
        centred: ['ece', 'mce', 'rms', 'mass', 'classwise'],
        within: SHARE,
        gaps: { ece: 1, mass: 1, classwise: 1 },
      },
      { of: (times: Uint8Array) => ({ deviation: deviation(times) }) },
    ],
    options,
  );
  const selective = selectiveEstimates(p, right);
  const hits = right.reduce((sum, one) => sum + one, 0);
  it.each<[string, () => Estimate, Range]>([
    ['wilson', () => wilson(hits, n), SHARE],
    ['clopperPearson', () => clopperPearson(hits, n), SHARE],
    ['meanOf', () => meanOf(p), ANY],
    ['meanOfShares', () => meanOfShares(shares), SHARE],
    ['bootstrap', () => bootstrap(n, meanStatistic(shares), options), SHARE],
    ['deviation', () => joint.deviation, [0, Number.POSITIVE_INFINITY]],
    ['meanDifference', () => meanDifference(p, p.slice(1)), ANY],
    ['AURC', () => selective.aurc, SHARE],
    ['AUGRC', () => selective.augrc, SHARE],
    ['ECE', () => joint.ece, SHARE],
    ['MCE', () => joint.mce, SHARE],
    ['RMS', () => joint.rms, SHARE],
    ['ECE of equal mass', () => joint.mass, SHARE],
    ['classwise ECE', () => joint.classwise, SHARE],
  ])('%s', (name, make, range) =>
    sound(make(), range, name === 'meanDifference' ? n + Math.max(0, n - 1) : n),
  );

  const metricOptions = { bins: 15, threshold: 0.01, bandwidth: 0.05, positiveClass: 0 };
  it.each(calibrationMetrics.map((row) => [row.name, row] as const))('%s', (name, row) => {
    const of =
      row.of === 'top-label'
        ? row.statistic({ confidence: p, outcome: right }, metricOptions)
        : row.statistic(two, labels, metricOptions);
    const own =
      row.of === 'top-label'
        ? row.estimate?.({ confidence: p, outcome: right }, metricOptions)
        : row.estimate?.(two, labels, metricOptions);
    const estimate =
      own ??
      jointBootstrap(
        n,
        [
          {
            of: (times: Uint8Array): Record<string, number> => ({ [name]: of(times) }),
            ...(row.centred && { centred: [name] }),
            ...(row.within && { within: row.within }),
            ...(row.gap !== undefined && { gaps: { [name]: row.gap } }),
          },
        ],
        { seed: 1, resamples: 20 },
      )[name]!;
    sound(estimate, row.within ?? [-2, 2], n);
  });

  it.each([0.05, 0.5, 0.99])('quantile %f', (q) => {
    const { value, interval, method, why } = quantileEstimate(p.slice().sort(), q);
    expect(method === 'none').toBe(interval === null);
    if (n === 0) expect(value).toBeNaN();
    // Fewer than these lie on one side of it too often.
    const fewest = { 0.05: 59, 0.5: 6, 0.99: 299 }[q]!;
    if (n > 0 && n < fewest) expect([interval, why]).toEqual([null, 'no interval: too few examples']);
    if (interval) expect(interval[0] <= value && value <= interval[1]).toBe(true);
  });
});

describe.each(Object.entries(rankings))('of scores: %s', (_, { id, ood }) => {
  const [n, m] = [id.length, ood.length];
  const ranking = rankScores(id, ood);
  const drawn = bootstrapRankings([ranking], { ...options, id: 'id', ood: 'ood' });
  const clusters = clustersOf(id.map((_, i) => Math.floor(i / 2)));
  const clustered = [bootstrapClusters(ranking, clusters, { ...options, id: 'c', ood: 'ood' })];
  const once = [{ ...drawn[0]! }];
  it.each([
    ['auroc', 1],
    ['auprIn', 1],
    ['auprOut', 1],
    ['fpr95IdPositive', 1],
    ['fpr95OodPositive', 1],
    ['detectionError', 0.5],
  ] as const)('%s', (metric, most) => {
    sound(rankingEstimate(drawn, metric), [0, most], n + m);
    sound(rankingEstimate([drawn[0]!, once[0]!], metric), [0, most], n + 2 * m);
    sound(rankingEstimate(clustered, metric), [0, most], clusters.count + m);
  });
  const right = Uint8Array.from(id, (_, i) => (i % 2 === 0 ? 1 : 0));
  const area = (correct: Uint8Array) => {
    const placed = openSetPlacements(ranking, correct);
    return delongEstimate(placed.auroc, [placed]);
  };
  const [openOod] = bootstrapTwoSided(
    [openOodMetrics(id, ood)],
    { nId: n, nOod: m },
    { ...options, id: 'id', ood: 'ood' },
  );
  it.each<[string, () => Estimate, Range]>([
    ['delong', () => delongEstimate(placementsIn(ranking).auroc, [placementsIn(ranking)]), SHARE],
    ['aurocEstimate', () => aurocEstimate({ values: id }, { values: ood }), SHARE],
    ['OSCR', () => area(right), SHARE],
    ['OSCR, all wrong', () => area(new Uint8Array(n)), SHARE],
    [
      'SCOD',
      () => {
        const { areas, aurc } = scod(ranking, right, 1);
        return influenceEstimate(areas.aurc, [aurc], { most: 1 });
      },
      SHARE,
    ],
    ['fpr95, as OpenOOD', () => twoSidedEstimate([openOod!], 'fpr95'), SHARE],
    ['meanDifference', () => meanDifference(id, ood), ANY],
  ])('%s', (_, make, range) => {
    // Where a kind is missing, those of one ranking are not made.
    if (n * m > 0) sound(make(), range, n + m);
  });
  it('AUROC of the same images', () => {
    const k = Math.min(n, m);
    sound(matchedAuroc([{ id: id.slice(0, k), ood: ood.slice(0, k) }]), SHARE, k);
  });
});

describe.each([0, 1, 2, 3, 5, 6, 30])('of %i samples, all alike or not', (n) => {
  const table = (data: Float64Array) => ({ n, width: 2, data });
  const alike = table(filled(2 * n, 0.3));
  const other = table(Float64Array.from(rising(2 * n), (i) => Math.sin(i)));
  it.each([
    ['all alike', alike, alike],
    ['alike and others', alike, other],
    ['all different', other, other],
  ])('%s', (_, a, b) => {
    sound(kernelDistance(a, b), ANY, n);
    sound(frechetEstimate(a, b, options), [0, Number.POSITIVE_INFINITY], n);
    const logits = { n, classes: 2, data: a.data };
    const { score } = jointBootstrap(
      n,
      [
        {
          of: (times: Uint8Array) => ({ score: inceptionScore(logits)(times) }),
          centred: ['score'],
          within: [1, 2],
        },
      ],
      options,
    );
    sound(score, [1 - 1e-12, 2], n);
  });
});
