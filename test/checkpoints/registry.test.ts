import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import onnxProto from 'onnx-proto';
import { afterAll, describe, expect, it } from 'vitest';
import { checkpointFormats, readCheckpoint } from '../../src/checkpoints/registry.js';
import { GraphBuilder } from '../../src/graph/build.js';
import { floats } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';

const folder = mkdtempSync(join(tmpdir(), 'assay-checkpoints-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function save(name: string, content: Uint8Array | string): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

/** y = x W with a 4x2 weight. */
function linear(): Uint8Array {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 4]);
  const weight = b.constant(floats([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]), 'weight');
  b.outputAs(b.op('MatMul', [x, weight]), 'logits', 'float32', ['N', 2]);
  return writeOnnx(b.build());
}

/** The same model with its weight in another file. */
function linearWithExternal(entries: Record<string, string>): Uint8Array {
  const { onnx } = onnxProto;
  const model = onnx.ModelProto.decode(linear());
  const weight = model.graph?.initializer?.[0];
  if (!weight) throw new Error('the model has no weight');
  weight.rawData = new Uint8Array(0);
  weight.floatData = [];
  weight.dataLocation = onnx.TensorProto.DataLocation.EXTERNAL;
  weight.externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
  return onnx.ModelProto.encode(model).finish();
}

const weights = new Uint8Array(Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]).buffer);

describe('reading a checkpoint', () => {
  it('reads ONNX, whatever the file is called', async () => {
    const bytes = linear();
    for (const name of ['model.onnx', 'model', 'model.pt']) {
      const checkpoint = await readCheckpoint(save(name, bytes));
      expect(checkpoint).toMatchObject({
        format: 'onnx',
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      });
      expect(checkpoint.graph.inputs.map(({ name }) => name)).toEqual(['x']);
    }
  });

  it('knows the formats of its registry only', async () => {
    const file = save('named.onnx', linear());
    expect((await readCheckpoint(file, 'onnx')).format).toBe('onnx');
    await expect(readCheckpoint(file, 'onxx')).rejects.toMatchObject({
      code: 'unknown-name',
      details: { hint: 'did you mean "onnx"?', file },
    });
    expect(checkpointFormats.names).toContain('pytorch');
  });

  const header = Buffer.from('{"weight":{}}');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const damaged: [name: string, content: Uint8Array, about: RegExp][] = [
    ['zip.pt', Buffer.from('PK\x03\x04rest'), /zip|archive/i],
    ['disguised.onnx', Buffer.from('PK\x03\x04rest'), /zip|archive/i],
    ['legacy.pth', Buffer.from([0x80, 2, 0x8a, 10]), /pickle|PyTorch|ends/i],
    ['weights.safetensors', Buffer.concat([length, header]), /dtype|weight|header/i],
    ['model.h5', Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0]), /HDF5|Keras/i],
    ['zip.keras', Buffer.from('PK\x03\x04rest'), /zip|archive/i],
    ['model.json', Buffer.from('{"format": "layers-model", "modelTopology": {'), /JSON/],
  ];
  it.each(damaged)(
    'tells %s by its content, and says what is wrong with it',
    async (name, content, about) => {
      const file = save(name, content);
      const error = await readCheckpoint(file).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'file-malformed', details: { file } });
      expect(JSON.stringify([error.message, error.details])).toMatch(about);
    },
  );

  it.each([
    ['text.onnx', 'this is not a model'],
    ['empty.onnx', ''],
    ['unknown.xyz', 'something else entirely'],
    ['zeros.onnx', new Uint8Array(64)],
  ])('refuses %s', async (name, content) => {
    const file = save(name, content);
    await expect(readCheckpoint(file)).rejects.toMatchObject({ code: 'file-malformed', details: { file } });
  });

  it('refuses a model cut off anywhere', async () => {
    const bytes = linear();
    for (let end = 1; end < bytes.length; end++) {
      const file = save('cut.onnx', bytes.subarray(0, end));
      // What may be cut without harm comes after the graph; what cannot be missed is the graph.
      const outcome = await readCheckpoint(file).then(
        ({ graph }) => graph.outputs.map(({ name }) => name),
        (error) => [error.code, error.details.file],
      );
      expect([['logits'], ['file-malformed', file], ['model-invalid', file]]).toContainEqual(outcome);
      if (end < bytes.length - 40) expect(outcome).not.toEqual(['logits']);
    }
  });

  it('says when there is no such file, when it is a folder and when it may not be read', async () => {
    await expect(readCheckpoint(join(folder, 'absent.onnx'))).rejects.toMatchObject({
      code: 'file-unreadable',
      message: 'there is no such file',
      details: { file: join(folder, 'absent.onnx') },
    });
    await expect(readCheckpoint(folder)).rejects.toMatchObject({
      code: 'file-unreadable',
      message: 'the checkpoint is a folder, and a file is wanted',
    });
    if (process.getuid?.() !== 0) {
      const file = save('locked.onnx', linear());
      chmodSync(file, 0);
      await expect(readCheckpoint(file)).rejects.toMatchObject({ code: 'file-unreadable' });
    }
  });
});

