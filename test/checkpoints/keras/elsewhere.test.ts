import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf } from '../../data/files.js';
import { closeHdf5, reusedHdf5 } from '../../fuzz/hdf5-reader.js';
import { linear, numbers } from './files.js';
import {
  externalNumbers,
  type HeaderForm,
  ownNumbers,
  packedNumbers,
  virtualNumbers,
} from './hdf5-by-hand.js';
import { h5, WEIGHTS, writerReady } from './hdf5-writer.js';

beforeAll(() => writerReady, 300_000);
afterAll(closeHdf5);

const read = (bytes: Uint8Array) => reusedHdf5(Uint8Array.from(bytes), 'model.h5');

const forms: HeaderForm[] = [1, 2].flatMap((version) =>
  [false, true].map((continued) => ({ version: version as 1 | 2, continued })),
);
/** What a file may call itself, and files that every system has: the library would read them. */
const NAMES = ['weights.raw', '../weights.raw', 'model.h5', '/model.h5', '/dev/null', '/dev/urandom'];
const REMEDY = /h5repack --merge -l CONTI/;

describe.each(forms)('an object header of version $version, continued: $continued', (form) => {
  it('is read where the numbers are in the file', async () => {
    expect((await read(ownNumbers(form))).datasets.get('kernel')).toEqual({
      dims: [16, 2],
      data: numbers(32),
    });
  });

  it.each(NAMES)('is refused where they are in %s', async (name) => {
    const { code, details } = await errorOf(read(externalNumbers(name, form)));
    expect(code).toBe('file-malformed');
    expect(details).toMatchObject({
      path: 'kernel',
      found: `numbers that lie in another file: ${name}`,
      expected: 'every number in the file itself',
      hint: expect.stringMatching(REMEDY),
    });
  });

  it.each(['other.h5', '/model.h5', '.'])(
    'is refused where they are those of a data set in %s',
    async (name) => {
      const { details } = await errorOf(read(virtualNumbers(name, '/layers/0', form)));
      expect(details).toMatchObject({
        path: 'kernel',
        found: `a virtual data set, which shows others: /layers/0 in ${name}`,
        hint: expect.stringMatching(REMEDY),
      });
    },
  );

  it('is refused where a plug-in of the library packed them, by its name', async () => {
    expect((await errorOf(read(packedNumbers(32000, 'lzf', form)))).details).toMatchObject({
      path: 'kernel',
      found: 'numbers packed by the filter lzf (32000)',
      hint: expect.stringMatching(/keras-and-tfjs\.md/),
    });
  });

  it('is refused where its end is missing', async () => {
    const whole = externalNumbers('weights.raw', form);
    await expect(read(whole.subarray(0, -20))).rejects.toMatchObject({ code: 'file-malformed' });
  });
});

describe('a link to another file is refused, whatever that is called', () => {
  it.each(['other.h5', 'model.h5', '/model.h5'])('%s', async (name) => {
    const linked = h5(linear(), WEIGHTS, (root) => {
      root.create_external_link(name, '/model_weights', 'again');
    });
    expect((await errorOf(read(linked))).details).toMatchObject({
      path: 'again',
      found: `a link to /model_weights in another file, ${name}`,
      hint: expect.stringMatching(REMEDY),
    });
  });

  it('also behind a link in the file, and in a group that is not read', async () => {
    const linked = h5(linear(), WEIGHTS, (root) => {
      const skipped = root.create_group('optimizer');
      skipped.create_external_link('/model.h5', '/model_weights', 'out');
      root.create_soft_link('/optimizer/out', 'again');
    });
    expect(
      (await errorOf(reusedHdf5(Uint8Array.from(linked), 'model.h5', ['optimizer']))).details,
    ).toMatchObject({
      path: 'again',
      found: 'a link to /optimizer/out, which is not in the file',
    });
  });
});
