import { type Estimate, quantileEstimate, wilson } from '../../src/metrics.js';
import {
  AssayError,
  cell,
  type DatasetInfo,
  type Measure,
  measure,
  type Table,
  unknownName,
} from '../../src/suite.js';
import { aurocAbove } from './compare.js';
import type { Contrast, Heights } from './heights.js';
import { NAME, whereOf } from './measures.js';
import type { EnergyOptions } from './options.js';
import type { Sets } from './sets.js';

/** How far an image may lie from the mean: what 95 % of the images that the mean is taken from do not exceed. */
const ACCEPTED = 0.95;

/** What typical images are told by, of one system. */
export interface Typical {
  fit: Heights;
  /** Mean log p(x) of the images that were fitted to, which are not reported. */
  mean: number;
  threshold: number;
}

/**
 * The data set that typicality is fitted to: the one that `fit` names, else the first validation set, else the first of
 * training images, that is read from files. Errors: `unknown-name`; `config-invalid` where the reference is named.
 */
export function fitSetOf(
  { reference, others }: Sets,
  { fit }: Pick<EnergyOptions, 'fit'>,
): DatasetInfo | undefined {
  if (fit === undefined) {
    const ofRole = (role: DatasetInfo['role']) => others.find((set) => set.role === role && !set.recipe);
    return ofRole('validation') ?? ofRole('train');
  }
  const fitted = [reference, ...others].find(({ name }) => name === fit);
  if (!fitted)
    throw unknownName(
      'data set',
      fit,
      others.map(({ name }) => name),
      { path: 'suites: energy.fit' },
    );
  if (fitted !== reference) return fitted;
  throw new AssayError('config-invalid', 'typicality cannot be fitted to the images that it is reported on', {
    path: 'fit',
    expected: `a data set other than "${reference.name}", of the same kind`,
    found: fit,
    hint: 'name a validation set, or leave `fit` out',
  });
}

export function typicalOf(fit: Heights): Typical {
  const { logPx } = fit;
  const mean = logPx.reduce((sum, value) => sum + value, 0) / logPx.length;
  const distances = logPx.map((value) => Math.abs(value - mean)).sort();
  return { fit, mean, threshold: quantileEstimate(distances, ACCEPTED).value };
}

/** Each image's |log p(x) - mean|, in nats. */
export const distancesFrom = ({ mean }: Typical, { logPx }: Heights): Float64Array =>
  logPx.map((value) => Math.abs(value - mean));

/** A data set, the reference too, as seen from the typical images. */
export interface Typicality {
  typical: Typical;
  of: Heights;
  /** Share of images beyond the threshold. */
  atypical: Estimate;
  /** P(an image of the set is less typical than one of the reference); undefined for the reference itself. */
  auroc: { reference: Heights; estimate: Estimate } | undefined;
}

export function typicalities(
  typical: Typical,
  reference: Heights,
  contrasts: readonly Contrast[],
): Typicality[] {
  const seen = (of: Heights): Heights => ({ ...of, logPx: distancesFrom(typical, of) });
  const share = (of: Heights) => {
    const distances = distancesFrom(typical, of);
    return wilson(distances.filter((one) => one > typical.threshold).length, distances.length);
  };
  return [
    { typical, of: reference, atypical: share(reference), auroc: undefined },
    ...contrasts
      .filter(({ own }) => own.dataset !== typical.fit.dataset)
      .map(({ own, partners }) => ({
        typical,
        of: own,
        atypical: share(own),
        auroc: {
          reference,
          estimate: aurocAbove(seen(own), seen(reference), partners !== undefined),
        },
      })),
  ];
}

export function typicalityMeasures({ typical, of, atypical, auroc }: Typicality): Measure[] {
  const common = { suite: NAME, model: of.system.name, dataset: of.dataset.name, better: 'none' } as const;
  const fit = typical.fit.dataset.name;
  const columns = { score: 'typicality' };
  return [
    measure(
      {
        ...common,
        measure: 'atypical-share',
        title: `Images further from the mean log p(x) than 95 % of ${fit}`,
        params: { fit },
        format: 'percent',
        rows: { sheet: NAME, where: whereOf(of), statistic: 'share', columns: { outcome: 'atypical' } },
      },
      atypical,
    ),
    ...(auroc
      ? [
          measure(
            {
              ...common,
              measure: 'typicality-auroc',
              title: `AUROC by typicality, ${auroc.reference.dataset.name} more typical`,
              params: { against: auroc.reference.dataset.name, fit },
              format: 'number',
              rows: {
                sheet: NAME,
                where: whereOf(of),
                statistic: 'auroc',
                columns,
                against: [{ where: whereOf(auroc.reference), columns }],
              },
            },
            auroc.estimate,
          ),
        ]
      : []),
  ];
}

export function typicalityTable(all: readonly Typicality[]): Table {
  return {
    id: 'typicality',
    title: 'Typicality',
    caption: `How far log p(x) lies from its mean over "${all[0]!.typical.fit.dataset.name}", on either side (Nalisnick et al. 2019, of single images). Atypical: further than 95 % of these. AUROC: the chance that an image is less typical than a test image.`,
    folded: true,
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      { key: 'dataset', title: 'Data set', format: 'text' },
      { key: 'atypical', title: 'Atypical', format: 'percent' },
      { key: 'auroc', title: 'AUROC', format: 'number' },
    ],
    rows: all.map(({ of, atypical, auroc }) => ({
      model: of.system.name,
      dataset: of.dataset.name,
      atypical: cell(atypical),
      auroc: auroc ? cell(auroc.estimate) : null,
    })),
  };
}
