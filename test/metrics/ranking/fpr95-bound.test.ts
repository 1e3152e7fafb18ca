import { describe, expect, it } from 'vitest';
import { detectionErrorInterval } from '../../../src/metrics/ranking/detection-error-interval.js';
import { fpr95Bound } from '../../../src/metrics/ranking/fpr95-bound.js';
import { rankScores } from '../../../src/metrics/ranking/ranking.js';
import {
  bootstrapClusters,
  bootstrapRankings,
  rankingEstimate,
} from '../../../src/metrics/ranking/ranking-bootstrap.js';
import { clustersOf } from '../../../src/metrics/tests/clusters.js';
import { type Stream, stream } from '../../../src/random/stream.js';

const range = (n: number, of: (i: number) => number) => Int32Array.from({ length: n }, (_, i) => of(i));

describe('the bound of FPR95', () => {
  it('of separated scores is that of no negative among m, less what the threshold takes', () => {
    // The lowest of 80 positives is above the threshold with probability 0.95^80; of two, it would be more than half of 5 %.
    const bound = fpr95Bound(
      range(80, (i) => 100 + i),
      range(60, (i) => i),
      0.05,
    );
    expect(bound).toBeCloseTo(1 - (0.05 - 0.95 ** 80) ** (1 / 60), 10);
    expect(
      fpr95Bound(
        range(58, (i) => i),
        range(60, () => -1),
        0.05,
      ),
    ).toBeUndefined();
    expect(
      fpr95Bound(
        range(59, (i) => i),
        range(60, () => -1),
        0.05,
      ),
    ).toBeLessThan(0.25);
  });

  it('counts the negatives that reach the r-th lowest positive', () => {
    const positives = range(200, (i) => i);
    // P(Binomial(200, 0.05) < 5) is 2.64 %, of 4 it is 0.9 %: the fourth lowest, which is 3.
    const with3 = fpr95Bound(positives, Int32Array.from([...range(97, () => -1), 3, 4, 5]), 0.05);
    const with0 = fpr95Bound(positives, Int32Array.from([...range(97, () => -1), 0, 1, 2]), 0.05);
    expect(with0).toBeCloseTo(1 - (0.05 - 0.009) ** (1 / 100), 3);
    expect(with3).toBeGreaterThan(2 * with0!);
  });

  it('is given where FPR95 is 0 and the scores overlap, and held in 95 % of samples', () => {
    const id = [...Array.from({ length: 97 }, (_, i) => 10 + i), 1, 2, 3];
    const ood = Array.from({ length: 100 }, (_, i) => -i + 2.5);
    const [drawn] = bootstrapRankings([rankScores(id, ood)], {
      seed: 1,
      id: 'id',
      ood: 'ood',
      resamples: 50,
    });
    expect(drawn!.values.fpr95IdPositive).toBe(0);
    const { interval, method, why } = rankingEstimate([drawn!], 'fpr95IdPositive');
    expect([method, why]).toEqual(['clopper-pearson-one-sided', expect.stringContaining('no example')]);
    expect(interval?.[0]).toBe(0);
    expect(interval?.[1]).toBeGreaterThan(0.02);
    let held = 0;
    // 6 % of the positives lie below all negatives, 1 % of which lie among the others: the rate is 1 %.
    const draw = (draws: Stream, n: number, far: number, near: number, share: number) =>
      range(n, () => Math.round(1000 * ((draws.uniform() < share ? far : near) + draws.uniform())));
    for (let seed = 0; seed < 1000; seed++) {
      const draws = stream({ seed, purpose: 'test/fpr95', example: 0 });
      const positives = draw(draws, 150, 2, 3, 0.04);
      const negatives = draw(draws, 100, 3, 0, 0.01);
      if (fpr95Bound(positives, negatives, 0.05)! >= 0.01 * 0.99) held++;
    }
    expect(held / 1000).toBeGreaterThan(0.95);
  });

  it('counts images with their changed forms once', () => {
    // Of each cluster the first scores high; four in a hundred have forms that score below an OOD image.
    const of = (clusters: number, forms: number) => {
      const id = Array.from({ length: clusters * forms }, (_, i) =>
        i % forms > 0 && (i / forms) % 25 < 1 ? 1 + i / 1000 : 10 + i,
      );
      const ranking = rankScores(
        id,
        Array.from({ length: 100 }, (_, i) => 1.0005 - i),
      );
      const keys = id.map((_, i) => Math.floor(i / forms));
      const options = { seed: 1, id: 'id', ood: 'ood', resamples: 20 };
      const drawn = bootstrapClusters(ranking, clustersOf(keys), options);
      const [apart] = bootstrapRankings([ranking], options);
      return { drawn, apart: apart! };
    };
    const few = of(30, 5);
    expect(few.drawn.values.fpr95IdPositive).toBe(0);
    expect(rankingEstimate([few.apart], 'fpr95IdPositive').interval?.[1]).toBeLessThan(0.1);
    expect(rankingEstimate([few.drawn], 'fpr95IdPositive')).toMatchObject({
      interval: null,
      why: expect.stringMatching(/too few positives/),
    });
    // Each alone is a cluster.
    const alone = of(150, 1);
    for (const metric of ['fpr95IdPositive', 'fpr95OodPositive', 'detectionError'] as const) {
      const { value, n } = rankingEstimate([alone.drawn], metric);
      expect(rankingEstimate([alone.apart], metric)).toMatchObject({ value, n });
    }
    expect(rankingEstimate([alone.drawn], 'fpr95IdPositive')).toEqual(
      rankingEstimate([alone.apart], 'fpr95IdPositive'),
    );
    // Forms of an image that are all rejected are one that is.
    const ood = rankingEstimate([of(60, 5).drawn], 'fpr95OodPositive').interval!;
    expect(ood[1]).toBeGreaterThan(rankingEstimate([of(300, 1).apart], 'fpr95OodPositive').interval![1]);
  });
});

