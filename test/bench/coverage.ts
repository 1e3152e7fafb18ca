import { writeFileSync } from 'node:fs';
import { equalWidth } from '../../src/metrics/calibration/binning.js';
import { ece } from '../../src/metrics/calibration/calibration.js';
import { drawnBinSums } from '../../src/metrics/calibration/drawn-bins.js';
import { normalQuantile } from '../../src/metrics/distributions/distributions.js';
import { wilson } from '../../src/metrics/estimates/intervals.js';
import { meanVariance } from '../../src/metrics/estimates/mean-variance.js';
import { delongTest } from '../../src/metrics/ranking/area-difference.js';
import { delongDifference, placements } from '../../src/metrics/ranking/delong.js';
import { delongEstimate } from '../../src/metrics/ranking/delong-estimate.js';
import { compareScores, rankScores } from '../../src/metrics/ranking/ranking.js';
import {
  bootstrapRankings,
  type RankingMetric,
  rankingEstimate,
} from '../../src/metrics/ranking/ranking-bootstrap.js';
import { rankingDifference } from '../../src/metrics/ranking/ranking-difference.js';
import { jointBootstrap } from '../../src/metrics/resampling/joint-bootstrap.js';
import { twoSidedEstimate } from '../../src/metrics/resampling/two-sided-bootstrap.js';
import { selectiveEstimates } from '../../src/metrics/selective/selective-estimates.js';
import { shareDifference, testedShares } from '../../src/metrics/tests/paired-shares.js';
import { waldTest } from '../../src/metrics/tests/wald.js';
import { type Stream, stream } from '../../src/random/stream.js';
import { markdownTable } from '../../src/report/markdown-text.js';

/*
 * How often 95 % intervals hold the truth, by drawing the data again and again: `node dist/test/bench/coverage.js FILE` writes the
 * tables of docs/coverage.md. Everything is seeded. A share of 2,000 samples is off by 0.5 points where it is 95 %, one of 400 by 1.1.
 */

const OFTEN = 2000;
/** Where every sample is resampled. */
const SELDOM = 400;
const RESAMPLES = 300;
/** Examples of each kind that a truth without a formula is taken from. */
const MANY = 300_000;

type Interval = readonly [number, number] | null;
type Draw = (draws: Stream, n: number) => Float64Array;

/** Two kinds of scores. */
interface Population {
  name: string;
  id: Draw;
  ood: Draw;
  auroc: number;
}

const normal =
  (mean: number, sd = 1): Draw =>
  (draws, n) =>
    Float64Array.from({ length: n }, () => mean + sd * draws.normal());

/** A share of them lies at `far`. */
const straying =
  (share: number, far: number, of: Draw): Draw =>
  (draws, n) =>
    of(draws, n).map((value) => (draws.uniform() < share ? far : value));

/** The distance of two normals with this AUROC, 1/2 or more. */
const apartBy = (auroc: number, variance = 2) => normalQuantile(2 * auroc - 1) * Math.sqrt(variance);

const normals = (auroc: number): Population => ({
  name: `normal, ${auroc}`,
  id: normal(apartBy(auroc)),
  ood: normal(0),
  auroc,
});
const wideId = (auroc: number): Population => ({
  name: `normal, ID three times as wide, ${auroc}`,
  id: normal(apartBy(auroc, 10), 3),
  ood: normal(0),
  auroc,
});
const tied = (auroc: number): Population => ({
  name: `all OOD tied, ${auroc}`,
  id: (draws, n) => Float64Array.from({ length: n }, () => (draws.uniform() < auroc ? 1 : -1)),
  ood: (_, n) => new Float64Array(n),
  auroc,
});
const strays = (share: number, auroc: number): Population => ({
  ...normals(auroc),
  name: `${share * 100} % of ID far below, else ${auroc}`,
  id: straying(share, -50, normal(apartBy(auroc))),
  auroc: auroc * (1 - share),
});
const oodStrays = (share: number, auroc: number): Population => ({
  ...normals(auroc),
  name: `${share * 100} % of OOD far above, else ${auroc}`,
  ood: straying(share, 50, normal(0)),
  auroc: auroc * (1 - share),
});

