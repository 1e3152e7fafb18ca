import { meanOf, meanOfShares } from '../../src/metrics.js';
import { type Measure, measure } from '../../src/suite.js';
import { type Common, describer, plain, share } from './describer.js';
import type { Distal } from './distal.js';
import { alikeNote } from './duplicates.js';
import { type Memorisation, NEAR } from './neighbours.js';
import type { SampleSet } from './result.js';
import { sharesOf } from './shares.js';

/** What is told of the samples of a set, one by one. */
export function sampleMeasures({ suite, sheet, chain }: Common, set: SampleSet): Measure[] {
  const about = describer({ suite, sheet, chain }, set, set.name);
  const { n, own, judge } = set;
  const shares = sharesOf(set);
  const mean = (column: string) => ({ statistic: 'mean', columns: { value: column } });
  const outcome = (column: string) => ({ statistic: 'share', columns: { outcome: column } });
  const who = (by: string) => ({ by });
  return [
    measure(
      about(
        {
          measure: 'sample-log-px',
          title: `Mean log p(x), ${set.name} samples`,
          ...plain,
          ...(set.places && {
            note: `${n} of ${set.system.storedChains} images of the buffer, spread over it`,
          }),
        },
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
            meanOfShares(own.confidence),
          ),
        ]
      : []),
    ...(shares.own
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
            shares.own,
          ),
        ]
      : []),
    ...(judge && shares.judged
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
            shares.judged,
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
      shares.saturated,
    ),
    ...(shares.duplicates
      ? [
          measure(
            about(
              {
                measure: 'duplicate-samples',
                title: `Samples that look like another, ${set.name}`,
                better: 'lower',
                format: 'percent',
                note: alikeNote(n),
              },
              outcome('duplicate'),
            ),
            shares.duplicates,
          ),
        ]
      : []),
  ];
}

/** How near samples are to other images. */
export function neighbourMeasures(
  common: Common,
  { set, neighbours, ...memorisation }: Memorisation,
): Measure[] {
  const about = describer(common, { ...set, dataset: neighbours.among }, set.name);
  const { distance, nearer, real } = memorisation;
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
                title: `Samples nearer to ${neighbours.among} than the nearest ${100 * NEAR} % of ${real}, ${set.name}`,
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
