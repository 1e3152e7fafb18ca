import sharp, { type OverlayOptions } from 'sharp';
import { AssayError } from '../../errors.js';
import { mapTuple } from '../../map-tuple.js';
import type { ImageFigure } from '../../suites/results.js';
import { pictureBytes } from '../embed-image.js';

/** White between cells, in pixels. */
const GAP = 2;
/** Of the whole grid: what nobody prints, and a file from elsewhere could ask for. */
const MOST_PIXELS = 100_000_000;

interface Placed {
  input: Buffer;
  row: number;
  column: number;
  width: number;
  height: number;
}

export interface Grid {
  png: Uint8Array;
  /** How many pictures it names, and of how many the file is not there: their cells are white. */
  pictures: number;
  missing: number;
}

/**
 * A grid of pictures as one PNG: the files that the figure names, in their own pixels, rows and columns as wide as their
 * largest. Labels, headings and captions are left to the document that shows it.
 * @param directory the run folder
 * Errors: `data-invalid` when none of the files is there, or the grid is too large.
 */
export async function gridPng(directory: string, { id, rows }: ImageFigure): Promise<Grid> {
  const placed: Placed[] = [];
  let pictures = 0;
  for (const [row, { cells }] of rows.entries())
    for (const [column, cell] of cells.entries()) {
      if (!cell?.file) continue;
      pictures++;
      const input = await pictureBytes(directory, cell.file);
      if (!input) continue;
      const { width, height } = await sharp(input)
        .metadata()
        .catch((cause) => {
          throw damaged(id, cause);
        });
      placed.push({ input, row, column, width, height });
    }
  if (placed.length === 0)
    throw new AssayError('data-invalid', `the grid "${id}" has no pictures`, {
      found: 'none of the files that it names is in the run folder',
    });
  const lefts = offsets(placed, 'column', 'width');
  const tops = offsets(placed, 'row', 'height');
  const [width, height] = mapTuple([lefts, tops], (starts) => (starts.at(-1) ?? 0) - GAP);
  if (width * height > MOST_PIXELS)
    throw new AssayError('data-invalid', `the grid "${id}" is too large`, {
      expected: `at most ${MOST_PIXELS} pixels`,
      found: `${width} x ${height}`,
    });
  const overlays = placed.map(
    ({ input, row, column }): OverlayOptions => ({ input, left: lefts[column], top: tops[row] }),
  );
  const png = await sharp({ create: { width, height, channels: 3, background: '#ffffff' } })
    .composite(overlays)
    .png({ compressionLevel: 9 })
    .toBuffer()
    .catch((cause) => {
      throw damaged(id, cause);
    });
  return { png, pictures, missing: pictures - placed.length };
}

const damaged = (id: string, cause: Error) =>
  new AssayError('data-invalid', `a picture of the grid "${id}" is damaged`, { found: cause.message, cause });

/** Where each row or column begins, and where one after the last would. */
function offsets(placed: readonly Placed[], along: 'row' | 'column', side: 'width' | 'height'): number[] {
  const largest: number[] = [];
  for (const one of placed) largest[one[along]] = Math.max(largest[one[along]] ?? 0, one[side]);
  const starts = [0];
  for (let k = 0; k < largest.length; k++) starts.push(starts[k]! + (largest[k] ?? 0) + GAP);
  return starts;
}
