import { classifiedOf, logitsOf } from '../../src/measurements.js';
import { type Score, scoresNamed, settledScore } from '../../src/score.js';
import type { CollectedRows, DatasetInfo, SuiteContext, SystemInfo } from '../../src/suite.js';
import type { JemOptions } from './options.js';
import { type Cast, scoredRequests } from './requests.js';

/** What one system says of one data set. All arrays have a row for each of `indices`. */
export interface Scored {
  system: SystemInfo;
  dataset: DatasetInfo;
  /** (n) source indices, ascending by place in the data set. */
  indices: Int32Array;
  /** Of the test set. */
  correct?: Uint8Array;
  confidence?: Float64Array;
  /** By id. */
  scores: ReadonlyMap<string, Float64Array>;
}

/** The systems whose outputs are compared, the published one first. */
const comparedSystems = ({ model, published, trainMode }: Cast): SystemInfo[] => [
  ...(trainMode ? [trainMode] : []),
  published,
  model,
];

/** The data sets that a system is shown: only noisy ones see the second noise. */
const shownSets = ({ test, oods, interpolated, model }: Cast, system: SystemInfo): DatasetInfo[] => [
  test,
  ...oods,
  ...(interpolated && system !== model ? [interpolated.published] : []),
];

/** Who is shown what. */
export const shown = (cast: Cast): { system: SystemInfo; dataset: DatasetInfo }[] => [
  ...comparedSystems(cast).flatMap((system) =>
    shownSets(cast, system).map((dataset) => ({ system, dataset })),
  ),
  ...(cast.ownSize ? [{ system: cast.ownSize.system, dataset: cast.ownSize.dataset }] : []),
];

/** Everything that is compared, by system and data set; examples that failed for any system are left out for all. */
export function scoreAll(
  cast: Cast,
  collected: CollectedRows,
  options: JemOptions,
  context: SuiteContext,
): Scored[] {
  const all = shown(cast).flatMap(
    ({ system, dataset }) => scoredOf(system, dataset, cast, collected, options, context) ?? [],
  );
  const { interpolated, ownSize } = cast;
  // Interpolations with and without the second noise are the same pairs of images; so are photographs of two sizes.
  const alike = [interpolated && Object.values(interpolated), ownSize && [ownSize.of, ownSize.dataset]];
  return all.map((one) => {
    const same = alike.find((sets) => sets?.includes(one.dataset)) ?? [one.dataset];
    const others = all.filter(({ dataset }) => same.includes(dataset));
    return kept(one, common(others.map(({ indices }) => indices)));
  });
}

function scoredOf(
  system: SystemInfo,
  dataset: DatasetInfo,
  cast: Cast,
  collected: CollectedRows,
  options: JemOptions,
  context: SuiteContext,
): Scored | undefined {
  const requests = scoredRequests(system, dataset, options, context, cast);
  const outputs = collected.get(requests.outputs);
  const gradients = requests.gradients && collected.get(requests.gradients);
  if (!outputs || (requests.gradients && !gradients)) return undefined;
  const { logPx } = outputs.rows;
  const all = { n: outputs.indices.length, logits: logitsOf(outputs), ...(logPx && { logPx: logPx.data }) };
  const slopes = gradients?.rows.logPxGradientNorm && {
    n: gradients.indices.length,
    logPxGradientNorm: gradients.rows.logPxGradientNorm.data,
  };
  const valuesOf = (score: Score, inputs: Parameters<Score['compute']>[0]) =>
    [score.id, score.compute(inputs, settledScore(score))] as const;
  const scores = scoresNamed(options.scores, context.catalogue);
  const bySlope = scores.filter(({ needs }) => needs.includes('inputGradient'));
  const byOutput = scores.filter((score) => !bySlope.includes(score));
  const own = dataset === cast.test ? classifiedOf(outputs) : undefined;
  const here = {
    system,
    dataset,
    indices: outputs.indices,
    ...(own && { correct: own.correct, confidence: own.confidence }),
    scores: new Map(byOutput.map((score) => valuesOf(score, all))),
  };
  if (!slopes || !gradients) return here;
  const there = { indices: gradients.indices, scores: new Map(bySlope.map((s) => valuesOf(s, slopes))) };
  const both = common([here.indices, there.indices]);
  const [outside, inside] = [kept(here, both), kept({ ...here, ...there }, both)];
  return { ...outside, scores: new Map([...outside.scores, ...inside.scores]) };
}

/** Indices that all have, in the order of the first. */
export function common(lists: readonly Int32Array[]): Int32Array {
  const sets = lists.map((list) => new Set(list));
  return lists[0]!.filter((index) => sets.every((set) => set.has(index)));
}

/** The rows of these indices. */
function kept(one: Scored, indices: Int32Array): Scored {
  const place = new Map(Array.from(one.indices, (index, i) => [index, i]));
  const at = Array.from(indices, (index) => place.get(index) ?? 0);
  const { correct, confidence } = one;
  return {
    ...one,
    indices,
    ...(correct && { correct: Uint8Array.from(at, (i) => correct[i]!) }),
    ...(confidence && { confidence: Float64Array.from(at, (i) => confidence[i]!) }),
    scores: new Map([...one.scores].map(([id, values]) => [id, Float64Array.from(at, (i) => values[i]!)])),
  };
}
