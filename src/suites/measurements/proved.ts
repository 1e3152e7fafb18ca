import { parseEpsilon } from '../../attacks/epsilon.js';
import type { BallNorm } from '../../bounds/margins.js';
import { AssayError } from '../../errors.js';
import { argmaxOf } from '../../metrics/softmax.js';
import { imageSize } from '../../models/batching.js';
import { walksOf } from '../../models/programs/margin-bounds.js';
import type { BoundQuestion, Passes, SystemInfo } from '../../models/system.js';
import { float64, int32, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { type BoundsLookRows, boundsLookRequest, boundsOf, LOOK } from './bounds-look.js';
import { clean, type OutputRows } from './clean.js';

export interface ProvedParams {
  method: BoundQuestion['method'];
  norm: BallNorm;
  /** As written, smallest first. */
  epsilons: readonly string[];
}

const columns = (_: SystemInfo, { epsilons }: ProvedParams) => ({
  radii: int32(),
  margin: float64(epsilons.length),
  forward: int32(),
  gradient: int32(),
});

/** Rows of `proved`. */
export type ProvedRows = RowsIn<ReturnType<typeof columns>>;

/** Images at a time, so that progress shows and signals are heard. */
const AT_ONCE = 16;

/** Passes of an image at one radius: three of intervals and magnitudes, and walks back from every margin. */
const passesAt = ({ method }: ProvedParams, { classes }: SystemInfo): Passes => ({
  forward: 3,
  gradient: walksOf({ method }) * Math.max(0, classes.length - 1),
});

/**
 * At how many radii, smallest first, an image is proved to be robust; an attack need not look there. Only what is classified
 * correctly is bounded, each at larger radii as long as it is proved; nothing is where the first look (`bounds-look`) found no
 * hope. Reads the rows of `clean`. Rows: `radii` (n); `margin` (n, radii), lower bounds of the margin of the label less what
 * rounding may take, NaN where none was computed; `forward` and `gradient` (n), passes of the bounds.
 */
export const proved = defineMeasurement({
  name: 'proved',
  version: 2,
  needs: ['logits', 'marginBounds'],
  unitSize: 64,
  endsEarly: true,
  passes: (params: ProvedParams, system) => {
    const { epsilons } = params;
    const { forward, gradient } = passesAt(params, system);
    return { forward: forward * epsilons.length, gradient: gradient * epsilons.length };
  },
  columns,
  async measure(
    {
      system,
      examples,
      inputs: [{ logits }],
      reference: [look],
      signal,
      outlook,
    }: MeasureContext<[OutputRows], [BoundsLookRows]>,
    params: ProvedParams,
  ) {
    const { method, norm, epsilons } = params;
    const { n, labels, pixels } = examples;
    if (!labels || !logits)
      throw new AssayError('suite-failed', 'what is proved needs labels and the clean logits', {
        hint: 'request it with `provedRequest`, on a labelled data set',
      });
    const rows = {
      radii: new Int32Array(n),
      margin: new Float64Array(n * epsilons.length).fill(Number.NaN),
      forward: new Int32Array(n),
      gradient: new Int32Array(n),
    };
    const radii = epsilons.map((text) => parseEpsilon(text).value);
    const size = imageSize(system.info);
    const classes = system.info.classes.length;
    const each = passesAt(params, system.info);
    const right = (i: number) => argmaxOf(logits.data.subarray(i * classes, (i + 1) * classes)) === labels[i];
    const spared = (images: number): Passes => ({
      forward: images * each.forward,
      gradient: images * each.gradient,
    });
    for (let start = 0; start < n; start += AT_ONCE) {
      const end = Math.min(n, start + AT_ONCE);
      outlook?.begin(end - start);
      let left = Array.from({ length: end - start }, (_, i) => start + i).filter(right);
      if (look.outcome.data[0] !== LOOK.hopeful) left = [];
      for (const [k, epsilon] of radii.entries()) {
        signal.throwIfAborted();
        outlook?.spare(spared(end - start - left.length));
        if (left.length === 0) continue;
        const batch = {
          n: left.length,
          pixels: Float32Array.from(left.flatMap((i) => [...pixels.subarray(i * size, (i + 1) * size)])),
          labels: Int32Array.from(left, (i) => labels[i]!),
        };
        const { margin, passes } = await boundsOf(system)(batch, { epsilon, norm, method });
        for (const [at, i] of left.entries()) {
          rows.margin[i * epsilons.length + k] = margin[at]!;
          rows.forward[i]! += passes.forward / left.length;
          rows.gradient[i]! += passes.gradient / left.length;
          if (margin[at]! > 0) rows.radii[i] = k + 1;
        }
        left = left.filter((i) => rows.radii[i] === k + 1);
      }
    }
    return rows;
  },
});

/** What is proved of a labelled data set, with what it reads. */
export function provedRequest(
  system: string,
  dataset: string,
  params: ProvedParams,
  first?: number,
): Request<ProvedRows> {
  const { method, norm, epsilons } = params;
  const inputs: [Request<OutputRows>] = [request({ measurement: clean, system, dataset, first })];
  const look = boundsLookRequest(system, dataset, { method, norm, epsilon: epsilons[0]! });
  return request({ measurement: proved, system, dataset, params, inputs, reference: [look], first });
}