const populations = [
  ...[0.5, 0.7, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999].map(normals),
  ...[0.9, 0.98, 0.995].map(wideId),
  ...[0.7, 0.9, 0.948, 0.98, 0.995].map(tied),
  strays(0.02, 0.9),
  strays(0.02, 0.99),
  strays(0.02, 0.9999),
  strays(0.05, 0.9999),
  oodStrays(0.02, 0.9999),
];

/** Of one kind of interval: how often it holds the truth, and how wide it is. */
class Tally {
  private held = 0;
  private width = 0;
  private given = 0;
  private of = 0;

  add(interval: Interval, truth: number): void {
    this.of++;
    if (!interval) return;
    this.given++;
    this.width += interval[1] - interval[0];
    if (interval[0] <= truth + 1e-12 && truth - 1e-12 <= interval[1]) this.held++;
  }

  /** `94.8 (0.065)`; of those that are given, with the share that is not. */
  toString(): string {
    const none = this.of - this.given;
    const missing = none > 0 ? `, none in ${((100 * none) / this.of).toFixed(0)} %` : '';
    if (this.given === 0) return 'none';
    return `${((100 * this.held) / this.given).toFixed(1)} (${(this.width / this.given).toPrecision(2)}${missing})`;
  }
}

const table = (head: readonly string[], rows: readonly (readonly unknown[])[]): string =>
  markdownTable(
    head,
    rows.map((cells) => cells.map(String)),
    [...head.keys()],
  );

const SIZES = [
  [20, 20],
  [60, 100],
  [30, 300],
  [400, 200],
] as const;

function areas(): string {
  const rows = populations.map(({ name, id, ood, auroc }) => {
    const cells = SIZES.flatMap(([n, m]) => {
      const [plain, ours] = [new Tally(), new Tally()];
      for (let seed = 0; seed < OFTEN; seed++) {
        const draws = stream({ seed, purpose: `coverage/${name}`, example: n });
        const placed = placements(id(draws, n), ood(draws, m));
        plain.add(delongEstimate(placed.auroc, [placed], 0.95, 'plain').interval, auroc);
        ours.add(delongEstimate(placed.auroc, [placed]).interval, auroc);
      }
      return [plain, ours];
    });
    return [name, ...cells];
  });
  return table(['scores', ...SIZES.flatMap(([n, m]) => [`${n}, ${m}: plain`, 'given'])], rows);
}

/** Two systems on the same images. */
interface Systems {
  name: string;
  /** How closely their scores correlate, strays apart; of systems that are unlike, 0. */
  correlation?: number;
  a: Pick<Population, 'id' | 'ood' | 'auroc'>;
  b: Pick<Population, 'id' | 'ood' | 'auroc'>;
}

const systems: Systems[] = [
  ...[
    [0.7, 0.7],
    [0.9, 0.9],
    [0.98, 0.98],
    [0.995, 0.995],
    [0.95, 0.9],
    [0.995, 0.98],
    [0.999, 0.97],
  ].map(([a, b]) => ({ name: `normal, ${a} and ${b}`, a: normals(a!), b: normals(b!) })),
  { name: 'all OOD tied, 0.95 and 0.95', a: tied(0.95), b: tied(0.95) },
  { name: '2 % and 6 % of ID far below, else 0.99', a: strays(0.02, 0.99), b: strays(0.06, 0.99) },
  ...[0.01, 0.03].map((share) => ({
    name: `${share * 100} % of ID far below, else apart; normal, ${1 - share}`,
    a: strays(share, 1 - 1e-12),
    b: normals(1 - share),
  })),
  ...(
    [
      [0.9, 0.9, 0.9],
      [0.99, 0.9, 0.9],
      [0.9, 0.92, 0.9],
      [0.99, 0.92, 0.9],
      [0.99, 0.98, 0.965],
    ] as const
  ).map(([correlation, a, b]) => ({
    name: `normal, ${a} and ${b}, correlation ${correlation}`,
    ...{ correlation, a: normals(a), b: normals(b) },
  })),
  {
    name: '3 % of ID far below, else 0.9999; normal, 0.97, correlation 0.9',
    ...{ correlation: 0.9, a: strays(0.03, 0.9999), b: normals(0.97) },
  },
];

