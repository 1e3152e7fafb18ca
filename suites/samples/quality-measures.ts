import { type Measure, type MeasureDescription, type MeasureRows, measure } from '../../src/suite.js';
import { type Common, describer, plain } from './describer.js';
import { coverageColumn, partColumn, REFERENCE, recallColumn } from './feature-sheet.js';
import type { Fidelity } from './fidelity.js';
import { type Quality, WIDEST_RESAMPLED } from './quality.js';
import type { SampleSet } from './result.js';
import { percent, type Selection } from './selection.js';
import { MOST_LOGITS, selectedColumn } from './sheet.js';

/** The sheet of images in features, and whether it holds these. */
export interface FeatureSheet {
  sheet: string;
  kept: boolean;
}

/** Distances and scores in the features of a network, for each selection. */
export function qualityMeasures(
  common: Common,
  set: SampleSet,
  reference: string | undefined,
  qualities: readonly Quality[],
  { splits, features }: { splits: number; features: FeatureSheet },
): Measure[] {
  const { extractor } = set;
  if (!extractor) return [];
  const by = extractor.by.name;
  const unresampled =
    extractor.features.shape[1]! > WIDEST_RESAMPLED
      ? `no interval: features wider than ${WIDEST_RESAMPLED} are not resampled`
      : undefined;
  return qualities.flatMap(({ selection, frechet, kernel, fidelity, inception, inceptionSpread }) => {
    const params = { extractor: by, selection: selection.label };
    const compared = { ...set, dataset: reference ?? set.dataset };
    const about = describer({ ...common, sheet: features.sheet }, compared, set.name);
    const toReal = (statistic: string) =>
      features.kept
        ? {
            statistic,
            columns: { features: 'features' },
            where: selectedRows(selection),
            against: [
              {
                where: { model: set.system.name, samples: REFERENCE },
                columns: { features: 'features' },
              },
            ],
          }
        : undefined;
    const words = `${set.name}, ${selection.label}, in features of ${by}`;
    const logits = extractor.classified && extractor.by.classes.length <= MOST_LOGITS;
    return [
      ...(frechet
        ? [
            measure(
              about(
                {
                  measure: 'frechet-distance',
                  title: `Frechet distance to ${reference}: ${words}`,
                  params,
                  better: 'lower',
                  format: 'number',
                  note: unresampled ?? 'biased upwards by about a constant over n: compare equal n only',
                },
                toReal('frechet-distance'),
              ),
              frechet,
            ),
          ]
        : []),
      ...(kernel
        ? [
            measure(
              about(
                {
                  measure: 'kernel-distance',
                  title: `Kernel distance to ${reference}: ${words}`,
                  params,
                  better: 'lower',
                  format: 'number',
                },
                toReal('kernel-distance'),
              ),
              kernel,
            ),
          ]
        : []),
      ...(fidelity ? fidelityMeasures(about, { set, selection, fidelity, params, words }) : []),
      ...(inception
        ? [
            measure(
              describer(
                common,
                set,
                set.name,
              )(
                {
                  measure: 'inception-score',
                  title: `Inception score by ${by}: ${set.name}, ${selection.label}`,
                  params: { ...params, splits },
                  better: 'higher',
                  format: 'number',
                  ...(inceptionSpread !== undefined && {
                    note: `standard deviation over ${splits} splits: ${inceptionSpread.toPrecision(3)}`,
                  }),
                },
                logits
                  ? {
                      statistic: 'inception-score',
                      columns: { logits: 'extractor_logits' },
                      options: { splits, classes: extractor.by.classes.length },
                      where: selectedRows(selection),
                    }
                  : undefined,
              ),
              inception,
            ),
          ]
        : []),
    ];
  });
}

const selectedRows = ({ share }: Selection) => (share < 1 ? { [selectedColumn(share)]: true } : {});

/** How far the samples lie among the real images, and how much of these they reach. */
function fidelityMeasures(
  about: ReturnType<typeof describer>,
  {
    set,
    selection,
    fidelity,
    params,
    words,
  }: {
    set: SampleSet;
    selection: Selection;
    fidelity: Fidelity;
    params: NonNullable<Measure['params']>;
    words: string;
  },
): Measure[] {
  const { k, precision, density, recall, coverage, expected } = fidelity;
  const { share } = selection;
  const all = { params: { ...params, balls: k }, better: 'higher' } as const;
  const ofSamples = 'the interval is over samples, of these real images';
  const ofReal = 'the interval is over real images, of these samples';
  const own = (statistic: string, columns: Record<string, string>) => ({
    ...{ statistic, columns, where: selectedRows(selection) },
  });
  // Rows of real images, whatever set of the system they are asked about.
  const real = (outcome: string) => ({
    ...{ statistic: 'share', columns: { outcome }, where: { samples: REFERENCE } },
  });
  return [
    measure(
      about(
        {
          ...all,
          measure: 'sample-precision',
          title: `Precision: ${words}`,
          format: 'percent',
          note: ofSamples,
        },
        own('share', { outcome: 'precise' }),
      ),
      precision,
    ),
    measure(
      about(
        {
          ...all,
          measure: 'sample-density',
          title: `Density: ${words}`,
          format: 'number',
          note: `1 on average for images of the real distribution; ${ofSamples}`,
        },
        own('mean', { value: 'density' }),
      ),
      density,
    ),
    measure(
      about(
        {
          ...all,
          measure: 'sample-recall',
          title: `Recall: ${words}`,
          format: 'percent',
          note: ofReal,
        },
        real(recallColumn(set.name, share)),
      ),
      recall,
    ),
    measure(
      about(
        {
          ...all,
          measure: 'sample-coverage',
          title: `Coverage: ${words}`,
          format: 'percent',
          note: `${percent(expected)} on average for as many images of the real distribution; ${ofReal}`,
        },
        real(coverageColumn(set.name, share)),
      ),
      coverage,
    ),
  ];
}

/** What chance alone gives, once for every extractor, reference and number of images. */
export function realMeasures(
  { suite }: Common,
  sets: readonly {
    set: SampleSet;
    reference: { name: string } | undefined;
    qualities: readonly Quality[];
    features: FeatureSheet;
  }[],
): Measure[] {
  const byName = new Map<string, Measure>();
  for (const { set, reference, qualities, features } of sets)
    for (const { selection, frechetOfReal } of qualities) {
      if (!set.extractor || !reference || !frechetOfReal) continue;
      const params = { extractor: set.extractor.by.name, images: selection.count };
      const about: MeasureDescription = {
        suite,
        measure: 'frechet-distance-of-real',
        title: `Frechet distance of ${params.images} images of ${reference.name} to the rest: features of ${params.extractor}`,
        model: set.system.name,
        dataset: reference.name,
        params,
        ...plain,
        note: 'what a perfect model would reach with as many samples',
        ...(features.kept && { rows: rowsOfReal(set.system.name, selection.count, features) }),
      };
      byName.set(JSON.stringify([about.model, about.dataset, params]), measure(about, frechetOfReal));
    }
  return [...byName.values()];
}

/** Those drawn, against the rest. */
function rowsOfReal(model: string, count: number, { sheet }: FeatureSheet): MeasureRows {
  const columns = { features: 'features' };
  const of = (drawn: boolean) => ({ model, samples: REFERENCE, [partColumn(count)]: drawn });
  return {
    ...{ sheet, statistic: 'frechet-distance', columns, where: of(true) },
    against: [{ where: of(false), columns }],
  };
}
