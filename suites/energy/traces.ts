import { sgldTrace, type TraceParams, type TraceRows } from '../../src/measurements.js';
import { type Estimate, exact, type Mixing, meanOf, meanOfShares, mixing } from '../../src/metrics.js';
import {
  type Collected,
  type CollectedRows,
  type ExampleSheet,
  type Measure,
  measure,
  type Request,
  request,
  type SystemInfo,
} from '../../src/suite.js';
import { NAME } from './measures.js';
import type { EnergyOptions } from './options.js';
import type { Sets } from './sets.js';

export type FollowedId =
  | 'log-px'
  | 'gradient-norm'
  | 'displacement'
  | 'saturated'
  | 'outside'
  | 'signal-to-noise';

/** A number that is followed along chains. */
export interface Followed {
  /** Of the measure, behind `trace-`. */
  id: FollowedId;
  /** Of the sheet. */
  column: string;
  title: string;
  /** Head of a column. */
  short: string;
  format: 'number' | 'percent';
  /** Of one chain at one step. */
  of(rows: TraceRows, at: number, params: TraceParams, size: number): number;
}

export const followed: readonly Followed[] = [
  {
    id: 'log-px',
    column: 'log_px',
    title: 'log p(x)',
    short: 'log p(x)',
    format: 'number',
    of: ({ logPx }, at) => logPx.data[at]!,
  },
  {
    id: 'gradient-norm',
    column: 'gradient_norm',
    title: 'length of d log p(x) / dx',
    short: 'gradient',
    format: 'number',
    of: ({ gradientNorm }, at) => gradientNorm.data[at]!,
  },
  {
    id: 'displacement',
    column: 'displacement',
    title: 'distance from the start',
    short: 'distance',
    format: 'number',
    of: ({ displacement }, at) => displacement.data[at]!,
  },
  {
    id: 'saturated',
    column: 'saturated',
    title: 'pixels at 0 or 1, or beyond',
    short: 'saturated',
    format: 'percent',
    of: ({ saturated }, at) => saturated.data[at]!,
  },
  {
    id: 'outside',
    column: 'outside',
    title: 'pixels beyond [0, 1]',
    short: 'beyond',
    format: 'percent',
    of: ({ outside }, at) => outside.data[at]!,
  },
  {
    // What the gradient moves an image by, over the expected length of the noise: noise * sqrt(numbers of the image).
    id: 'signal-to-noise',
    column: 'signal_to_noise',
    title: 'signal to noise of a step',
    short: 'signal / noise',
    format: 'number',
    of: ({ gradientNorm }, at, { stepSize, noise, temperature }, size) =>
      (stepSize * gradientNorm.data[at]!) / temperature / (noise * Math.sqrt(size)),
  },
];

/** Chains of one system from one kind of start. */
export interface Traced {
  system: SystemInfo;
  dataset: string;
  params: TraceParams;
  collected: Collected<TraceRows>;
  /** How many chains ended where the system gives no number. */
  lost: number;
  /** After each number of steps that is reported. */
  looks: { steps: number; estimates: readonly Estimate[]; mixed: Mixing }[];
}

/** Why a system has no traces; undefined where it has. */
export function untraced({ stochastic, offers, lacks }: SystemInfo): string | undefined {
  if (stochastic) return 'it is stochastic: chains climb the bare model';
  if (!offers.includes('inputGradient')) return lacks.inputGradient ?? 'it has no gradient';
  return undefined;
}

const lengthsOf = ({ traces: { steps } }: EnergyOptions) => [...new Set(steps)].sort((a, b) => a - b);

/** One for each kind of start; short runs are the beginnings of the longest. */
export function traceRequests(
  system: SystemInfo,
  { reference }: Sets,
  options: EnergyOptions,
): Request<TraceRows>[] {
  const { chains, start, stepSize, noise, clamp, temperature } = options.traces;
  if (chains === 0 || untraced(system)) return [];
  const steps = lengthsOf(options).at(-1) ?? 1;
  return [...new Set(start)].map((one) =>
    request({
      measurement: sgldTrace,
      system: system.name,
      dataset: reference.name,
      params: { start: one, steps, stepSize, noise, clamp, temperature },
      first: chains,
    }),
  );
}