describe('external data', () => {
  it('is read from beside the model and counted in size and hash', async () => {
    save('weights.bin', Buffer.concat([Buffer.alloc(16), weights]));
    const bytes = linearWithExternal({ location: 'weights.bin', offset: '16', length: '32' });
    const checkpoint = await readCheckpoint(save('external.onnx', bytes));
    expect([...(checkpoint.graph.initializers.get('weight')?.data ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(checkpoint.bytes).toBe(bytes.length + 32);
    expect(checkpoint.sha256).toBe(createHash('sha256').update(bytes).update(weights).digest('hex'));
  });

  it('may be in a folder below, or behind a link that stays inside', async () => {
    mkdirSync(join(folder, 'parts'), { recursive: true });
    writeFileSync(join(folder, 'parts', 'w.bin'), weights);
    symlinkSync(join('parts', 'w.bin'), join(folder, 'inside.bin'));
    for (const location of ['parts/w.bin', 'inside.bin'])
      expect(
        (await readCheckpoint(save('below.onnx', linearWithExternal({ location })))).bytes,
      ).toBeGreaterThan(32);
  });

  const outside = mkdtempSync(join(tmpdir(), 'assay-outside-'));
  afterAll(() => rmSync(outside, { recursive: true, force: true }));
  writeFileSync(join(outside, 'secret.bin'), weights);
  symlinkSync(join(outside, 'secret.bin'), join(folder, 'link.bin'));
  symlinkSync(outside, join(folder, 'linked-folder'));
  save('short.bin', weights.subarray(0, 8));
  if (process.platform !== 'win32') execFileSync('mkfifo', [join(folder, 'pipe.bin')]);

  const places: [what: string, entries: Record<string, string>, code: string, found: string | undefined][] = [
    ['an absolute path', { location: join(outside, 'secret.bin') }, 'file-malformed', 'an absolute path'],
    ['a Windows path', { location: 'C:\\secret.bin' }, 'file-malformed', 'an absolute path'],
    ['a way up', { location: '../secret.bin' }, 'file-malformed', 'a path with `..`'],
    ['a hidden way up', { location: 'parts\\..\\..\\secret.bin' }, 'file-malformed', 'a path with `..`'],
    ['a link out', { location: 'link.bin' }, 'file-malformed', 'a link that leads out of the folder'],
    [
      'a linked folder',
      { location: 'linked-folder/secret.bin' },
      'file-malformed',
      'a link that leads out of the folder',
    ],
    ['the folder itself', { location: '.' }, 'file-malformed', 'a link that leads out of the folder'],
    ['a missing file', { location: 'absent.bin' }, 'file-unreadable', undefined],
    // It would wait for ever. Windows has none, and misses the file.
    [
      'a pipe',
      { location: 'pipe.bin' },
      'file-unreadable',
      process.platform === 'win32' ? undefined : 'a pipe (FIFO)',
    ],
    ['a short file', { location: 'short.bin' }, 'file-malformed', 'a file of 8 bytes'],
    [
      'an offset past the end',
      { location: 'short.bin', offset: '9', length: '0' },
      'file-malformed',
      'a file of 8 bytes',
    ],
    ['a negative offset', { location: 'short.bin', offset: '-8' }, 'file-malformed', 'a file of 8 bytes'],
    [
      'an absurd length',
      { location: 'short.bin', length: '9007199254740991' },
      'file-malformed',
      'a file of 8 bytes',
    ],
    [
      'a length that is no number',
      { location: 'short.bin', length: 'many' },
      'file-malformed',
      'a file of 8 bytes',
    ],
  ];
  it.each(places)('is refused at %s', async (_, entries, code, found) => {
    const file = save('hostile.onnx', linearWithExternal(entries));
    await expect(readCheckpoint(file)).rejects.toMatchObject({ code, details: found ? { found } : {} });
  });
});