describe('the bound of FPR95 of clusters of unequal size', () => {
  // What is wrong lies in 20 clusters of 10 forms, beside 200 of one: 220 clusters tell no more than about 40 examples do.
  const [LARGE, FORMS, SINGLE] = [20, 10, 200];
  const keys = [
    ...Array.from({ length: LARGE * FORMS }, (_, i) => Math.floor(i / FORMS)),
    ...Array.from({ length: SINGLE }, (_, i) => LARGE + i),
  ];
  const clusters = clustersOf(keys);
  /** How often a rate of 0 has an interval that misses the truth, of 200 draws of both sides. */
  const missed = (
    metric: 'fpr95IdPositive' | 'fpr95OodPositive',
    truth: number,
    draw: { wrong: (draws: Stream) => boolean; ood: (draws: Stream) => number },
  ) => {
    let count = 0;
    for (let seed = 0; seed < 200; seed++) {
      const draws = stream({ seed, purpose: 'test/unequal', example: 0 });
      const isWrong = Array.from({ length: LARGE }, () => draw.wrong(draws));
      const id = keys.map((key) => (isWrong[key] ? 0.5 : 10) + draws.uniform() / 10);
      const ood = Array.from({ length: 100 }, () => draw.ood(draws));
      const options = { seed, id: 'id', ood: 'ood', resamples: 10 };
      const drawn = bootstrapClusters(rankScores(id, ood), clusters, options);
      const { value, interval } = rankingEstimate([drawn], metric);
      if (value === 0 && interval && interval[1] < truth) count++;
    }
    return count / 200;
  };

  it('holds the rate where false positives lie in the large ones', () => {
    // 6 % of OOD images score 5: so high is the threshold, but in many samples it is not. Half of the large clusters pass.
    const ood = (draws: Stream) => (draws.uniform() < 0.06 ? 5 : -5);
    const share = missed('fpr95OodPositive', 0.25, { wrong: (draws) => draws.uniform() < 0.5, ood });
    expect(share).toBeLessThan(0.05);
  });

  it('holds the rate where the threshold lies in the large ones', () => {
    // 5.5 % of the forms score below all OOD images but most of them: the threshold lies there, and 4 % of the OOD images pass.
    const ood = (draws: Stream) => (draws.uniform() < 0.04 ? 5 : -5);
    const share = missed('fpr95IdPositive', 0.04, { wrong: (draws) => draws.uniform() < 0.11, ood });
    expect(share).toBeLessThan(0.05);
  });

  it('is that of examples where all are equal, and nothing where nearly all pass', () => {
    const positives = range(200, (i) => i);
    const negatives = range(100, (i) => i - 97);
    const even = { positives: 1, negatives: 1 };
    expect(fpr95Bound(positives, negatives, 0.05, even)).toBe(fpr95Bound(positives, negatives, 0.05));
    expect(fpr95Bound(positives, negatives, 0.05, { negatives: 0.5 })).toBe(
      2 * fpr95Bound(positives, negatives, 0.05)!,
    );
    const nearlyAll = range(100, (i) => (i === 0 ? -1 : 300));
    expect(fpr95Bound(positives, nearlyAll, 0.05, { negatives: 1 / 3 })).toBe(1);
  });
});

describe('the interval of the detection error', () => {
  it('holds the truth where percentiles are too low', () => {
    // Uniform on [0, 1] and [0.6, 1.6]: any threshold from 0.6 to 1 has an error of 0.2.
    let held = 0;
    for (let seed = 0; seed < 500; seed++) {
      const draws = stream({ seed, purpose: 'test/detection', example: 0 });
      const scores = (n: number, up: number) => Float64Array.from({ length: n }, () => draws.uniform() + up);
      const interval = detectionErrorInterval(rankScores(scores(60, 0.6), scores(80, 0)), 0.95)!;
      expect(interval[1]).toBeLessThanOrEqual(0.5);
      if (interval[0] <= 0.2 && 0.2 <= interval[1]) held++;
    }
    expect(held / 500).toBeGreaterThan(0.94);
  });

  it('takes two examples of each kind', () => {
    expect(detectionErrorInterval(rankScores([1], [0, 2]), 0.95)).toBeUndefined();
    expect(detectionErrorInterval(rankScores([1, 3], [0, 2]), 0.95)).toBeDefined();
  });
});
