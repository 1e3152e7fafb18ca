import type { Epsilon } from '../../src/attack.js';
import { largestRadius, largestSequentialRadius, wilson } from '../../src/metrics.js';
import {
  cell,
  type DatasetInfo,
  type LineFigure,
  point,
  type SystemInfo,
  type Table,
} from '../../src/suite.js';
import { SUITE } from './measures.js';
import type { SmoothingOptions } from './options.js';
import { isCertified, type SmoothedResult } from './result.js';

/** Points of a curve after the one at 0. */
const STEPS = 50;

const columns = {
  model: { key: 'model', title: 'Model', format: 'text' },
  sigma: { key: 'sigma', title: 'Sigma', format: 'text' },
} as const;
const percent = (key: string, title: string, better: 'higher' | 'lower' | 'none' = 'higher') =>
  ({ key, title, format: 'percent', better }) as const;

/** What a reader needs first: a row for every model and sigma. */
export function smoothingTable(
  dataset: DatasetInfo,
  results: readonly SmoothedResult[],
  radii: readonly Epsilon[],
  headline: Epsilon,
  { n0, n, alpha, stop }: SmoothingOptions,
): Table {
  const at = radii.indexOf(headline);
  return {
    id: `${SUITE}-${dataset.name}`,
    title: `Smoothed classifiers, ${dataset.name}`,
    caption: `${results[0]!.images.length} images, ${n0} draws of noise to choose a class, ${stop === undefined ? n : `up to ${n}, as many as it needs,`} to certify it. The certificate of an image is wrong with a chance of at most ${alpha}, for each image by itself and not for all together. Accuracy is that of ${stop === undefined ? `PREDICT, on the same ${n} draws` : 'the class that has more than half of the probability for certain'}; to abstain counts as wrong. The average radius has 0 for images that are wrong or have no certificate. All is about the model behind the noise; intervals are about other images of the kind.`,
    columns: [
      columns.model,
      columns.sigma,
      percent('accuracy', 'Accuracy'),
      percent('certified', `Certified at L2 ${headline.text}, at least`),
      { key: 'radius', title: 'Average certified radius, L2', format: 'number', better: 'higher' },
      percent('abstained', 'No certificate', 'lower'),
      ...(stop === undefined ? [] : [{ key: 'draws', title: 'Draws', format: 'number' as const }]),
    ],
    rows: results.map(({ system, sigma, accuracy, certified, averageRadius, abstained, draws }) => ({
      model: system.name,
      sigma: sigma.text,
      accuracy: cell(accuracy),
      certified: cell(certified[at]!),
      radius: cell(averageRadius),
      abstained: cell(abstained),
      ...(stop !== undefined && { draws: cell(draws, { bare: true }) }),
    })),
  };
}

/** A row for every model, sigma and radius. */
export function radiiTable(
  dataset: DatasetInfo,
  results: readonly SmoothedResult[],
  radii: readonly Epsilon[],
): Table {
  const both = results.some(({ upper }) => upper !== undefined);
  // The smallest radius would always be the best.
  const share = (key: string, title: string) => percent(key, title, 'none');
  return {
    id: `${SUITE}-radii-${dataset.name}`,
    title: `Certified accuracy by radius, ${dataset.name}`,
    caption: `Right, and certified at the radius or beyond. The ball in Linf that fits into that in L2 has the radius L2 / sqrt(d), of d pixels and channels: what is certified in L2 is certified in it too.${both ? ' Robust accuracy of the smoothed classifier lies between what is certified and what the attack left (SmoothAdv on the votes of the defence "smooth"), but for the chance in both.' : ''}`,
    columns: [
      columns.model,
      columns.sigma,
      { key: 'radius', title: 'L2', format: 'text' },
      { key: 'linf', title: 'Implied Linf', format: 'text' },
      share('certified', 'Certified, at least'),
      ...(both ? [share('attacked', 'Attacked, at most'), share('undecided', 'Neither')] : []),
    ],
    rows: results.flatMap(({ system, sigma, certified, upper, undecided }) =>
      radii.map((radius, k) => ({
        model: system.name,
        sigma: sigma.text,
        radius: radius.text,
        linf: impliedLinf(radius.value, system),
        certified: cell(certified[k]!),
        ...(upper && { attacked: cell(upper[k]!) }),
        ...(undecided && { undecided: cell(undecided[k]!) }),
      })),
    ),
  };
}

