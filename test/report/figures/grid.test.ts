import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { gridPng } from '../../../src/report/figures/grid.js';
import { renderFigures } from '../../../src/report/figures/render.js';
import { savePictures } from '../../../src/report/pictures.js';
import { createPalette } from '../../../src/report/plots/palette.js';
import { createPlotter } from '../../../src/report/plots/plotter.js';
import { figureView } from '../../../src/report/views/figures.js';
import { sealed } from '../../../src/runs/plan/seal.js';
import type { ImageFigure, Picture } from '../../../src/suites/results.js';
import { obeyed } from '../../e2e/assay.js';
import { savedSample, withFolder } from '../run-folder.js';

/** Of one grey. */
const picture = (grey: number, height: number, width: number): Picture => ({
  pixels: new Float32Array(height * width).fill(grey),
  shape: [1, height, width],
});

const figure = (rows: readonly (readonly (Picture | null)[])[]): ImageFigure => ({
  kind: 'images',
  id: 'grid',
  title: 'T',
  columns: rows[0]!.map(() => 'c'),
  rows: rows.map((cells) => ({ label: 'r', cells: [...cells] })),
});

async function saved(
  directory: string,
  rows: readonly (readonly (Picture | null)[])[],
): Promise<ImageFigure> {
  const one = (await savePictures(directory, [figure(rows)]))[0]!;
  if (one.kind !== 'images') throw new Error('no grid');
  return one;
}

describe('a grid as one file', () => {
  test('has its pictures where they stand, in their own pixels, two apart', async () => {
    await withFolder(async (directory) => {
      const grid = await saved(directory, [
        [picture(0, 2, 3), picture(0.2, 2, 2)],
        [null, picture(0.4, 1, 2)],
      ]);
      const { png, ...told } = await gridPng(directory, grid);
      expect(told).toEqual({ pictures: 3, missing: 0 });
      const image = sharp(png);
      const { width, height } = await image.metadata();
      expect([width, height]).toEqual([3 + 2 + 2, 2 + 2 + 1]);
      const bytes = await image.toColourspace('b-w').raw().toBuffer();
      const rows = [0, 1, 2, 3, 4].map((y) => [...bytes.subarray(7 * y, 7 * y + 7)]);
      expect(rows).toEqual([
        [0, 0, 0, 255, 255, 51, 51],
        [0, 0, 0, 255, 255, 51, 51],
        [255, 255, 255, 255, 255, 255, 255],
        [255, 255, 255, 255, 255, 255, 255],
        [255, 255, 255, 255, 255, 102, 102],
      ]);
    });
  });

  test.each<[string, Buffer]>([
    ['without a header', Buffer.alloc(20)],
    ['cut off', Buffer.alloc(0)],
  ])('is refused with a picture that is damaged, %s', async (_, rest) => {
    await withFolder(async (directory) => {
      const grid = await saved(directory, [[picture(0, 20, 30)]]);
      const file = join(directory, grid.rows[0]!.cells[0]?.file ?? '');
      const bytes = readFileSync(file);
      writeFileSync(
        file,
        rest.length > 0 ? Buffer.concat([bytes.subarray(0, 8), rest]) : bytes.subarray(0, 50),
      );
      await expect(gridPng(directory, grid)).rejects.toMatchObject({ code: 'data-invalid' });
    });
  });

  test('is written beside the plots, and left out where its pictures are gone', async () => {
    await withFolder(async (directory) => {
      const results = await savedSample(directory);
      const suites = results.suites.flatMap((suite) => {
        const figures = suite.figures.filter(({ kind }) => kind === 'images');
        return figures.length > 0 ? [{ ...suite, figures: figures.slice(0, 1) }] : [];
      });
      const draw = async () => {
        const all = [];
        for await (const one of renderFigures({ ...results, suites }, directory)) all.push(one);
        return all;
      };
      const [whole] = await draw();
      expect(whole).not.toHaveProperty('lacks');
      expect([whole]).toMatchObject([{ name: 'attack-examples', files: [{ path: 'attack-examples.png' }] }]);
      const grid = suites.flatMap(({ figures }) => figures)[0]!;
      const files = grid.kind === 'images' ? grid.rows.flatMap(({ cells }) => cells) : [];
      const named = files.flatMap((cell) => cell?.file ?? []);
      const gone = named[0]!;
      rmSync(join(directory, gone));
      const missing = named.filter((file) => file === gone).length;
      expect(missing).toBeLessThan(named.length);
      expect(await draw()).toMatchObject([
        {
          files: [{ path: 'attack-examples.png' }],
          lacks: `${missing} of ${named.length} pictures: not in the run folder, or no PNG`,
        },
      ]);
      writeFileSync(join(directory, 'results.json'), JSON.stringify(sealed({ ...results, suites })));
      expect(await obeyed(['figures', directory], '.')).toMatchObject({
        code: 0,
        stderr: `! attack-examples lacks ${missing} of ${named.length} pictures: not in the run folder, or no PNG\n`,
      });
      rmSync(join(directory, 'images'), { recursive: true });
      expect(await draw()).toMatchObject([{ failed: expect.stringContaining('has no pictures') }]);
    });
  });
});

test.each([
  ['single images stay in half a page', 28, 28, 'half', 84, 84],
  ['a line of images has a page, and is enlarged as far as it fits', 28, 289, 'full', 578, 56],
  ['a line of large images shrinks', 224, 2249, 'full', 640, 64],
])('in reports %s', async (_, height, width, size, shownWidth, shownHeight) => {
  await withFolder(async (directory) => {
    const grid = await saved(directory, [[picture(0.5, height, width)]]);
    const view = await figureView(grid, 'f', directory, {
      palette: createPalette([]),
      plotter: createPlotter(0),
    });
    expect(view.size).toBe(size);
    expect(view.grid?.rows[0]?.cells[0]).toMatchObject({ width: shownWidth, height: shownHeight });
  });
});
