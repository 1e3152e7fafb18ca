import { PARAMETER_SETS, type ParameterSet, SEVERITIES, type Severity } from '../../src/data.js';
import { isMeasured } from '../../src/score.js';
import { type Catalogue, oneOf, type TSchema, Type } from '../../src/suite.js';

export interface CorruptionsOptions {
  corruptions: string[];
  severities: Severity[];
  parameters?: ParameterSet;
  reference?: string;
  scores: string[];
  bins: number;
  examples?: number;
  resamples: number;
}

/** Scores of what one forward pass gives: others would take passes of their own in every setting. */
const scoresOfOutputs = ({ scores }: Catalogue) =>
  [...scores]
    .filter((score) => !isMeasured(score))
    .filter(({ needs }) => needs.every((need) => need === 'logits' || need === 'logPx'))
    .map(({ id }) => id);

const list = <T extends string | number>(item: TSchema, usual: T[], description: string) =>
  Type.Unsafe<T[]>(Type.Array(item, { minItems: 1, uniqueItems: true, default: usual, description }));

export const corruptionsOptions = (catalogue: Catalogue) => {
  const rows = [...catalogue.corruptions];
  const usual = rows.filter(({ category }) => category !== 'extra').map(({ name }) => name);
  const schema = Type.Object(
    {
      corruptions: list(
        oneOf(rows.map(({ name }) => name)),
        usual,
        'Which corruptions. Default: all but those of the category extra, which no mean counts.',
      ),
      severities: list(
        Type.Union(SEVERITIES.map((severity) => Type.Literal(severity))),
        [...SEVERITIES],
        '1 (weak) to 5.',
      ),
      parameters: Type.Optional(
        oneOf(PARAMETER_SETS, {
          description:
            'Whose parameters: cifar, those of CIFAR-10-C, or imagenet, those of ImageNet-C. Default: by the size of the images.',
        }),
      ),
      reference: Type.Optional(
        Type.String({
          description:
            'For mCE: the model of the run whose errors those of the others are divided by, or `alexnet` for the published errors of AlexNet on ImageNet-C.',
        }),
      ),
      scores: list(
        oneOf(scoresOfOutputs(catalogue)),
        ['log-px', 'max-softmax'].filter((id) => catalogue.scores.has(id)),
        'Scores by which corrupted images are told from clean ones (AUROC).',
      ),
      bins: Type.Integer({
        minimum: 1,
        maximum: 1000,
        default: 15,
        description: 'Bins of confidence (ECE).',
      }),
      examples: Type.Optional(
        Type.Integer({ minimum: 1, description: 'Only the first n images. Default: all.' }),
      ),
      resamples: Type.Integer({ minimum: 100, default: 1000, description: 'Bootstrap resamples.' }),
    },
    { additionalProperties: false },
  );
  return Type.Unsafe<CorruptionsOptions>(schema);
};