/** Draws whose normals are those of others, this closely. */
const sharing = (draws: Stream, shared: Float64Array, correlation: number): Stream => {
  let i = 0;
  const [own, common] = [Math.sqrt(1 - correlation), Math.sqrt(correlation)];
  return { ...draws, normal: () => common * shared[i++]! + own * draws.normal() };
};

function differences(): string {
  const sizes = [
    [60, 100],
    [400, 300],
  ] as const;
  const rows = systems.map(({ name, a, b, correlation = 0 }) => {
    const truth = a.auroc - b.auroc;
    const cells = sizes.flatMap(([n, m]) => {
      const [plain, ours] = [new Tally(), new Tally()];
      const refused = [0, 0];
      for (let seed = 0; seed < OFTEN; seed++) {
        const draws = stream({ seed, purpose: `coverage/${name}`, example: n });
        const common = correlation > 0 ? normal(0)(draws, n + m) : undefined;
        const [ofA, ofB] = [a, b].map(({ id, ood }) => {
          const own = common ? sharing(draws, common, correlation) : draws;
          return placements(id(own, n), ood(own, m));
        });
        const { value, error } = delongDifference([ofA!], [ofB!]);
        const tested = [waldTest(value, error, Math.min(n, m), { by: 'normal' }), delongTest([ofA!], [ofB!])];
        [plain, ours].forEach((tally, k) => {
          tally.add(tested[k]!.interval, truth);
          if ((tested[k]!.p ?? 1) <= 0.05) refused[k]!++;
        });
      }
      const share = (k: number) => `${((100 * refused[k]!) / OFTEN).toFixed(1)} %`;
      return [plain, share(0), ours, share(1)];
    });
    return [name, ...cells];
  });
  return table(
    [
      'scores',
      ...sizes.flatMap(([n, m]) => [`${n}, ${m}: plain`, 'called different', 'given', 'called different']),
    ],
    rows,
  );
}

const METRICS = [
  ['auprIn', 'AUPR, ID positive'],
  ['auprOut', 'AUPR, OOD positive'],
  ['fpr95IdPositive', 'FPR95, ID positive'],
  ['fpr95OodPositive', 'FPR95, OOD positive'],
  ['detectionError', 'Detection error'],
] as const satisfies (readonly [RankingMetric, string])[];

function rankings(): string {
  const sizes = [
    [50, 50],
    [200, 200],
    [100, 500],
  ] as const;
  const shown = [...[0.9, 0.98, 0.999].map(normals), strays(0.02, 0.999), oodStrays(0.02, 0.999)];
  const rows = shown.flatMap(({ name, id, ood }) => {
    const tallies = sizes.map(([n, m]) => {
      const many = stream({ seed: 0, purpose: `coverage/truth/${name}`, example: 0 });
      const per = MANY / Math.max(n, m);
      const right = compareScores(id(many, n * per), ood(many, m * per));
      const tally = METRICS.map(() => [new Tally(), new Tally()] as const);
      for (let seed = 0; seed < SELDOM; seed++) {
        const draws = stream({ seed, purpose: `coverage/${name}`, example: n + m });
        const ranking = rankScores(id(draws, n), ood(draws, m));
        const ranked = bootstrapRankings([ranking], { seed, id: 'id', ood: 'ood', resamples: RESAMPLES });
        METRICS.forEach(([metric], k) => {
          tally[k]![0].add(twoSidedEstimate(ranked, metric).interval, right[metric]);
          tally[k]![1].add(rankingEstimate(ranked, metric).interval, right[metric]);
        });
      }
      return tally;
    });
    return METRICS.map(([, title], k) => [name, title, ...tallies.flatMap((tally) => tally[k]!)]);
  });
  return table(
    ['scores', 'metric', ...sizes.flatMap(([n, m]) => [`${n}, ${m}: percentiles`, 'given'])],
    rows,
  );
}

