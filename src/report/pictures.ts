import { createHash } from 'node:crypto';
import path from 'node:path';
import { AssayError } from '../errors.js';
import type { Figure, Picture } from '../suites/results.js';
import { slug } from './names.js';
import { writeAtomically } from './output.js';

/**
 * Writes every picture that is given as pixels to `images/` below the run folder as PNG, and returns figures
 * that name the file instead. Names hold the figure, the cell and a hash of the image, so that the same
 * results give the same files and two suites with equal figure ids cannot overwrite each other.
 *
 * Pixels are (C, H, W) in [0, 1], C = 1 or 3; values outside are clamped, since differences may be amplified.
 * Errors: `data-invalid` for a wrong shape or NaN, `output-unwritable`.
 */
export async function savePictures(directory: string, figures: readonly Figure[]): Promise<Figure[]> {
  const saved: Figure[] = [];
  for (const figure of figures) {
    if (figure.kind !== 'images') {
      saved.push(figure);
      continue;
    }
    const rows = await Promise.all(
      figure.rows.map(async (row, r) => ({
        ...row,
        cells: await Promise.all(
          row.cells.map((cell, c) => cell && savePicture(directory, `${slug(figure.id)}-${r}-${c}`, cell)),
        ),
      })),
    );
    saved.push({ ...figure, rows });
  }
  return saved;
}

async function savePicture(directory: string, name: string, picture: Picture): Promise<Picture> {
  const { pixels, ...rest } = picture;
  if (!pixels) return picture;
  const png = await encodePng(pixels, picture.shape, name);
  const hash = createHash('sha256').update(png).digest('hex').slice(0, 8);
  const file = `images/${name}-${hash}.png`;
  await writeAtomically(path.join(directory, file), png);
  return { ...rest, file };
}

/** PNG bytes of an image (C, H, W) in [0, 1]; 8 bits a channel, rounded to nearest. */
export async function encodePng(
  pixels: ArrayLike<number>,
  shape: Picture['shape'],
  name: string,
): Promise<Buffer> {
  const [channels, height, width] = shape;
  const area = height * width;
  if ((channels !== 1 && channels !== 3) || area <= 0 || pixels.length !== channels * area) {
    throw new AssayError('data-invalid', `picture "${name}" cannot be drawn`, {
      expected: `shape [1 or 3, height, width] with as many pixels`,
      found: `shape [${shape.join(', ')}] with ${pixels.length} pixels`,
    });
  }
  const bytes = new Uint8Array(channels * area);
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < channels; c++) {
      const value = pixels[c * area + i]!;
      if (Number.isNaN(value)) {
        throw new AssayError('data-invalid', `picture "${name}" holds NaN`, {
          path: `pixel ${c * area + i}`,
        });
      }
      bytes[i * channels + c] = Math.round(255 * Math.min(1, Math.max(0, value)));
    }
  }
  // Most suites have no pictures, and need not wait for what writes them.
  const { default: sharp } = await import('sharp');
  const image = sharp(bytes, { raw: { width, height, channels } });
  return (channels === 1 ? image.toColourspace('b-w') : image).png({ compressionLevel: 9 }).toBuffer();
}
