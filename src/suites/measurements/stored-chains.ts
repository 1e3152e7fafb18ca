import { createHash } from 'node:crypto';
import { interruption } from '../../concurrency.js';
import { argmax } from '../../metrics/softmax.js';
import { imageSize } from '../../models/batching.js';
import { NotFinite } from '../../models/finite.js';
import type { System, SystemInfo } from '../../models/system.js';
import { shareOutside, shareSaturated } from '../../sampling/in-box.js';
import { float32, int32, type RowsIn, uint8 } from '../columns.js';
import { defineMeasurement, type MeasureContext } from '../contract.js';

export interface StoredChainsParams {
  /** Of how many images log p(x) is asked, evenly over the buffer. */
  images: number;
}

/** Places in a buffer of `stored` images that `images` of them have, evenly: neighbours are often of one class. */
export function placesOf(stored: number, images: number): Int32Array {
  const count = Math.min(stored, images);
  return Int32Array.from({ length: count }, (_, i) => Math.floor((i * stored) / count));
}

const columns = ({ storedChains = 0 }: SystemInfo, { images }: StoredChainsParams) => ({
  logPx: float32(Math.min(images, storedChains)),
  prediction: int32(Math.min(images, storedChains)),
  finite: uint8(storedChains),
  saturated: float32(storedChains),
  outside: float32(storedChains),
  copyOf: int32(storedChains),
});

export type StoredChainRows = RowsIn<ReturnType<typeof columns>>;

/**
 * The replay buffer that training left in a checkpoint, one row of the whole. By place in the buffer: `finite`, 1 where
 * every number of the image is; `saturated` and `outside`, the share of its numbers at 0 or 1 or beyond, and beyond;
 * `copyOf`, the first place that holds the same image to the bit, or -1. Of `placesOf(...)`: `logPx`, and `prediction`
 * where the system classifies, else -1; NaN and -1 of images that are not finite or for which it gives no number.
 */
export const storedChains = defineMeasurement({
  name: 'stored-chains',
  version: 2,
  needs: ['logPx'],
  unitSize: 1,
  aggregate: true,
  passes: ({ images }: StoredChainsParams, { storedChains: stored = 0 }) => ({
    forward: Math.min(images, stored),
    gradient: 0,
  }),
  columns,
  async measure({ system, signal }: MeasureContext, { images }: StoredChainsParams) {
    const stored = system.info.storedChains ?? 0;
    const pixels = (await system.storedChains?.()) ?? new Float32Array(0);
    const size = pixels.length / Math.max(1, stored);
    const image = (place: number) => pixels.subarray(place * size, (place + 1) * size);
    const all = Array.from({ length: stored }, (_, place) => image(place));
    const finite = Uint8Array.from(all, (values) => (values.every(Number.isFinite) ? 1 : 0));
    const places = placesOf(stored, images);
    const sound = places.filter((place) => finite[place] === 1);
    const said = await outputsOf(system, sound, image, signal);
    const at = new Map(Array.from(sound, (place, i) => [place, i]));
    const of = <T>(place: number, known: (i: number) => T, otherwise: T) => {
      const i = at.get(place);
      return i === undefined ? otherwise : known(i);
    };
    return {
      logPx: Float32Array.from(places, (place) => of(place, (i) => said.logPx[i]!, Number.NaN)),
      prediction: Int32Array.from(places, (place) => of(place, (i) => said.prediction[i]!, -1)),
      finite,
      saturated: Float32Array.from(all, shareSaturated),
      outside: Float32Array.from(all, shareOutside),
      copyOf: copies(all),
    };
  },
});

/** NaN and -1 of images for which the system gives no number: halves of a batch are asked again until they are found alone. */
async function outputsOf(
  system: System,
  places: Int32Array,
  image: (place: number) => Float32Array,
  signal: AbortSignal,
): Promise<{ logPx: Float32Array; prediction: Int32Array }> {
  const logPx = new Float32Array(places.length).fill(Number.NaN);
  const prediction = new Int32Array(places.length).fill(-1);
  const ask = async (start: number, end: number): Promise<void> => {
    if (signal.aborted) throw interruption(signal);
    const n = end - start;
    const pixels = new Float32Array(n * imageSize(system.info));
    places.subarray(start, end).forEach((place, i) => {
      pixels.set(image(place), i * imageSize(system.info));
    });
    try {
      const outputs = await system.forward({ n, pixels });
      logPx.set(outputs.logPx ?? [], start);
      const classes = system.info.classes.length;
      if (outputs.logits) prediction.set(argmax({ n, classes, data: outputs.logits }), start);
    } catch (error) {
      if (!(error instanceof NotFinite)) throw error;
      if (n === 1) return;
      const middle = start + Math.ceil(n / 2);
      await ask(start, middle);
      await ask(middle, end);
    }
  };
  for (let start = 0; start < places.length; start += system.batchSize)
    await ask(start, Math.min(places.length, start + system.batchSize));
  return { logPx, prediction };
}

/** For each image the first one that is the same to the bit, or -1. */
function copies(all: readonly Float32Array[]): Int32Array {
  const first = new Map<string, number>();
  return Int32Array.from(all, (values, place) => {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const digest = createHash('sha256').update(bytes).digest('base64');
    const known = first.get(digest);
    if (known === undefined) first.set(digest, place);
    return known ?? -1;
  });
}