/** Some of `systems`: every sample is resampled. */
const RESAMPLED = [
  'normal, 0.9 and 0.9',
  'normal, 0.95 and 0.9',
  'normal, 0.999 and 0.97',
  '3 % of ID far below, else apart; normal, 0.97',
  'normal, 0.9 and 0.9, correlation 0.9',
  'normal, 0.92 and 0.9, correlation 0.99',
];

const deviation = (values: Float64Array) => Math.sqrt(meanVariance(values).variance);

function rankingDifferences(): string {
  const sizes = [
    [60, 100],
    [400, 300],
  ] as const;
  const shown = systems.filter(({ name }) => RESAMPLED.includes(name));
  const rows = shown.flatMap(({ name, a, b, correlation = 0 }) => {
    const tallies = sizes.map(([n, m]) => {
      const per = MANY / Math.max(n, m);
      // By the same draws: two populations that are alike have the same.
      const [ofA, ofB] = [a, b].map(({ id, ood }) => {
        const many = stream({ seed: 0, purpose: `coverage/truth/${name}`, example: n });
        return compareScores(id(many, n * per), ood(many, m * per));
      });
      const truth = (metric: RankingMetric) => ofA![metric] - ofB![metric];
      const tally = METRICS.map(() => ({ plain: new Tally(), ours: new Tally(), refused: [0, 0] }));
      for (let seed = 0; seed < SELDOM; seed++) {
        const draws = stream({ seed, purpose: `coverage/${name}`, example: n });
        const common = correlation > 0 ? normal(0)(draws, n + m) : undefined;
        const rankings = [a, b].map(({ id, ood }) => {
          const own = common ? sharing(draws, common, correlation) : draws;
          return rankScores(id(own, n), ood(own, m));
        });
        const [one, other] = bootstrapRankings(rankings, {
          seed,
          id: 'id',
          ood: 'ood',
          resamples: RESAMPLES,
        });
        METRICS.forEach(([metric], k) => {
          const error = deviation(
            one!.replicates[metric].map((value, r) => value - other!.replicates[metric][r]!),
          );
          const tested = [
            waldTest(one!.values[metric] - other!.values[metric], error, Math.min(n, m), { by: 'student-t' }),
            rankingDifference([one!], [other!], metric),
          ] as const;
          const { plain, ours, refused } = tally[k]!;
          plain.add(tested[0].interval, truth(metric));
          ours.add(tested[1].interval, truth(metric));
          tested.forEach(({ p }, t) => {
            if ((p ?? 1) <= 0.05) refused[t]!++;
          });
        });
      }
      return tally;
    });
    return METRICS.map(([, title], k) => [
      name,
      title,
      ...tallies.flatMap((tally) => {
        const { plain, ours, refused } = tally[k]!;
        const [ofPlain, ofOurs] = refused.map((count) => `${((100 * count) / SELDOM).toFixed(1)} %`);
        return [plain, ofPlain, ours, ofOurs];
      }),
    ]);
  });
  return table(
    [
      'scores',
      'metric',
      ...sizes.flatMap(([n, m]) => [`${n}, ${m}: plain`, 'called different', 'given', 'called different']),
    ],
    rows,
  );
}

