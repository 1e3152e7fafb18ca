import path from 'node:path';
import sharp from 'sharp';
import { openFile } from '../../bytes/byte-source.js';
import type { ArraySource } from '../../data/arrays/array-source.js';
import { openNpy } from '../../data/arrays/npy.js';
import { exampleFile } from '../example-file.js';
import type { ViewedDataset } from './rows.js';
import type { ViewedSheet } from './sheet-rows.js';

/** Images in a row of a sprite. */
const ACROSS = 20;
/** Larger images are shown smaller, by leaving out pixels. */
const LARGEST = 96;

/** Images of some examples in one PNG, `across` in a row. */
export interface Sprite {
  /** What they show: `clean`, or the model whose adversarial images they are. */
  of: string;
  sheet: string;
  /** Of the examples, in the order of the images. */
  indices: number[];
  across: number;
  width: number;
  height: number;
  /** A data URI. */
  png: string;
}

/** An array of images beside a sheet, and which examples its rows are. */
interface Images {
  sheet: string;
  of: string;
  array: ArraySource;
  order: readonly number[];
}

/** The arrays of images of a data set: `examples/SHEET-DATASET-MODEL.npy`, and `clean` for the images themselves. */
export async function imagesOf(
  directory: string,
  dataset: ViewedDataset,
  sheets: readonly ViewedSheet[],
): Promise<{ images: Images[]; close: () => Promise<void> }> {
  const images: Images[] = [];
  for (const { sheet, models } of dataset.sheets.values()) {
    const { name, columns } = sheets[sheet]!;
    if (!columns.includes('model')) continue;
    const [first] = models.values();
    for (const [of, { rows, indices }] of [['clean', first!] as const, ...models]) {
      const array = await openImages(directory, `${name}-${dataset.name}-${of}`);
      if (array && array.shape[0] === rows) images.push({ sheet: name, of, array, order: indices });
      else await array?.source.close();
    }
  }
  return {
    images,
    close: async () => void (await Promise.all(images.map(({ array }) => array.source.close()))),
  };
}

async function openImages(directory: string, name: string): Promise<ArraySource | undefined> {
  const file = path.join(directory, 'examples', `${exampleFile(name)}.npy`);
  const source = await openFile(file).catch(() => undefined);
  if (!source) return undefined;
  let drawable = false;
  try {
    const array = await openNpy(source);
    drawable = array.shape.length === 4 && (array.shape[1] === 1 || array.shape[1] === 3);
    return drawable ? array : undefined;
  } finally {
    if (!drawable) await source.close();
  }
}

/** The images of rows start to end of an array, (C, H, W) in [0, 1], as a sprite. */
export async function spriteOf(
  { sheet, of, array, order }: Images,
  start: number,
  end: number,
): Promise<Sprite> {
  const [, channels, height, width] = array.shape as readonly [number, number, number, number];
  const read = await array.rows(start, end);
  const pixels = read instanceof Float32Array ? read : Float32Array.from(read, Number);
  const step = Math.ceil(Math.max(height, width) / LARGEST);
  const [h, w] = [Math.ceil(height / step), Math.ceil(width / step)];
  const n = end - start;
  const rows = Math.ceil(n / ACROSS);
  // Rounds, and clamps to 0 and 255.
  const bytes = new Uint8ClampedArray(rows * h * ACROSS * w * channels);
  for (let i = 0; i < n; i++) {
    const [left, top] = [(i % ACROSS) * w, Math.floor(i / ACROSS) * h];
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < h; y++) {
        const from = ((i * channels + c) * height + y * step) * width;
        const to = ((top + y) * ACROSS * w + left) * channels + c;
        for (let x = 0; x < w; x++) bytes[to + x * channels] = 255 * pixels[from + x * step]!;
      }
  }
  const raw = { width: ACROSS * w, height: rows * h, channels: channels === 1 ? 1 : 3 } as const;
  const image = sharp(bytes, { raw });
  const png = await (channels === 1 ? image.toColourspace('b-w') : image)
    .png({ compressionLevel: 2 })
    .toBuffer();
  return {
    ...{ of, sheet, indices: order.slice(start, end), across: ACROSS, width: w, height: h },
    png: `data:image/png;base64,${png.toString('base64')}`,
  };
}
