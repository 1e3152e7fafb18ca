import { meanOf, wilson } from '../../src/metrics.js';
import { type Measure, type MeasureDescription, type MeasureRows, measure } from '../../src/suite.js';
import type { Distal } from './distal.js';
import { SAME } from './duplicates.js';
import { type Memorisation, NEAR } from './neighbours.js';
import { type Quality, WIDEST_RESAMPLED } from './quality.js';
import type { SampleSet } from './result.js';

/** What all measures of one suite entry share. */
export interface Common {
  suite: string;
  sheet: string;
  /** How the chains ran. */
  chain: Measure['params'];
}

type Rest = Omit<MeasureDescription, 'suite' | 'model' | 'dataset' | 'params' | 'rows'> & {
  params?: Measure['params'];
};

const plain = { better: 'none', format: 'number' } as const;
const share = { better: 'none', format: 'percent' } as const;

/** What is told of the samples of a set, one by one. */
export function sampleMeasures({ suite, sheet, chain }: Common, set: SampleSet): Measure[] {
  const about = describer({ suite, sheet, chain }, set, set.name);
  const { n, own, ofClass, judge, conditioned, apart } = set;
  const mean = (column: string) => ({ statistic: 'mean', columns: { value: column } });
  const outcome = (column: string) => ({ statistic: 'share', columns: { outcome: column } });
  const right = (predicted: Int32Array) =>
    wilson(predicted.filter((p, i) => p === conditioned?.[i]).length, n);
  const who = (by: string) => ({ by });
  return [
    measure(
      about(
        { measure: 'sample-log-px', title: `Mean log p(x), ${set.name} samples`, ...plain },
        mean('log_px'),
      ),
      meanOf(set.logPx),
    ),
    ...(own
      ? [
          measure(
            about(
              { measure: 'sample-confidence', title: `Mean confidence in ${set.name} samples`, ...share },
              mean('confidence'),
            ),
            meanOf(own.confidence),
          ),
        ]
      : []),
    ...(own && ofClass
      ? [
          measure(
            about(
              {
                measure: 'conditional-accuracy',
                title: 'Conditional samples of their class, by the system itself',
                params: who(set.system.name),
                better: 'higher',
                format: 'percent',
                note: 'it climbed the class that it is asked for',
              },
              outcome('right'),
            ),
            right(own.predicted),
          ),
        ]
      : []),
    ...(judge
      ? [
          measure(
            about(
              {
                measure: 'conditional-accuracy',
                title: `Conditional samples of their class, by ${judge.by.name}`,
                params: who(judge.by.name),
                better: 'higher',
                format: 'percent',
              },
              outcome('judged_right'),
            ),
            right(judge.predicted),
          ),
        ]
      : []),
    measure(
      about(
        {
          measure: 'saturated-pixels',
          title: `Pixels that are black or white, ${set.name} samples`,
          ...share,
        },
        mean('saturated'),
      ),
      meanOf(set.saturated),
    ),
    ...(apart.length > 0
      ? [
          measure(
            about(
              {
                measure: 'duplicate-samples',
                title: `Samples that look like another, ${set.name}`,
                better: 'lower',
                format: 'percent',
                note: `closer than ${(255 * SAME).toFixed(0)} levels of 255, root mean square`,
              },
              outcome('duplicate'),
            ),
            wilson(apart.filter((distance) => distance < SAME).length, n),
          ),
        ]
      : []),
  ];
}

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

/** Beyond this many classes a sheet of logits is a burden. */
export const MOST_LOGITS = 100;

/** The column that says whether a sample is among the most confident. */
export const selectedColumn = (share: number) => `top_${share}`;

/** How near samples are to other images. */
export function neighbourMeasures(common: Common, { set, neighbours, ...found }: Memorisation): Measure[] {
  const about = describer(common, { ...set, dataset: neighbours.among }, set.name);
  const { distance, nearer } = found;
  return [
    measure(
      about(
        {
          measure: 'neighbour-distance',
          title: `Median L2 distance to the nearest image of ${neighbours.among}, ${set.name} samples`,
          ...plain,
        },
        { statistic: 'quantile', columns: { value: 'neighbour_distance' }, options: { q: 0.5 } },
      ),
      distance,
    ),
    ...(nearer
      ? [
          measure(
            about(
              {
                measure: 'nearer-than-real',
                title: `Samples nearer to ${neighbours.among} than the nearest ${100 * NEAR} % of ${set.dataset}, ${set.name}`,
                better: 'none',
                format: 'percent',
                note: `${100 * NEAR} % would be as real images are`,
              },
              { statistic: 'share', columns: { outcome: 'nearer_than_real' } },
            ),
            nearer,
          ),
        ]
      : []),
  ];
}

export function distalMeasures(common: Common, distal: Distal, threshold: number, steps: number): Measure[] {
  const about = describer(common, distal, 'distal');
  const params = { threshold, steps };
  return [
    measure(
      about(
        {
          measure: 'distal-reached',
          title: `Noise that reached p(y|x) > ${threshold} within ${steps} steps`,
          params,
          ...share,
        },
        { statistic: 'share', columns: { outcome: 'reached' } },
      ),
      distal.reached,
    ),
    measure(
      about(
        {
          measure: 'distal-steps',
          title: `Median steps from noise to p(y|x) > ${threshold}`,
          params,
          ...plain,
          ...(distal.median.n === 0 && { note: 'no chain reached it' }),
        },
        {
          statistic: 'quantile',
          columns: { value: 'reached_at' },
          options: { q: 0.5 },
          where: { reached: true },
        },
      ),
      distal.median,
    ),
  ];
}

/** Fills in what measures of one set share. */
function describer(
  { suite, sheet, chain }: Common,
  { system, dataset }: { system: { name: string }; dataset: string },
  set: string,
) {
  return (
    { params, ...rest }: Rest,
    rows?: Omit<MeasureRows, 'sheet' | 'where'> & { where?: MeasureRows['where'] },
  ): MeasureDescription => ({
    suite,
    model: system.name,
    dataset,
    params: { samples: set, ...chain, ...params },
    ...rest,
    ...(rows && { rows: { ...rows, sheet, where: { model: system.name, samples: set, ...rows.where } } }),
  });
}
