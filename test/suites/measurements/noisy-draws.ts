import { argmaxOf } from '../../../src/metrics/softmax.js';
import type { System } from '../../../src/models/system.js';
import { stream } from '../../../src/random/stream.js';
import { builtinCatalogue } from '../../../src/suites/catalogue.js';
import type { MeasureContext } from '../../../src/suites/contract.js';

/** Of a linear classifier of three classes. */
export const WEIGHTS = [
  [2, -1, 0, 1],
  [-1, 2, 1, 0],
  [0, 0, 1, -2],
];
const SIZE = 4;
const SEED = 11;
const draws = stream({ seed: 5, purpose: 'test/smoothed-counts', example: 0 });
export const images = Array.from({ length: 9 }, () => Array.from({ length: SIZE }, () => draws.uniform()));

interface Counts {
  selection: Int32Array;
  estimation: Int32Array;
}

/** What a measurement counts of some of the images, an entry each. */
export const measuredBy =
  <P>({ measure }: { measure(context: MeasureContext, params: P): Promise<Counts> }, params: P) =>
  async (system: System, positions: readonly number[], more: Partial<MeasureContext> = {}) => {
    const { selection, estimation } = await measure(
      {
        system,
        examples: {
          n: positions.length,
          indices: Int32Array.from(positions, (p) => 100 + p),
          pixels: Float32Array.from(positions.flatMap((p) => images[p]!)),
        },
        inputs: [],
        reference: [],
        parts: () => {
          throw new Error('no parts');
        },
        images: () => {
          throw new Error('no images');
        },
        seed: SEED,
        signal: new AbortController().signal,
        catalogue: builtinCatalogue,
        systemNamed: () => system,
        ...more,
      },
      params,
    );
    const of = (counts: Int32Array, row: number) => [...counts.subarray(row * 3, row * 3 + 3)];
    return positions.map((_, row) => ({ selection: of(selection, row), estimation: of(estimation, row) }));
  };

/** The class of one noisy copy of an image, by the definition. */
export function classUnderNoise(
  { position, purpose, step }: { position: number; purpose: string; step: number },
  sigma: number,
): number {
  const noise = new Float64Array(SIZE);
  stream({ seed: SEED, purpose, example: 100 + position, step }).normals(noise);
  const x = images[position]!.map((value, p) => Math.fround(Math.fround(value) + sigma * noise[p]!));
  return argmaxOf(WEIGHTS.map((row) => Math.fround(row.reduce((sum, w, p) => sum + w * x[p]!, 0))));
}

/** How often each class is among them. */
export function countsOf(classes: readonly number[]): number[] {
  const counts = [0, 0, 0];
  for (const one of classes) counts[one]!++;
  return counts;
}
