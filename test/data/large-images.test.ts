import sharp from 'sharp';
import { expect, it } from 'vitest';
import { errorOf, put, readAll, temporaryFolder } from './files.js';

const directory = temporaryFolder();

it('an image that is too large as an example is read when it is resized', async () => {
  const grey = { width: 2049, height: 2048, channels: 3 as const, background: '#808080' };
  put(directory, 'a/1.png', await sharp({ create: grey }).png().toBuffer());
  const error = await errorOf(readAll(directory, { path: 'a' }));
  expect(error.explain()).toMatch(/too large to be an example.*at most 4194304.*2048 x 2049.*resize/s);
  expect((await readAll(directory, { path: 'a', resize: [4, 4] })).info.shape).toEqual([3, 4, 4]);
});
