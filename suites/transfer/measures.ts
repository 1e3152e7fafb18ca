import { exact } from '../../src/metrics.js';
import { type Measure, type MeasureRows, measure } from '../../src/suite.js';
import { isReproduced, type Pair, type Target, type TransferResult, worstOf } from './result.js';

/** Parameters of the attack that made the images, and what reports call it. */
export function attackOf({ sources }: TransferResult) {
  const { params, label, about } = sources[0]!.planned;
  const epsilon = params.epsilons[0]!;
  return { params: { ...about, epsilon }, name: `${label} ${params.norm} ${epsilon}` };
}

/** Accuracies of every system on every system's images, and under the worst of them. `model` is who is shown them. */
export function transferMeasures(suite: string, sheet: string, result: TransferResult): Measure[] {
  const { dataset, pairs, targets } = result;
  const { params, name } = attackOf(result);
  const common = { suite, dataset: dataset.name, format: 'percent' } as const;
  const draws = ({ target: { system } }: Pick<Pair, 'target'>) =>
    system.stochastic ? 'predictions are those of mean logits over fresh draws' : undefined;
  const kept = { column: 'lost', is: false };
  const shown = (target: Target, which: MeasureRows['where'] = {}) => ({
    sheet,
    where: { dataset: dataset.name, target: target.system.name, ...which },
  });
  const worstRows = (target: Target, which?: MeasureRows['where']): MeasureRows => ({
    ...shown(target, which),
    statistic: 'share-in-all',
    columns: { outcome: kept },
  });
  const pairRows = (
    { source, target }: Pair,
    outcome: MeasureRows['columns'][string],
    among: MeasureRows['where'] = {},
  ): MeasureRows => ({
    ...shown(target, { source: source.system.name, ...among }),
    statistic: 'share',
    columns: { outcome },
  });
  const about = (pair: Pair) => ({
    ...common,
    model: pair.target.system.name,
    params: { ...params, source: pair.source.system.name, whiteBox: pair.whiteBox },
  });
  return [
    ...targets.flatMap((target) => {
      const on = { ...common, model: target.system.name, params, better: 'higher' } as const;
      const [blackBox, worst] = [worstOf(result, target, false), worstOf(result, target, true)];
      return [
        ...(blackBox
          ? [
              measure(
                {
                  ...on,
                  measure: 'black-box-accuracy',
                  title: `Accuracy under transfer, ${name}`,
                  headline: true,
                  rows: worstRows(target, { white_box: false }),
                  note:
                    draws({ target }) ?? 'the worst per example of the images made for every other system',
                },
                blackBox,
              ),
            ]
          : []),
        ...(worst
          ? [
              measure(
                {
                  ...on,
                  measure: 'worst-case-accuracy',
                  title: `Accuracy under all images, ${name}`,
                  note: 'the worst image per example of those made for any system, this one included',
                  rows: worstRows(target),
                },
                worst,
              ),
            ]
          : []),
      ];
    }),
    ...pairs.map((pair) =>
      measure(
        {
          ...about(pair),
          measure: 'transfer-accuracy',
          title: `Accuracy on images made for ${pair.source.system.name}, ${name}`,
          better: 'higher',
          note: pair.whiteBox ? whiteBoxNote(pair) : draws(pair),
          rows: pairRows(pair, kept),
        },
        pair.whiteBox && !isReproduced(pair) ? exact(Number.NaN, pair.accuracy.n) : pair.accuracy,
      ),
    ),
    ...pairs
      .filter(({ whiteBox }) => !whiteBox)
      .map((pair) =>
        measure(
          {
            ...about(pair),
            measure: 'transfer-rate',
            title: `Transfer from ${pair.source.system.name}, ${name}`,
            better: 'lower',
            note: 'of the examples that both classify correctly and that were broken on the source',
            rows: pairRows(pair, 'lost', { at_stake: true }),
          },
          pair.rate,
        ),
      ),
  ];
}

const whiteBoxNote = (pair: Pair) =>
  isReproduced(pair)
    ? 'white box: the attack judged the system that it was made for'
    : `failed: ${pair.unconfirmed} of the broken examples were not reproduced in a fresh pass`;
