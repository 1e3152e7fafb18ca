import { classifiedOf, logitsOf, type OutputRows } from '../../src/measurements.js';
import {
  type ConformalScore,
  chanceOfCovering,
  classwiseCoverageGap,
  clopperPearson,
  conformalThreshold,
  coverageGiven,
  type Estimate,
  jointBootstrap,
  type Logits,
  labelScores,
  logitsAt,
  meanOf,
  type PredictionSets,
  predictionSets,
  type ScoreSettings,
  type Step,
  sizeStratifiedViolation,
  softmax,
  type Threshold,
  worstSlabs,
} from '../../src/metrics.js';
import { type Collected, type DatasetInfo, type HeldOut, type SystemInfo, stream } from '../../src/suite.js';
import type { Source } from './calibration-set.js';

/** Sets of one score at one alpha. */
export interface AtAlpha {
  alpha: number;
  threshold: Threshold;
  sets: PredictionSets;
  size: Estimate;
  empty: Estimate;
  /** Of labelled sets only. */
  labelled?: Labelled;
}

/** What labels tell. */
export interface Labelled {
  covered: Uint8Array;
  coverage: Estimate;
  /** Coverage that exchangeable examples have for thresholds from as many calibration examples. */
  guarantee: { mean: number; range: [number, number] };
  /** P(at most so many are covered), if they were exchangeable. */
  chance: number;
  singletonHits: Estimate;
  singletonAccuracy: Estimate;
  sizeStratified: Estimate;
  classGap: Estimate;
  worstSlab: Estimate;
  slab: Uint8Array;
}

/** One score of one system on one data set. */
export interface ConformalResult {
  system: SystemInfo;
  dataset: DatasetInfo;
  source: Source;
  held: HeldOut<OutputRows>;
  score: ConformalScore;
  settings: ScoreSettings;
  /** (reported) source indices, labels. */
  indices: Int32Array;
  labels?: Int32Array;
  /** (fitted) */
  fittedScores: Float64Array;
  /** (reported), of labelled sets. */
  ownScores?: Float64Array;
  alphas: AtAlpha[];
  /** Coverage and mean size over a grid of alphas, of labelled sets. */
  tradeOff: { alpha: number; coverage: Estimate; size: Estimate }[];
}

/** At which alphas coverage is drawn against size. */
const GRID = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5];

export interface Settings {
  alphas: readonly number[];
  randomised: boolean;
  resamples: number;
  slabDirections: number;
  seed: number;
  step?: Step;
}

/** The draw of every example: its own, whatever else is measured. */
const drawsOf = (seed: number, dataset: string, indices: Int32Array): Float64Array =>
  Float64Array.from(indices, (example) =>
    stream({ seed, purpose: `conformal/u/${dataset}`, example }).uniform(),
  );

const probabilitiesOf = (logits: Logits) => ({ ...logits, data: softmax(logits) });

