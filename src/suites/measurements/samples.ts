import type { Examples } from '../../data/dataset.js';
import { AssayError } from '../../errors.js';
import { imageSize } from '../../models/batching.js';
import { firstNotFinite, NotFinite } from '../../models/finite.js';
import type { SystemInfo } from '../../models/system.js';
import { stream } from '../../random/stream.js';
import { inBox, shareOutside } from '../../sampling/in-box.js';
import { type SgldOptions, type SgldState, sgld } from '../../sampling/sgld.js';
import { type TargetName, targetNamed } from '../../sampling/targets.js';
import { float32, int32, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext } from '../contract.js';
import type { GaussianImageRows } from './gaussian-images.js';

/** Where chains start: at the images of the data set, at uniform noise, or at image i of what a checkpoint keeps. */
export type ChainStart = 'images' | 'uniform' | 'buffer' | 'class-gaussian';

export interface SamplesParams extends SgldOptions {
  target: TargetName;
  start: ChainStart;
  steps: number;
  /** The class of a chain: the classes in turn, by its number; the example's label; or one class for all. */
  class?: 'each' | 'label' | number;
  /** Of a buffer: how many of its images there are chains of, spread over it. Default: the first ones, in their order. */
  spread?: number;
  /** Steps at which images are kept as well, ascending: 0 is the start. */
  looks?: readonly number[];
}

const columns = ({ shape }: SystemInfo, { looks }: SamplesParams) => ({
  pixels: float32(...shape),
  conditioned: int32(),
  outside: float32(),
  looks: looks ? float32(looks.length, ...shape) : undefined,
});

export type SampleRows = RowsIn<ReturnType<typeof columns>>;

/**
 * Where chains of SGLD end, one for every example, whose number names the chain. Rows: `pixels` (n, C, H, W), cut to
 * [0, 1]; `conditioned` (n), the class whose density was climbed, -1 where there was none; `outside` (n), the share of
 * its pixels that were cut; `looks` (n, looks, C, H, W), the images on the way, cut as well. Reads the starts from its
 * reference where they are Gaussian.
 */
export const samples = defineMeasurement({
  name: 'samples',
  version: 1,
  needs: ['inputGradient'],
  unitSize: 256,
  passes: ({ steps }: SamplesParams) => ({ forward: 0, gradient: steps }),
  columns,
  async measure(context: MeasureContext<[], [starts?: GaussianImageRows]>, params: SamplesParams) {
    const { system, examples, seed, signal, fail } = context;
    const { n, indices } = examples;
    const { steps, looks, class: _, start: __, spread: ___, ...options } = params;
    const conditioned = classesOf(params, examples, system.info);
    const state: SgldState = {
      n,
      pixels: await startsOf(context, params),
      keys: Array.from(indices, (example) => ({ seed, purpose: 'samples', example })),
      ...(targetNamed(params.target).conditional && { labels: conditioned }),
    };
    const size = imageSize(system.info);
    if (params.start === 'buffer') leaveOutBroken(state, system.info.name, fail);
    const count = looks?.length ?? 0;
    const seen = new Float32Array(n * count * size);
    let from = 0;
    for (const [k, look] of [...(looks ?? []), steps].entries()) {
      await sgld(system, state, { ...options, steps: look - from, from, signal, ...(fail && { fail }) });
      from = look;
      if (k < count)
        for (let i = 0; i < n; i++)
          seen.set(inBox(state.pixels.subarray(i * size, (i + 1) * size)), (i * count + k) * size);
    }
    return {
      pixels: inBox(state.pixels),
      conditioned,
      outside: Float32Array.from({ length: n }, (_, i) =>
        shareOutside(state.pixels.subarray(i * size, (i + 1) * size)),
      ),
      ...(looks && { looks: seen }),
    };
  },
});

function classesOf(
  { target, class: of }: SamplesParams,
  { indices, labels }: Examples,
  { classes, name }: SystemInfo,
): Int32Array {
  if (!targetNamed(target).conditional) return indices.map(() => -1);
  if (of === 'each') return indices.map((i) => i % classes.length);
  if (typeof of === 'number') return indices.map(() => of);
  if (labels) return labels.slice();
  throw new AssayError(
    'data-invalid',
    `chains that climb the label's class of "${name}" start at labelled images`,
    {
      hint: 'say which class: `class: each`, or one by name',
    },
  );
}

/** Training that diverged leaves NaN in its buffer: no step size helps, and such images are told apart from chains that leave. */
function leaveOutBroken({ n, pixels }: SgldState, name: string, fail: MeasureContext['fail']): void {
  const size = pixels.length / Math.max(1, n);
  for (let row = 0; row < n; row++) {
    const start = pixels.subarray(row * size, (row + 1) * size);
    if (firstNotFinite(start) < 0) continue;
    const error = new NotFinite(
      `the image of the replay buffer of "${name}" that a chain starts at holds NaN or infinity`,
      {
        hint: 'the suite `energy` counts such images (`buffer-not-finite`); start from uniform noise, or leave the buffer out: `buffer: 0`',
      },
    );
    if (!fail) throw error;
    fail(row, error);
    start.fill(0);
  }
}

/** (n, C, H, W), of which nothing else is a part. */
async function startsOf(
  { system, examples, seed, reference: [gaussian] }: MeasureContext<[], [starts?: GaussianImageRows]>,
  { start, spread }: SamplesParams,
): Promise<Float32Array> {
  const { indices, n, pixels } = examples;
  const size = imageSize(system.info);
  if (start === 'images') return pixels.slice();
  if (start === 'uniform') {
    const noise = new Float64Array(size);
    const all = new Float32Array(n * size);
    indices.forEach((example, i) => {
      stream({ seed, purpose: 'samples/start', example }).uniforms(noise);
      all.set(noise, i * size);
    });
    return all;
  }
  const kept = start === 'buffer' ? await system.storedChains?.() : gaussian?.images.data;
  if (!kept)
    throw new AssayError('suite-failed', `there is nothing to start chains of "${system.info.name}" at`);
  const places =
    spread === undefined ? indices : indices.map((chain) => placeInBuffer(chain, spread, kept.length / size));
  return picked(kept, places, size, system.info.name);
}

/**
 * Where the image of a chain lies in a buffer of `stored`, of which `count` images are taken: evenly over it, and so that
 * any few chains in a row lie all over it. Buffers are often sorted by class.
 */
export function placeInBuffer(chain: number, count: number, stored: number): number {
  // Multiples of a stride that shares no divisor with the count visit every turn once; the golden ratio spreads them.
  let stride = Math.max(1, Math.round(0.618 * count));
  while (divisor(stride, count) > 1) stride++;
  return Math.floor((((chain * stride) % count) * stored) / count);
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

function picked(images: Float32Array, indices: Int32Array, size: number, name: string): Float32Array {
  const all = new Float32Array(indices.length * size);
  const there = images.length / size;
  indices.forEach((index, i) => {
    if (index >= there)
      throw new AssayError(
        'config-invalid',
        `there are fewer images than chains of "${name}" to start at them`,
        {
          expected: `at most ${there} chains`,
          found: `chain ${index + 1}`,
          hint: `set n to ${there}`,
        },
      );
    all.set(images.subarray(index * size, (index + 1) * size), i * size);
  });
  return all;
}