/** Scores of predictions, wrong ones about 0 and right ones about `shift`. */
function selective(): string {
  const sizes = [50, 200, 1000];
  const rows = [0.9, 0.98, 0.995].flatMap((accuracy) =>
    [1.5, 0, 4].flatMap((shift) => {
      const draw = (draws: Stream, n: number) => {
        const correct = Uint8Array.from({ length: n }, () => (draws.uniform() < accuracy ? 1 : 0));
        return { correct, scores: Float64Array.from(correct, (right) => draws.normal() + right * shift) };
      };
      const many = draw(stream({ seed: 0, purpose: 'coverage/truth', example: 0 }), MANY);
      const right = selectiveEstimates(many.scores, many.correct);
      const tallies = sizes.map((n) => {
        const [aurc, augrc] = [new Tally(), new Tally()];
        for (let seed = 0; seed < OFTEN; seed++) {
          const { scores, correct } = draw(stream({ seed, purpose: 'coverage/selective', example: n }), n);
          const found = selectiveEstimates(scores, correct);
          aurc.add(found.aurc.interval, right.aurc.value);
          augrc.add(found.augrc.interval, right.augrc.value);
        }
        return [aurc, augrc];
      });
      return [[accuracy, shift, ...tallies.flat()]];
    }),
  );
  return table(['accuracy', 'scores apart by', ...sizes.flatMap((n) => [`${n}: AURC`, 'AUGRC'])], rows);
}

/** Confidences that are too high by a gap. */
function calibration(): string {
  const sizes = [50, 200, 1000];
  const rows = [0, 0.02, 0.05, 0.15].map((gap) => {
    const cells = sizes.flatMap((n) => {
      const { expected, given, truth } = eceCoverage(
        n,
        (u) => 1 - 0.5 * u ** 3,
        (p) => p - gap,
        gap,
      );
      return [expected.toFixed(3), given, truth];
    });
    return [gap, ...cells];
  });
  return table(['gap', ...sizes.flatMap((n) => [`${n}: mean ECE`, 'holds it', 'holds the gap'])], rows);
}

/** Of few examples, and of predictions that are hardly ever wrong. */
function calibrationOfFew(): string {
  const sizes = [2, 5, 10, 20, 50, 200];
  const kinds: [name: string, confidence: (u: number) => number, right: (p: number) => number][] = [
    ['of all confidences', (u) => 1 - 0.5 * u ** 3, (p) => p],
    ['the same, too high by 0.15', (u) => 1 - 0.5 * u ** 3, (p) => p - 0.15],
    ['0.95', (u) => 0.93 + 0.04 * u, (p) => p],
    ['0.99', (u) => 0.985 + 0.01 * u, (p) => p],
    ['0.99, right in 0.9', (u) => 0.985 + 0.01 * u, () => 0.9],
    ['0.6, right in 0.99', (u) => 0.6 + 0.01 * u, () => 0.99],
  ];
  const rows = kinds.map(([name, confidence, right]) => [
    name,
    ...sizes.flatMap((n) => {
      const { resampled, given } = eceCoverage(n, confidence, right);
      return [resampled, given];
    }),
  ]);
  return table(['confidences', ...sizes.flatMap((n) => [`${n}: resamples`, 'given'])], rows);
}

/** How often intervals of ECE hold what it comes to on n examples, and the error of the population. */
function eceCoverage(
  n: number,
  confidence: (u: number) => number,
  right: (p: number) => number,
  gap = 0,
): Record<'resampled' | 'given' | 'truth', Tally> & { expected: number } {
  const found = Array.from({ length: SELDOM }, (_, seed) => {
    const draws = stream({ seed, purpose: 'coverage/ece', example: n });
    const p = Float64Array.from({ length: n }, () => confidence(draws.uniform()));
    const outcome = Uint8Array.from(p, (one) => (draws.uniform() < right(one) ? 1 : 0));
    const sums = drawnBinSums(equalWidth(p, 15), p, outcome);
    const of = (times: Uint8Array) => {
      const value = ece(sums(times));
      return { given: value, resampled: value };
    };
    return jointBootstrap(
      n,
      [{ of, centred: ['given', 'resampled'], within: [0, 1] as const, gaps: { given: 1 } }],
      { seed, resamples: RESAMPLES },
    );
  });
  const expected = found.reduce((sum, { given }) => sum + given.value, 0) / SELDOM;
  const tallies = { resampled: new Tally(), given: new Tally(), truth: new Tally() };
  for (const { given, resampled } of found) {
    tallies.resampled.add(resampled.interval, expected);
    tallies.given.add(given.interval, expected);
    tallies.truth.add(given.interval, gap);
  }
  return { ...tallies, expected };
}