/** Errors: as `classifiedOf`. */
export function conformalResults(
  { system, dataset, source, held }: Pick<ConformalResult, 'system' | 'dataset' | 'source' | 'held'>,
  collected: Collected<OutputRows>,
  scores: readonly { score: ConformalScore; settings: ScoreSettings }[],
  given: Settings,
): ConformalResult[] {
  const { alphas, randomised, seed } = given;
  classifiedOf(held.from);
  const withLabels = dataset.role === 'test';
  if (withLabels) classifiedOf(collected);
  const logits = logitsAt(logitsOf(collected), held.reported);
  const indices = held.reported.map((i) => collected.indices[i]!);
  const labels = withLabels ? held.reported.map((i) => collected.labels?.[i] ?? 0) : undefined;
  const p = probabilitiesOf(logits);
  const fitted = probabilitiesOf(logitsAt(logitsOf(held.from), held.fitted));
  const fittedLabels = held.fitted.map((i) => held.from.labels?.[i] ?? 0);
  const fittedIndices = held.fitted.map((i) => held.from.indices[i]!);
  const made = scores.map(({ score, settings }) => {
    const draw = (name: string, at: Int32Array) =>
      randomised && score.randomised ? drawsOf(seed, name, at) : undefined;
    const scoring = { score, settings, u: draw(dataset.name, indices) };
    const fittedScores = labelScores(fitted, fittedLabels, {
      score,
      settings,
      u: draw(source.dataset.name, fittedIndices),
    });
    const sorted = fittedScores.slice().sort();
    const grid = labels ? GRID : [];
    const thresholds = [...alphas, ...grid].map((alpha) => conformalThreshold(sorted, alpha));
    const sets = predictionSets(
      p,
      labels,
      scoring,
      thresholds.map(({ value }) => value),
    );
    const ownScores =
      labels && labelScores(p, labels, { ...scoring, score: { ...score, ofLabel: undefined } });
    return { score, settings, fittedScores, ownScores, thresholds, sets };
  });
  const covered = made.flatMap(({ sets }) =>
    sets.slice(0, alphas.length).flatMap((set) => set.covered ?? []),
  );
  const slabs = labels
    ? worstSlabs(centred(logits), indices, covered, { seed, directions: given.slabDirections })
    : [];
  return made.map(({ thresholds, sets, ...rest }, s) => ({
    system,
    dataset,
    source,
    held,
    indices,
    labels,
    ...rest,
    alphas: alphas.map((alpha, a) => {
      const at = { alpha, threshold: thresholds[a]!, sets: sets[a]! };
      return {
        ...at,
        size: meanOf(sets[a]!.size),
        empty: clopperPearson(
          countOf(sets[a]!.size, (size) => size === 0),
          sets[a]!.size.length,
        ),
        ...(labels && { labelled: labelledOf(at, labels, slabs[s * alphas.length + a]!, given) }),
      };
    }),
    tradeOff: sets.slice(alphas.length).flatMap(({ size, covered }, g) => {
      if (!covered) return [];
      const coverage = clopperPearson(countOf(covered, Boolean), covered.length);
      return [{ alpha: GRID[g]!, coverage, size: meanOf(size) }];
    }),
  }));
}

/** Logits less the mean of their row: slabs then do not depend on what softmax does not. */
function centred({ n, classes, data }: Logits): Logits {
  const out = new Float64Array(n * classes);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += data[i * classes + k]!;
    for (let k = 0; k < classes; k++) out[i * classes + k] = data[i * classes + k]! - sum / classes;
  }
  return { n, classes, data: out };
}

function countOf(values: ArrayLike<number>, has: (value: number) => boolean): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (has(values[i]!)) count++;
  return count;
}

function labelledOf(
  { alpha, threshold, sets }: Pick<AtAlpha, 'alpha' | 'threshold' | 'sets'>,
  labels: Int32Array,
  slab: Uint8Array,
  { seed, resamples, step }: Settings,
): Labelled {
  const { size, covered = new Uint8Array(0) } = sets;
  const n = size.length;
  const hits = countOf(covered, Boolean);
  const singletons = countOf(size, (count) => count === 1);
  let [singletonHits, inSlab, slabHits] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    if (size[i] === 1) singletonHits += covered[i]!;
    inSlab += slab[i]!;
    slabHits += slab[i]! * covered[i]!;
  }
  const [violation, gap] = [
    sizeStratifiedViolation(size, covered, alpha),
    classwiseCoverageGap(labels, covered, alpha),
  ];
  const uneven = jointBootstrap(
    n,
    [
      {
        of: (times) => ({ sizeStratified: violation(times), classGap: gap(times) }),
        centred: ['sizeStratified', 'classGap'],
        within: [0, 1],
      },
    ],
    { seed, resamples, step },
  );
  return {
    covered,
    coverage: clopperPearson(hits, n),
    guarantee: coverageGiven(threshold.n, alpha),
    chance: chanceOfCovering(hits, n, threshold.n, alpha),
    singletonHits: clopperPearson(singletonHits, n),
    singletonAccuracy: clopperPearson(singletonHits, singletons),
    ...uneven,
    worstSlab: clopperPearson(slabHits, inSlab),
    slab,
  };
}