export function tracedOf(
  system: SystemInfo,
  sets: Sets,
  options: EnergyOptions,
  collected: CollectedRows,
): Traced[] {
  return traceRequests(system, sets, options).flatMap((request): Traced[] => {
    const traces = collected.get(request);
    if (!traces || traces.indices.length === 0) return [];
    const params = request.params as TraceParams;
    const traced = { system, dataset: sets.reference.name, params, collected: traces };
    const { logPx } = traces.rows;
    const width = params.steps + 1;
    const chain = (i: number, to: number) => logPx.data.subarray(i * width + 1, i * width + 1 + to);
    const ends = Array.from(traces.indices, (_, i) => logPx.data[(i + 1) * width - 1]);
    const looks = lengthsOf(options).map((steps) => ({
      steps,
      estimates: followed.map((one) => meanAt(traced, one, steps)),
      mixed: mixing(ends.map((_, i) => chain(i, steps))),
    }));
    return [{ ...traced, lost: ends.filter(Number.isNaN).length, looks }];
  });
}

/** Of every chain after so many steps. */
export function valuesAt(
  { collected, params, system }: Pick<Traced, 'collected' | 'params' | 'system'>,
  { of }: Followed,
  step: number,
): Float64Array {
  const size = system.shape.reduce((a, b) => a * b, 1);
  return Float64Array.from(collected.indices, (_, i) =>
    of(collected.rows, i * (params.steps + 1) + step, params, size),
  );
}

/** Over the chains, after so many steps. */
export function meanAt(traced: Parameters<typeof valuesAt>[0], one: Followed, step: number): Estimate {
  const mean = one.format === 'percent' ? meanOfShares : meanOf;
  return mean(valuesAt(traced, one, step));
}

const SHEET = 'energy-traces';

export function traceMeasures({ system, dataset, params, looks, lost, collected }: Traced): Measure[] {
  const n = collected.indices.length;
  const { start, stepSize, noise, clamp, temperature } = params;
  const from = start === 'data' ? `images of ${dataset}` : 'uniform noise';
  const common = { suite: NAME, model: system.name, dataset, better: 'none' } as const;
  return looks.flatMap(({ steps, estimates, mixed }) => {
    const about = { start, steps, chains: n, stepSize, noise, clamp, temperature };
    const told = `after ${steps} steps of SGLD from ${from}`;
    const note = lost > 0 ? { note: `${lost} of ${n} chains diverged` } : {};
    const where = { model: system.name, dataset, start, step: steps };
    return [
      ...followed.map(({ id, title, column, format }, f) =>
        measure(
          {
            ...common,
            measure: `trace-${id}`,
            title: `Mean ${title} ${told}`,
            params: about,
            format,
            rows: { sheet: SHEET, where, statistic: 'mean', columns: { value: column } },
            ...note,
          },
          estimates[f]!,
        ),
      ),
      ...(
        [
          ['trace-r-hat', 'R-hat', mixed.rHat],
          ['trace-ess', 'Effective sample size', mixed.bulkEss],
        ] as const
      ).map(([id, title, value]) =>
        measure(
          {
            ...common,
            measure: id,
            title: `${title} of log p(x) over ${n} chains, ${told}`,
            params: about,
            format: 'number',
            ...note,
          },
          exact(value, n),
        ),
      ),
    ];
  });
}

/** The steps that figures and the sheet hold: all up to a hundred, and beyond that as many, evenly, with those reported. */
export function shownSteps({ params: { steps }, looks }: Pick<Traced, 'params' | 'looks'>): number[] {
  const every = Math.ceil(steps / 100);
  const shown = new Set(looks.map((look) => look.steps));
  for (let step = 0; step <= steps; step += every) shown.add(step);
  return [...shown].sort((a, b) => a - b);
}

/** A row per system, kind of start, chain and step. */
export function traceSheet(all: readonly Traced[]): ExampleSheet {
  return {
    name: SHEET,
    columns: ['model', 'dataset', 'start', 'index', 'step', ...followed.map(({ column }) => column)],
    rows: {
      *[Symbol.iterator]() {
        for (const traced of all) {
          const { system, dataset, params, collected } = traced;
          for (const step of shownSteps(traced)) {
            const values = followed.map((one) => valuesAt(traced, one, step));
            for (const [i, index] of collected.indices.entries()) {
              const cells = values.map((of) => (Number.isFinite(of[i]) ? of[i]! : null));
              yield [system.name, dataset, params.start, index, step, ...cells];
            }
          }
        }
      },
    },
  };
}
