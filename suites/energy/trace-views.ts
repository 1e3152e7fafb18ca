import { meanOf } from '../../src/metrics.js';
import { cell, type LineFigure, point, type Table } from '../../src/suite.js';
import type { Heights } from './heights.js';
import { type Followed, followed, meanAt, shownSteps, type Traced } from './traces.js';

/** One chart a number, from every kind of start. Without test images there is no zero of a system's log p(x). */
export function traceFigures(all: readonly Traced[], references: readonly Heights[]): LineFigure[] {
  if (all.length === 0) return [];
  return followed
    .map((one): LineFigure => {
      const relative = one.id === 'log-px';
      const label = relative ? 'log p(x) above the mean test image' : one.title;
      return {
        kind: 'lines',
        id: `trace-${one.id}`,
        title: `SGLD: ${label}`,
        caption: `Means over ${all[0]!.collected.indices.length} chains with t intervals; they start at uniform noise, or at images.`,
        xLabel: 'SGLD steps',
        yLabel: label,
        yFormat: one.format,
        series: all.flatMap((traced) => {
          const zero = relative ? zeroOf(traced, references) : 0;
          if (zero === undefined) return [];
          return [
            {
              name: traced.system.name,
              ...(traced.params.start === 'data'
                ? { variant: `from ${traced.dataset}`, dashed: true }
                : { variant: 'from noise' }),
              points: pointsOf(traced, one, zero),
            },
          ];
        }),
      };
    })
    .filter(({ series }) => series.length > 0);
}

/** Mean log p(x) of the data set that is compared with, a common zero of systems; undefined where there is none. */
function zeroOf({ system }: Traced, references: readonly Heights[]): number | undefined {
  const heights = references.find((one) => one.system === system);
  return heights && heights.logPx.length > 0 ? meanOf(heights.logPx).value : undefined;
}

function pointsOf(traced: Traced, one: Followed, zero: number): LineFigure['series'][number]['points'] {
  return shownSteps(traced).flatMap((x) => {
    const { value, interval } = meanAt(traced, one, x);
    if (!Number.isFinite(value)) return [];
    const above: typeof interval = interval && [interval[0] - zero, interval[1] - zero];
    return [point(x, { value: value - zero, interval: above })];
  });
}

export function traceTable(all: readonly Traced[]): Table {
  const { stepSize, noise, clamp, temperature } = all[0]!.params;
  return {
    id: 'traces',
    title: 'Chains of SGLD',
    caption: `Step size ${stepSize}, noise ${noise} a step, temperature ${temperature}${clamp === 'box' ? ', kept in [0, 1]' : ''}; lengths in units of the input of the model itself. Gradient: the length of d log p(x) / dx. Distance: from the start. Saturated: numbers of an image at 0 or 1, or beyond; beyond: outside [0, 1]. Signal / noise: how far the gradient moves an image in a step, over the noise. R-hat (rank-normalised, split) and effective sample size of log p(x) (Vehtari et al. 2021): chains that have mixed have an R-hat below 1.01.`,
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      { key: 'start', title: 'Start', format: 'text' },
      { key: 'steps', title: 'Steps', format: 'text' },
      ...followed.map(({ id: key, short: title, format }) => ({ key, title, format })),
      { key: 'rHat', title: 'R-hat', format: 'number' },
      { key: 'ess', title: 'ESS', format: 'number' },
    ],
    rows: all.flatMap(({ system, params, looks }) =>
      looks.map(({ steps, estimates, mixed }) => ({
        model: system.name,
        start: params.start,
        steps: String(steps),
        ...Object.fromEntries(followed.map(({ id }, f) => [id, cell(estimates[f]!)])),
        rHat: Number.isFinite(mixed.rHat) ? mixed.rHat : null,
        ess: Number.isFinite(mixed.bulkEss) ? mixed.bulkEss : null,
      })),
    ),
  };
}
