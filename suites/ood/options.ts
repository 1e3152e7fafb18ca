import {
  type ChosenScore,
  chosenScores,
  scoreEntries,
  TuneOption,
  tunedScores,
  tuningPair,
} from '../../src/score.js';
import { type Catalogue, type Static, type SuiteContext, Type } from '../../src/suite.js';

export const oodOptions = (catalogue: Catalogue) =>
  Type.Object(
    {
      scores: scoreEntries(catalogue, {
        default: ['log-px', 'max-logit', 'max-softmax', 'approximate-mass'],
        description:
          'confidences that an image is in-distribution; higher means more so. `{ knn: { k: 10 } }` sets options of a score',
      }),
      temperature: Type.Number({
        exclusiveMinimum: 0,
        default: 1,
        description: 'T of the energy score, where its own options give none',
      }),
      tune: Type.Optional(TuneOption),
      conventions: Type.Array(Type.Union([Type.Literal('openood'), Type.Literal('fd-shifts')]), {
        uniqueItems: true,
        default: [],
        description:
          'what is also computed as others do, under names of its own: openood (its FPR@95 and AUPR by trapezoids, to compare with its leaderboard), fd-shifts (AURC and AUGRC by trapezoids). AUROC is the same everywhere',
      }),
      oodCost: Type.Number({
        minimum: 0,
        default: 1,
        description: 'SCOD: what accepting an OOD image costs, where a wrong prediction costs 1',
      }),
      curves: Type.Integer({
        minimum: 0,
        default: 4,
        description:
          'of how many scores of a system histograms and curves are drawn, best first; with more scores, AUROC is drawn as a heat map in place of bars',
      }),
      histogramBins: Type.Integer({ minimum: 2, maximum: 500, default: 40 }),
      hardest: Type.Integer({
        minimum: 0,
        maximum: 100,
        default: 6,
        description:
          'how many of the hardest images are shown: test images with the lowest scores, right and wrong ones apart, and those of every OOD set with the highest, by the score of the headline and by the one with the largest mean AUROC. 0: none',
      }),
      seeds: Type.Optional(
        Type.Record(
          Type.String(),
          Type.Array(Type.String({ minLength: 1 }), { minItems: 2, uniqueItems: true }),
          {
            description:
              'models of the run that are checkpoints of one, from several trainings: `{ resnet: [resnet-s0, resnet-s1] }`. A table then has the mean and the deviation over them',
          },
        ),
      ),
      resamples: Type.Integer({ minimum: 100, default: 1000, description: 'bootstrap resamples' }),
    },
    { additionalProperties: false },
  );

export type OodOptions = Static<ReturnType<typeof oodOptions>>;

export function scoresOf(
  { scores, temperature, tune }: Pick<OodOptions, 'scores' | 'temperature' | 'tune'>,
  { catalogue, datasets }: Pick<SuiteContext, 'catalogue' | 'datasets'>,
): ChosenScore[] {
  const chosen = chosenScores(scores, catalogue, { energy: { temperature } });
  return tune ? tunedScores(chosen, tuningPair(tune, datasets)) : chosen;
}

/** Whose mean AUROC is the headline: log p(x), or else the first. */
export const headlineOf = (scores: readonly ChosenScore[]): ChosenScore =>
  scores.find(({ id }) => id === 'log-px') ?? scores[0]!;
