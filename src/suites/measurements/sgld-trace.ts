import type { SystemInfo } from '../../models/system.js';
import { type StreamKey, stream } from '../../random/stream.js';
import type { SgldOptions } from '../../sampling/sgld.js';
import { traceChains } from '../../sampling/trace.js';
import { float32, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext } from '../contract.js';

export interface TraceParams
  extends Required<Pick<SgldOptions, 'stepSize' | 'noise' | 'clamp' | 'temperature'>> {
  /** Where chains begin: at the images of the data set, or at uniform noise in [0, 1]. */
  start: 'data' | 'uniform';
  steps: number;
}

const columns = (_: SystemInfo, { steps }: TraceParams) => ({
  logPx: float32(steps + 1),
  gradientNorm: float32(steps + 1),
  displacement: float32(steps + 1),
  saturated: float32(steps + 1),
  outside: float32(steps + 1),
});

export type TraceRows = RowsIn<ReturnType<typeof columns>>;

/**
 * SGLD up log p(x), looked at before the first step and after every one, a chain for each example: its columns are those of
 * `Trace`, (n, steps + 1), NaN from where a chain diverged.
 */
export const sgldTrace = defineMeasurement({
  name: 'sgld-trace',
  version: 1,
  needs: ['logPx', 'inputGradient'],
  unitSize: 16,
  passes: ({ steps }: TraceParams) => ({ forward: 0, gradient: steps + 1 }),
  columns,
  async measure(
    { system, examples, seed, signal }: MeasureContext,
    { start, steps, stepSize, noise, clamp, temperature }: TraceParams,
  ) {
    const keys: StreamKey[] = Array.from(examples.indices, (example) => ({
      seed,
      purpose: `trace/${start}`,
      example,
    }));
    const pixels = start === 'data' ? examples.pixels.slice() : uniform(examples.pixels.length, keys);
    const state = { n: examples.n, pixels, keys };
    return { ...(await traceChains(system, state, { steps, stepSize, noise, clamp, temperature, signal })) };
  },
});

function uniform(length: number, keys: readonly StreamKey[]): Float32Array {
  const pixels = new Float32Array(length);
  const size = length / Math.max(1, keys.length);
  keys.forEach((key, i) => {
    const draws = stream({ ...key, purpose: `${key.purpose}/start` });
    for (let k = i * size; k < (i + 1) * size; k++) pixels[k] = draws.uniform();
  });
  return pixels;
}
