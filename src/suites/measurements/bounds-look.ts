import { parseEpsilon } from '../../attacks/epsilon.js';
import type { BallNorm } from '../../bounds/margins.js';
import type { Examples } from '../../data/dataset.js';
import { AssayError } from '../../errors.js';
import { argmaxOf } from '../../metrics/softmax.js';
import { imageSize } from '../../models/batching.js';
import type { BoundQuestion, System } from '../../models/system.js';
import { float64, int32, type RowsIn, uint8 } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { offered } from './clean.js';

export interface BoundsLookParams {
  method: BoundQuestion['method'];
  norm: BallNorm;
  /** As written; the smallest radius that is to be proved. */
  epsilon: string;
}

/** Images that are looked at. */
export const LOOKED_AT = 8;

/**
 * How much a bound falls below the margin of its image grows with the radius and differs between images by a small factor, and so
 * do margins. Where the least of the falls is so many times the largest margin, no image is near to being proved.
 */
const HOPELESS = 20;

/**
 * Lines inside may tighten what intervals make of a network by several orders of magnitude: by 10^4 on networks of a few layers. No
 * tighter method makes up for this.
 */
const BEYOND = 1e9;

/** `outcome` of the rows. */
export const LOOK = { hopeful: 0, hopeless: 1, unbounded: 2 } as const;

const columns = () => ({ taken: int32(), fall: float64(), margin: float64(), outcome: uint8() });

/** Rows of `bounds-look`. */
export type BoundsLookRows = RowsIn<ReturnType<typeof columns>>;

/**
 * Whether bounds of margins are worth their passes, from the first few images of a data set, at the smallest radius: of wide
 * and deep networks they fall below every margin by orders of magnitude. Intervals are looked at first, which cost least and
 * suffice for such networks; then, of `crown-ibp`, its own bounds. One row: `taken`, how many of the images are classified
 * correctly; `fall`, the least that a bound lies below the margin of its image; `margin`, the largest of these margins;
 * and `outcome`: `hopeful`, `hopeless`, or `unbounded` where the network has a step that no bound knows.
 */
export const boundsLook = defineMeasurement({
  name: 'bounds-look',
  version: 2,
  needs: ['logits', 'marginBounds'],
  unitSize: 1,
  aggregate: 'images',
  firstImages: LOOKED_AT,
  endsEarly: true,
  passes: ({ method }: BoundsLookParams, { classes }) => ({
    forward: (1 + 3 * looksOf(method).length) * LOOKED_AT,
    gradient: looksOf(method).length * Math.max(0, classes.length - 1) * LOOKED_AT,
  }),
  columns,
  async measure(
    { system, images, signal, outlook }: MeasureContext,
    { method, norm, epsilon }: BoundsLookParams,
  ) {
    const { looked, pixels, labels, margins } = await rightImages(system, images(), signal);
    const others = Math.max(0, system.info.classes.length - 1);
    outlook?.begin(1);
    const spare = (images: number) => outlook?.spare({ forward: 3 * images, gradient: others * images });
    const looks = looksOf(method);
    outlook?.spare({ forward: LOOKED_AT - looked, gradient: 0 });
    spare(looks.length * (LOOKED_AT - labels.length));
    const taken = Int32Array.of(labels.length);
    const [margin, fall] = [Float64Array.of(Math.max(0, ...margins)), Float64Array.of(Number.NaN)];
    const as = (outcome: number) => ({ taken, fall, margin, outcome: Uint8Array.of(outcome) });
    if (labels.length === 0) return as(LOOK.hopeful);
    try {
      const batch = { n: labels.length, pixels, labels: Int32Array.from(labels) };
      for (const [i, look] of looks.entries()) {
        const { margin: least } = await boundsOf(system)(batch, {
          epsilon: parseEpsilon(epsilon).value,
          norm,
          method: look.method,
        });
        fall[0] = Math.min(...margins.map((own, k) => own - least[k]!));
        if (fall[0] > look.hopeless * margin[0]!) {
          spare((looks.length - 1 - i) * labels.length);
          return as(LOOK.hopeless);
        }
      }
      return as(LOOK.hopeful);
    } catch (error) {
      if (error instanceof AssayError && error.code === 'op-unsupported') return as(LOOK.unbounded);
      throw error;
    }
  },
});

interface OneLook {
  method: BoundQuestion['method'];
  /** How many times the largest margin the least fall may be. */
  hopeless: number;
}

/** What is looked at before a method is tried, cheapest first. */
function looksOf(method: BoundQuestion['method']): OneLook[] {
  const intervals = { method: 'ibp', hopeless: method === 'ibp' ? HOPELESS : BEYOND } as const;
  return method === 'crown-ibp' ? [intervals, { method, hopeless: HOPELESS }] : [intervals];
}

/** Bounds of a system. Errors: `op-unsupported` where it has none. */
export function boundsOf(system: System): NonNullable<System['marginBounds']> {
  if (system.marginBounds) return system.marginBounds.bind(system);
  throw new AssayError('op-unsupported', `"${system.info.name}" computes no bounds of margins`);
}

/** Of the first few images, those that are classified correctly, with their margins. */
async function rightImages(system: System, parts: AsyncIterable<Examples>, signal: AbortSignal) {
  const size = imageSize(system.info);
  const { name, classes } = system.info;
  const [right, labels, margins]: [number[], number[], number[]] = [[], [], []];
  let looked = 0;
  for await (const part of parts) {
    signal.throwIfAborted();
    const n = Math.min(part.n, LOOKED_AT - looked);
    const { logits } = await system.forward({ n, pixels: part.pixels.slice(0, n * size) });
    const found = offered(logits, n * classes.length, 'logits', name);
    for (let i = 0; i < n; i++) {
      const own = found.slice(i * classes.length, (i + 1) * classes.length);
      const label = part.labels?.[i] ?? -1;
      if (argmaxOf(own) !== label) continue;
      right.push(...part.pixels.subarray(i * size, (i + 1) * size));
      labels.push(label);
      margins.push(
        Math.min(...own.map((f, k) => (k === label ? Number.POSITIVE_INFINITY : own[label]! - f))),
      );
    }
    looked += n;
    if (looked >= LOOKED_AT) break;
  }
  return { looked, pixels: Float32Array.from(right), labels, margins };
}

/** A first look at the bounds of a system. */
export const boundsLookRequest = (
  system: string,
  dataset: string,
  params: BoundsLookParams,
): Request<BoundsLookRows> => request({ measurement: boundsLook, system, dataset, params });