/** Exactly: the sum over all counts. */
function shares(): string {
  const sizes = [20, 50, 200, 1000];
  const coverage = (share: number, n: number) => {
    let held = 0;
    for (let k = 0; k <= n; k++) {
      const { interval } = wilson(k, n);
      if (interval && interval[0] <= share && share <= interval[1])
        held += Math.exp(logBinomial(k, n, share));
    }
    return (100 * held).toFixed(1);
  };
  const rows = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995].map((share) => [
    share,
    ...sizes.map((n) => coverage(share, n)),
  ]);
  return table(['share', ...sizes.map(String)], rows);
}

/** Exactly: the sum over all counts of the four kinds. */
function shareDifferences(): string {
  const sizes = [20, 50, 100];
  // Shares of A and B, and of the examples that both have.
  const shown = [
    [0.5, 0.5, 0.4],
    [0.8, 0.8, 0.75],
    [0.9, 0.9, 0.85],
    [0.98, 0.98, 0.97],
    [0.8, 0.7, 0.65],
    [0.9, 0.8, 0.79],
    [0.95, 0.85, 0.85],
    [0.6, 0.3, 0.25],
  ] as const;
  const rows = shown.map(([a, b, both]) => {
    const chances = [both, a - both, b - both, 1 - a - b + both];
    const cells = sizes.flatMap((n) => {
      const [held, refused] = [
        [0, 0],
        [0, 0],
      ];
      for (let x = 0; x <= n; x++)
        for (let y = 0; x + y <= n; y++)
          for (let w = 0; x + y + w <= n; w++) {
            const counts = { both: w, onlyA: x, onlyB: y, neither: n - x - y - w };
            const chance = multinomial([w, x, y, counts.neither], chances);
            if (chance < 1e-9) continue;
            const { interval, p } = testedShares(counts);
            [shareDifference(counts).interval!, interval!].forEach(([lo, hi], k) => {
              if (lo <= a - b + 1e-12 && a - b - 1e-12 <= hi) held[k]! += chance;
              if (k === 0 ? lo > 0 || hi < 0 : p <= 0.05) refused[k]! += chance;
            });
          }
      const percent = (share: number) => (100 * share).toFixed(1);
      return [0, 1].flatMap((k) => [percent(held[k]!), `${percent(refused[k]!)} %`]);
    });
    return [`${a}, ${b}`, both, ...cells];
  });
  return table(
    [
      'shares',
      'both',
      ...sizes.flatMap((n) => [`${n}: Newcombe’s`, 'called different', 'given', 'called different']),
    ],
    rows,
  );
}

function multinomial(counts: readonly number[], chances: readonly number[]): number {
  let log = 0;
  let total = 0;
  for (const [k, count] of counts.entries())
    for (let i = 1; i <= count; i++) log += Math.log((++total / i) * chances[k]!);
  return Math.exp(log);
}

function logBinomial(k: number, n: number, p: number): number {
  let log = k * Math.log(p) + (n - k) * Math.log1p(-p);
  for (let i = 0; i < k; i++) log += Math.log((n - i) / (i + 1));
  return log;
}

const parts = {
  areas,
  differences,
  rankings,
  rankingDifferences,
  selective,
  calibration,
  calibrationOfFew,
  shares,
  shareDifferences,
};

const only = process.argv.slice(3);
const made = Object.entries(parts)
  .filter(([name]) => only.length === 0 || only.includes(name))
  .map(([name, part]) => {
    const from = process.cpuUsage();
    const text = part();
    const { user, system } = process.cpuUsage(from);
    console.error(`${name}: ${((user + system) / 1e6).toFixed(0)} s of processor time`);
    return `<!-- ${name} -->\n\n${text}\n`;
  });
const [, , file] = process.argv;
if (file) writeFileSync(file, made.join('\n'));
else console.log(made.join('\n'));
