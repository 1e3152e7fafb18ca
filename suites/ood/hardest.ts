import {
  bestScore,
  type HardestRows,
  hardestImages,
  type Outcome,
  type ReadScore,
} from '../../src/measurements.js';
import { type ChosenScore, isMeasured, lackOf } from '../../src/score.js';
import {
  type DatasetInfo,
  type Request,
  request,
  type SuiteContext,
  type SystemInfo,
} from '../../src/suite.js';
import { headlineOf, type OodOptions } from './options.js';
import { requestsFor, type ScoreRequests } from './requests.js';
import { setsOf } from './sets.js';

/** The images of a data set that a score has most on the wrong side. */
export interface HardestOf {
  dataset: DatasetInfo;
  lists: readonly Outcome[];
  request: Request<HardestRows>;
}

/** Of one system, by the score of the headline or by that with the largest mean AUROC against this test set. */
export interface Hardest {
  system: SystemInfo;
  id: DatasetInfo;
  by: 'headline' | 'best';
  /** Among these the best is found, when all are measured. */
  scores: readonly ChosenScore[];
  /** The test set, then the OOD sets. */
  sets: readonly HardestOf[];
}

/** Test images that look most OOD, right and wrong ones apart, and OOD images that look least so: what is asked. */
export function hardestOf(
  context: SuiteContext,
  scores: readonly ChosenScore[],
  { hardest: n }: Pick<OodOptions, 'hardest'>,
): Hardest[] {
  const { ids, oods } = setsOf(context);
  const [tests, others] = [ids.filter(isFilled), oods.filter(isFilled)];
  if (n === 0 || others.length === 0) return [];
  return context.systems.flatMap((system) => {
    const own = scores.filter((score) => !lackOf(system, score, context.datasets));
    const headline = own.filter((score) => score === headlineOf(scores));
    const asked = new Map(
      [...tests, ...others].map((set) => [set, requestsFor(system, set, context, scores)]),
    );
    return tests.filter(isShown).flatMap((id): Hardest[] => {
      const against = { system, id, oods: others, asked, n };
      return [
        ...(headline.length > 0 ? [hardestBy('headline', headline, against)] : []),
        ...(own.length > headline.length ? [hardestBy('best', own, against)] : []),
      ];
    });
  });
}

/** Pictures are of images with 1 or 3 channels. */
const isFilled = ({ size }: DatasetInfo) => size > 0;

const isShown = ({ content, shape: [channels] }: DatasetInfo) =>
  content === undefined && (channels === 1 || channels === 3);

/** A system, its test set and OOD sets, and what it is asked of each. */
interface Against {
  system: SystemInfo;
  id: DatasetInfo;
  oods: readonly DatasetInfo[];
  asked: ReadonlyMap<DatasetInfo, ScoreRequests>;
  n: number;
}

function hardestBy(by: Hardest['by'], scores: readonly ChosenScore[], against: Against): Hardest {
  const { system, id, oods, asked, n } = against;
  const first = scores.length > 1 ? [bestRequest(scores, against)] : [];
  const sets = [id, ...oods].filter(isShown).map((dataset): HardestOf => {
    const reads = scores.map((score) => readsOf(score, asked.get(dataset)));
    const outputs = system.offers.includes('logits') ? asked.get(dataset)?.outputs : undefined;
    const isJudged = outputs !== undefined && dataset === id && id.labelled;
    const lists: readonly Outcome[] = isJudged ? ['right', 'wrong'] : ['all'];
    return {
      dataset,
      lists,
      request: request({
        measurement: hardestImages,
        system: system.name,
        dataset: dataset.name,
        params: {
          n,
          lists,
          end: dataset === id ? 'lowest' : 'highest',
          scores: reads.map(({ read }) => read),
          predicted: outputs !== undefined,
        },
        reference: [...first, ...(outputs ? [outputs] : []), ...reads.flatMap(({ requests }) => requests)],
      }),
    };
  });
  return { system, id, by, scores, sets };
}

function bestRequest(scores: readonly ChosenScore[], { system, id, oods, asked }: Against) {
  return request({
    measurement: bestScore,
    system: system.name,
    dataset: id.name,
    params: { scores: scores.map((score) => readsOf(score, asked.get(id)).read), oods: oods.length },
    reference: scores.flatMap((score) =>
      [id, ...oods].flatMap((set) => readsOf(score, asked.get(set)).requests),
    ),
  });
}

export const hardestRequests = (hardest: readonly Hardest[]): Request[] =>
  hardest.flatMap(({ sets }) => sets.map((one) => one.request));

/** What a score of a data set is read from. */
function readsOf(
  score: ChosenScore,
  { outputs, gradients, measured }: Partial<ScoreRequests> = {},
): { read: ReadScore; requests: Request[] } {
  const from: [ReadScore['reads'][number], Request | undefined][] = isMeasured(score)
    ? [['measured', measured?.get(score.id)]]
    : [
        ['outputs', outputs],
        ['gradients', score.needs.includes('inputGradient') ? gradients : undefined],
      ];
  const there = from.flatMap(([what, one]) => (one ? [{ what, one }] : []));
  return {
    read: { score: score.row, options: score.settings, reads: there.map(({ what }) => what) },
    requests: there.map(({ one }) => one),
  };
}
