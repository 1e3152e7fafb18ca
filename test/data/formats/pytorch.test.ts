import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  float32,
  integer,
  op,
  tensor,
  text,
  torchLegacy,
  torchZip,
  tuple,
} from '../../checkpoints/torch-writer.js';
import { bytes, errorOf, levels, put, readAll, temporaryFolder } from '../files.js';

const directory = temporaryFolder();
const one = { storage: 'ByteStorage', bytesPerElement: 1 };
/** (2, 3, 2, 2) */
const images = { dims: [2, 3, 2, 2], bytes: bytes(24), ...one };
const labels = {
  dims: [2],
  bytes: new Uint8Array(BigInt64Array.of(1n, 0n).buffer),
  storage: 'LongStorage',
  bytesPerElement: 8,
};
const both = { images, labels };
const listOf = (...items: Buffer[]) => Buffer.concat([op(0x5d, 0x28), ...items, op(0x65)]);
const dictOf = (...parts: Buffer[]) => Buffer.concat([op(0x7d, 0x28), ...parts, op(0x75)]);

describe('tensors that torch.save wrote', () => {
  it.each([
    ['a tensor', torchZip({ images }, { root: tensor(images, '0') }), undefined],
    ['a tensor, before 1.6', torchLegacy({ images }, tensor(images, '0')), undefined],
    ['a dict', torchZip(both), [1, 0]],
    ['a dict, before 1.6', torchLegacy(both), [1, 0]],
    ['a pair', torchZip(both, { root: tuple(tensor(images, '0'), tensor(labels, '1')) }), [1, 0]],
    [
      'a dict with labels in a list',
      torchZip(
        { images },
        { root: dictOf(text('images'), tensor(images, '0'), text('labels'), listOf(integer(1), integer(0))) },
      ),
      [1, 0],
    ],
  ])('are read: %s', async (name, file, expected) => {
    put(directory, `${name}.pt`, file);
    const found = await readAll(directory, { path: `${name}.pt` });
    expect(levels(found)).toEqual([...bytes(24)]);
    expect(found.labels && [...found.labels]).toEqual(expected);
    expect(found.info.shape).toEqual([3, 2, 2]);
    expect(found.info.note).toMatch(/PyTorch file/);
  });

  it('are put in order where they were transposed', async () => {
    // permute(0, 3, 1, 2) of (2, 2, 2, 3)
    const turned = { ...images, strides: [12, 1, 6, 3] };
    put(directory, 'turned.pt', torchZip({ turned }));
    const nhwc = bytes(24);
    const expected = [0, 1].flatMap((n) =>
      [0, 1, 2].flatMap((c) => [0, 1, 2, 3].map((p) => nhwc[n * 12 + p * 3 + c])),
    );
    expect(levels(await readAll(directory, { path: 'turned.pt' }))).toEqual(expected);
  });

  it('may be floats, in either byte order, and are held to the range', async () => {
    const values = Array.from({ length: 8 }, (_, i) => i / 8);
    put(directory, 'floats.pt', torchZip({ x: float32([2, 2, 2], values) }));
    expect([...(await readAll(directory, { path: 'floats.pt' })).pixels]).toEqual(values);
    const swapped = float32([2, 2, 2], values);
    Buffer.from(swapped.bytes.buffer).swap32();
    put(directory, 'big.pt', torchZip({ x: swapped }, { order: 'big' }));
    expect([...(await readAll(directory, { path: 'big.pt' })).pixels]).toEqual(values);
    put(directory, 'normalised.pt', torchZip({ x: float32([1, 1, 2], [-1, 1]) }));
    expect((await errorOf(readAll(directory, { path: 'normalised.pt' }))).details.hint).toMatch(/range/);
  });

  it('are named by `images` and `labels` where there are several', async () => {
    put(directory, 'parts.pt', torchZip({ x_train: images, x_test: images, y_test: labels }));
    const error = await errorOf(readAll(directory, { path: 'parts.pt' }));
    expect(error.details.hint).toBe('name it: `images: x_test`');
    const found = await readAll(directory, { path: 'parts.pt', images: 'x_test' });
    expect(found.info.part).toBe('x_test');
    expect([...(found.labels ?? [])]).toEqual([1, 0]);
    expect((await errorOf(readAll(directory, { path: 'parts.pt', images: 'x_tset' }))).code).toBe(
      'unknown-name',
    );
  });

  it.each([
    ['nothing of tensors', dictOf(text('epoch'), integer(3)), /no tensors of images/],
    ['code', Buffer.from('cposix\nsystem\n(X\x02\x00\x00\x00lstR', 'latin1'), /posix\.system/],
  ])('%s is refused', async (name, root, message) => {
    put(directory, 'refused.pt', torchZip({}, { root }));
    expect((await errorOf(readAll(directory, { path: 'refused.pt' }))).explain(), name).toMatch(message);
  });

  const shared = fileURLToPath(new URL('../../../../shared/cases/data-pt', import.meta.url));
  it.runIf(existsSync(shared))('are read from a file of PyTorch itself', async () => {
    const { info } = await readAll(shared, { path: 'CIFAR_ims.pt' });
    expect(info).toMatchObject({ shape: [3, 16, 16], labelled: false });
  });
});
