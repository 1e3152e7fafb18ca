import { type Static, Type } from '../config/type.js';
import { NotFinite } from '../models/finite.js';
import { sgldOptions } from '../sampling/sgld-options.js';
import { traceChains } from '../sampling/trace.js';
import type { Probe } from './probe.js';
import { GRADIENT_ROUNDING, LOGIT_ROUNDING } from './rounding.js';
import { probedOf, type Score, type ScoreInputs } from './score.js';

const options = Type.Object(
  {
    steps: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 10,
      description: 'SGLD steps up log p(x). The public JEM code names no number.',
    }),
    ...sgldOptions,
  },
  { additionalProperties: false },
);
type Options = Static<typeof options>;

/**
 * Where a chain of SGLD up log p(x) starts at the image and ends: `logPx` and `gradientNorm` (n, 2) at both, `distance`
 * (n) between them, L2, in units of the model's own input as the gradients are.
 */
const refined: Probe<Options> = {
  name: 'refined',
  refuses: ({ stochastic }) =>
    stochastic ? 'it is stochastic, and chains climb the density of a bare model' : undefined,
  finds: () => ({ logPx: 2, gradientNorm: 2, distance: 1 }),
  passes: ({ steps }) => ({ forward: 0, gradient: steps + 1 }),
  async ask({ system, batch: { n, pixels }, keys, fail, signal }, settings) {
    const { steps } = settings;
    const state = { n, pixels: pixels.slice(), keys: [...keys] };
    const trace = await traceChains(system, state, { ...settings, ...(signal && { signal }) });
    const at = (column: Float32Array, row: number, step: number) => column[row * (steps + 1) + step]!;
    const ends = (column: Float32Array) =>
      Float32Array.from({ length: 2 * n }, (_, i) => at(column, i >> 1, (i % 2) * steps));
    const distance = Float32Array.from({ length: n }, (_, i) => at(trace.displacement, i, steps));
    distance.forEach((d, row) => {
      if (!Number.isNaN(d)) return;
      const what = `a chain of "${system.info.name}" left where it has numbers`;
      fail(row, new NotFinite(what, { hint: 'take fewer steps, or smaller ones' }));
    });
    return { logPx: ends(trace.logPx), gradientNorm: ends(trace.gradientNorm), distance };
  },
};

const refinedOf = (inputs: ScoreInputs) => probedOf(inputs, 'logPx', 'gradientNorm', 'distance');
const pairs = (column: ArrayLike<number>, of: (before: number, after: number) => number) =>
  Float64Array.from({ length: column.length / 2 }, (_, i) => of(column[2 * i]!, column[2 * i + 1]!));
const sizes = (before: number, after: number) => Math.abs(before) + Math.abs(after);

const common = {
  source: 'Grathwohl et al. 2019, their code',
  needs: ['logPx', 'inputGradient'],
  reads: [],
  options,
  probe: refined,
  shifts: true,
} as const;

export const refine: Score<Options> = {
  ...common,
  id: 'refine',
  title: 'refine',
  label: 'log p(x) - log p(SGLD(x))',
  compute: (inputs) => pairs(refinedOf(inputs).logPx, (before, after) => before - after),
  rounding: (inputs) => pairs(refinedOf(inputs).logPx, sizes).map((size) => LOGIT_ROUNDING * size),
};

export const refineGrad: Score<Options> = {
  ...common,
  id: 'refine-grad',
  title: 'refine, gradient',
  label: "||d log p / dx|| at SGLD(x) less that at x, model's input units",
  compute: (inputs) => pairs(refinedOf(inputs).gradientNorm, (before, after) => after - before),
  rounding: (inputs) => pairs(refinedOf(inputs).gradientNorm, sizes).map((size) => GRADIENT_ROUNDING * size),
};

export const refineL2: Score<Options> = {
  ...common,
  id: 'refine-l2',
  title: 'refine, L2',
  label: "-||x - SGLD(x)||_2, model's input units",
  compute: (inputs) => Float64Array.from(refinedOf(inputs).distance, (distance) => -distance),
  rounding: (inputs) =>
    Float64Array.from(refinedOf(inputs).distance, (distance) => GRADIENT_ROUNDING * distance),
};
