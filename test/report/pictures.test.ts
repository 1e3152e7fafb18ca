import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { encodePng, savePictures } from '../../src/report/pictures.js';
import type { Figure, Picture } from '../../src/suites/results.js';
import { withFolder } from './run-folder.js';
import { picturesOf } from './sample.js';

function grid(picture: Picture, id = 'examples'): Figure {
  return {
    kind: 'images',
    id,
    title: 'T',
    columns: ['a', 'b'],
    rows: [{ label: 'r', cells: [picture, null] }],
  };
}

describe('saving', () => {
  test.each([
    ['grey', [1, 2, 3], [0, 0.5, 1, 0.25, 2, -1], [0, 128, 255, 64, 255, 0]],
    ['colour', [3, 1, 2], [1, 0, 0.5, 0, 0, 1], [255, 128, 0, 0, 0, 255]],
  ] as const)('%s pixels come back from the file', async (_, [c, h, w], pixels, bytes) => {
    await withFolder(async (directory) => {
      const figure = (await savePictures(directory, [grid({ pixels, shape: [c, h, w], caption: 'x' })]))[0]!;
      const picture = picturesOf([figure])[0]!;
      expect(picture).toEqual({
        shape: [c, h, w],
        caption: 'x',
        file: expect.stringMatching(/^images\/examples-0-0-/),
      });
      const image = sharp(path.join(directory, picture.file ?? ''));
      const { channels, height, width } = await image.metadata();
      expect([channels, height, width]).toEqual([c, h, w]);
      expect([
        ...(await image
          .toColourspace(c === 1 ? 'b-w' : 'srgb')
          .raw()
          .toBuffer()),
      ]).toEqual(bytes);
    });
  });

  test('the same picture has the same name and bytes, another picture another name', async () => {
    await withFolder(async (directory) => {
      const picture: Picture = { pixels: [0, 1], shape: [1, 1, 2] };
      const first = (await savePictures(directory, [grid(picture)]))[0]!;
      const [name] = picturesOf([first]).map((p) => p.file ?? '') as [string];
      const bytes = await readFile(path.join(directory, name));
      const [second] = await savePictures(directory, [grid(picture)]);
      expect(second).toEqual(first);
      expect(await readFile(path.join(directory, name))).toEqual(bytes);
      await savePictures(directory, [grid({ pixels: [1, 0], shape: [1, 1, 2] })]);
      expect(await readdir(path.join(directory, 'images'))).toHaveLength(2);
    });
  });

  test('a hostile id stays inside images/', async () => {
    await withFolder(async (directory) => {
      const figure = (
        await savePictures(directory, [grid({ pixels: [1], shape: [1, 1, 1] }, '../../../etc/x')])
      )[0]!;
      expect(picturesOf([figure])[0]!.file).toMatch(/^images\/[a-z0-9-]+\.png$/);
    });
  });

  test('a folder that cannot be written is named', async () => {
    const saving = savePictures('/dev/null/run', [grid({ pixels: [1], shape: [1, 1, 1] })]);
    await expect(saving).rejects.toMatchObject({
      code: 'output-unwritable',
      details: { file: expect.stringContaining('/dev/null/run') },
    });
  });
});

test.each([
  ['two channels', [0, 0], [2, 1, 1]],
  ['too few pixels', [0], [1, 2, 2]],
  ['no area', [], [1, 0, 5]],
  ['NaN', [Number.NaN], [1, 1, 1]],
] as const)('%s is refused', async (_, pixels, shape) => {
  await expect(encodePng(pixels, [...shape], 'p')).rejects.toMatchObject({ code: 'data-invalid' });
});
