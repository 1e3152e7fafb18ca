import type { Estimate } from '../estimates/estimate.js';
import { errorOfMean } from '../estimates/mean-variance.js';
import { type Area, areaInterval } from './area-interval.js';
import { type Placements, placementsIn } from './delong.js';
import { meanAuroc, metricsOf, type Ranking, rankScores } from './ranking.js';

/*
 * AUROC of images against changed forms of the same images. An image counts on both sides, and in every setting, so that it
 * is one cluster: the components of its forms are added before their variance is taken (DeLong, DeLong & Clarke-Pearson
 * 1988, as Obuchowski 1997 has it for clustered data).
 */

/** Scores of images and of their changed forms, (n) each, in one order. */
export interface MatchedScores {
  id: ArrayLike<number>;
  ood: ArrayLike<number>;
}

/** (n) What each image adds to the mean AUROC of some settings; the mean over images is twice that. */
function shares(settings: readonly Placements[]): Float64Array {
  const of = new Float64Array(settings[0]!.id.length);
  for (const { id, ood } of settings)
    for (let i = 0; i < of.length; i++) of[i]! += (id[i]! + ood[i]!) / settings.length;
  return of;
}

/**
 * The area with what its interval takes. Pairs that share no image are those of every other image beside the form of the next.
 * @param settings of the same images
 */
export const matchedArea = (settings: readonly Placements[]): Area => ({
  value: meanAuroc(settings),
  error: errorOfMean(shares(settings)),
  pairs: Math.floor(settings[0]!.id.length / 2),
});

/**
 * The unweighted mean of AUROCs over settings of the same images, with its interval: see area-interval.ts. None with fewer than two
 * images, nor where nothing varies otherwise, since it would claim certainty. Errors: `data-invalid` for a NaN score.
 */
export const matchedAuroc = (settings: readonly MatchedScores[], level = 0.95): Estimate =>
  matchedAurocIn(
    settings.map(({ id, ood }) => rankScores(id, ood)),
    level,
  );

/** The same of what is ranked already, in O(n) a setting. */
export function matchedAurocIn(settings: readonly Ranking[], level = 0.95): Estimate {
  const n = settings[0]?.id.length ?? 0;
  if (n === 0) return { value: Number.NaN, n, interval: null, level, method: 'none' };
  // As `metricsOf` counts it: components give it too, but for rounding.
  const value = meanAuroc(settings.map(metricsOf));
  const area = matchedArea(settings.map((ranking) => placementsIn(ranking)));
  return { value, n, level, ...areaInterval({ ...area, value }, level) };
}

/** A - B of two such means on the same images and settings, and its standard error. */
export function matchedDifference(
  a: readonly Placements[],
  b: readonly Placements[],
): { value: number; error: number } {
  const other = shares(b);
  return {
    value: meanAuroc(a) - meanAuroc(b),
    error: errorOfMean(shares(a).map((share, i) => share - other[i]!)),
  };
}
