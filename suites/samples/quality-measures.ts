import { type Measure, type MeasureDescription, measure } from '../../src/suite.js';
import { type Common, describer, plain } from './describer.js';
import { type Quality, WIDEST_RESAMPLED } from './quality.js';
import type { SampleSet } from './result.js';
import { MOST_LOGITS, selectedColumn } from './sheet.js';

/** Distances and scores in the features of a network, for each selection. */
export function qualityMeasures(
  common: Common,
  set: SampleSet,
  reference: string | undefined,
  qualities: readonly Quality[],
  splits: number,
): Measure[] {
  const { extractor } = set;
  if (!extractor) return [];
  const by = extractor.by.name;
  const unresampled =
    extractor.features.shape[1] > WIDEST_RESAMPLED
      ? `no interval: features wider than ${WIDEST_RESAMPLED} are not resampled`
      : undefined;
  return qualities.flatMap(({ selection, frechet, kernel, inception, inceptionSpread }) => {
    const params = { extractor: by, selection: selection.label };
    const compared = { ...set, dataset: reference ?? set.dataset };
    const about = describer(common, compared, set.name);
    const words = `${set.name}, ${selection.label}, in features of ${by}`;
    const logits = extractor.classified && extractor.by.classes.length <= MOST_LOGITS;
    return [
      ...(frechet
        ? [
            measure(
              about({
                measure: 'frechet-distance',
                title: `Frechet distance to ${reference}: ${words}`,
                params,
                better: 'lower',
                format: 'number',
                note: unresampled ?? 'biased upwards by about a constant over n: compare equal n only',
              }),
              frechet,
            ),
          ]
        : []),
      ...(kernel
        ? [
            measure(
              about({
                measure: 'kernel-distance',
                title: `Kernel distance to ${reference}: ${words}`,
                params,
                better: 'lower',
                format: 'number',
              }),
              kernel,
            ),
          ]
        : []),
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
                      ...(selection.share < 1 && { where: { [selectedColumn(selection.share)]: true } }),
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

/** What chance alone gives, once for every extractor, reference and number of images. */
export function realMeasures(
  { suite }: Common,
  sets: readonly { set: SampleSet; reference: { name: string } | undefined; qualities: readonly Quality[] }[],
): Measure[] {
  const found = new Map<string, Measure>();
  for (const { set, reference, qualities } of sets)
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
      };
      found.set(JSON.stringify([about.model, about.dataset, params]), measure(about, frechetOfReal));
    }
  return [...found.values()];
}