/** In 255ths, rounded down. */
export const impliedLinf = (radius: number, { shape: [c, h, w] }: Pick<SystemInfo, 'shape'>): string =>
  radius === 0 ? '0' : `${(Math.floor((25_500 * radius) / Math.sqrt(c * h * w)) / 100).toFixed(2)}/255`;

/**
 * Certified accuracy against the radius, as far as these draws can certify anything, and what the attack left at the radii that it was
 * made at.
 */
export function smoothingCurves(
  dataset: DatasetInfo,
  results: readonly SmoothedResult[],
  radii: readonly Epsilon[],
  { n, alpha, stop }: SmoothingOptions,
): LineFigure[] {
  const largest = stop === undefined ? largestRadius : largestSequentialRadius;
  const areas: NonNullable<LineFigure['band']>['areas'] = [];
  const series = results.flatMap(({ system, sigma, images, upper }): LineFigure['series'] => {
    const most = largest(n, { sigma: sigma.value, alpha });
    if (most === undefined) return [];
    // Beyond the radii that draws were made for they say nothing.
    const reach = stop === 'radii' ? Math.min(most, radii.at(-1)!.value) : most;
    const certifiedAt = (x: number) =>
      wilson(images.filter((image) => isCertified(image, x)).length, images.length);
    const grid = Array.from({ length: STEPS + 1 }, (_, k) => (reach * k) / STEPS);
    const certified = {
      name: system.name,
      variant: `sigma ${sigma.text}`,
      points: grid.map((x) => point(x, certifiedAt(x))),
    };
    if (!upper) return [certified];
    const attacked = radii.map(({ value }, k) => point(value, upper[k]!));
    const shared = grid.filter((x) => x > attacked[0]!.x && x < attacked.at(-1)!.x);
    const at = [...new Set([...shared, ...attacked.map(({ x }) => x)])].sort((a, b) => a - b);
    areas.push({
      name: system.name,
      points: at.map((x) => ({ x, lo: certifiedAt(x).value, hi: heightAt(attacked, x) })),
    });
    return [
      certified,
      { name: system.name, variant: `${certified.variant}, not broken`, dashed: true, points: attacked },
    ];
  });
  if (series.length === 0) return [];
  return [
    {
      kind: 'lines',
      id: `${SUITE}-radius-${dataset.name}`,
      title: `Certified accuracy against the radius, ${dataset.name}`,
      caption: `Curves end where even ${n} draws that all agree certify no more.${stop === 'radii' ? ' Draws ended when the radii were decided: curves end at the largest, and between them are lower than more draws would show.' : ''}${results.some(({ upper }) => upper) ? ' Not broken: what SmoothAdv left at the radii of the table. Robust accuracy of the smoothed classifier lies between, in the shaded band, but for the chance in both.' : ''}`,
      xLabel: 'L2 radius',
      yLabel: results.some(({ upper }) => upper) ? 'Accuracy' : 'Certified accuracy',
      yDomain: [0, 1],
      yFormat: 'percent',
      series,
      ...(areas.length > 0 && { band: { label: 'neither certified nor broken', areas } }),
    },
  ];
}

/** The height of a line at a place between its first point and its last. */
function heightAt(points: readonly { x: number; y: number }[], at: number): number {
  const next = points.findIndex(({ x }) => x >= at);
  const b = points[next]!;
  const a = points[next - 1] ?? b;
  return a === b ? b.y : a.y + ((b.y - a.y) * (at - a.x)) / (b.x - a.x);
}
