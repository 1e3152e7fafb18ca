import { parseEpsilon } from '../../src/attack.js';
import type { PixelRows } from '../../src/measurements.js';
import {
  type Collected,
  type ImageFigure,
  type LineFigure,
  type NdArray,
  type Picture,
  point,
  rowsOf,
} from '../../src/suite.js';
import type { AttackResult } from './result.js';

/** Accuracy against the radius, from the clean accuracy at 0. */
export function curve(id: string, title: string, results: readonly AttackResult[]): LineFigure {
  const { params } = results[0]!;
  const radii = params.epsilons.map((text) => ({ value: parseEpsilon(text).value, label: text }));
  return {
    kind: 'lines',
    id,
    title,
    caption: 'An upper bound of the true robust accuracy: a stronger attack can only lower it.',
    xLabel: `${params.norm} radius`,
    yLabel: 'accuracy',
    yDomain: [0, 1],
    yFormat: 'percent',
    xTicks: [{ value: 0, label: '0' }, ...radii],
    points: true,
    series: results
      .filter(({ n }) => n > 0)
      .map(({ system, clean, robust }) => ({
        name: system.name,
        points: [point(0, clean), ...robust.map((estimate, k) => point(radii[k]!.value, estimate))],
      })),
  };
}

/** Clean image, adversarial image and their difference, for the first broken examples. */
export function grid(
  id: string,
  result: AttackResult,
  pixels: Collected<PixelRows> | undefined,
  count: number,
): ImageFigure[] {
  const { system, params, collected } = result;
  const { labels } = collected;
  const { brokenAt, prediction, pixels: perturbed } = collected.rows;
  if (!pixels || !labels || (system.shape[0] !== 1 && system.shape[0] !== 3)) return [];
  const known = Math.min(pixels.rows.pixels.shape[0]!, brokenAt.data.length);
  const chosen = Array.from({ length: known }, (_, i) => i)
    .filter((i) => brokenAt.data[i]! >= 0)
    .slice(0, count);
  if (chosen.length === 0) return [];
  const name = (k: number) => system.classes[k] ?? String(k);
  const rows = chosen.map((i) => {
    const x0 = image(pixels.rows.pixels, i);
    const x = image(perturbed, i);
    const radius = params.epsilons[brokenAt.data[i]!];
    return {
      label: `${collected.indices[i]}, broken at ${radius}`,
      cells: [
        picture(system.shape, x0, { caption: name(labels[i]!), mark: 'ok' }),
        picture(system.shape, x, { caption: name(prediction.data[i]!), mark: 'bad' }),
        picture(system.shape, amplified(x, x0), {}),
      ],
    };
  });
  return [
    {
      kind: 'images',
      id,
      title: `${result.label} ${params.norm} on ${system.name}`,
      caption:
        'Each at the smallest radius that broke it. Differences are scaled to the full range around grey.',
      columns: ['clean', 'perturbed', 'difference, amplified'],
      rows,
    },
  ];
}

const image = (array: NdArray, i: number): Float32Array => Float32Array.from(rowsOf(array, i, i + 1));

/** Around 1/2, the largest change at 0 or 1. */
function amplified(x: Float32Array, x0: Float32Array): Float32Array {
  let largest = 0;
  for (let j = 0; j < x.length; j++) largest = Math.max(largest, Math.abs(x[j]! - x0[j]!));
  return x.map((v, j) => 0.5 + (largest > 0 ? (0.5 * (v - x0[j]!)) / largest : 0));
}

function picture(
  shape: readonly [number, number, number],
  pixels: Float32Array,
  rest: Pick<Picture, 'caption' | 'mark'>,
): Picture {
  return { pixels, shape: [...shape], ...rest };
}
