import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { check } from '../../src/config/validate.js';
import { encodeNpz } from '../../src/data/arrays/npz.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder, ints } from '../../src/graph/build.js';
import { floats } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';
import { RunFile } from '../../src/runs/asked/run-file.js';
import { checkInventory } from '../../src/runs/inventory/inventory.js';
import { openInputs } from '../../src/runs/opening/open-inputs.js';
import { float32, torchZip } from '../checkpoints/torch-writer.js';
import { folder } from './small-run.js';

const engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

const N = 3;
const weight = (size: number) => Float32Array.from({ length: 2 * size }, (_, i) => Math.sin(i));

/** A linear network that reads images in the given shape. */
function network(dims: readonly number[]): Uint8Array {
  const size = dims.reduce((a, d) => a * d, 1);
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', ...dims]);
  const rows = b.op('Reshape', [x, b.ints([-1, size])]);
  const turned = b.op('Transpose', [b.constant(floats([2, size], weight(size)))], { perm: ints([1, 0]) });
  b.outputAs(b.op('MatMul', [rows, turned]), 'logits', 'float32', ['N', 2]);
  return writeOnnx(b.build());
}

/** Opens a card beside images (height, width, channels), as a run does. */
async function logitsOf(checkpoint: Uint8Array, input: object, image: readonly [number, number, number]) {
  const directory = folder();
  const bytes = Uint8Array.from({ length: N * image[0] * image[1] * image[2] }, (_, i) => (37 * i) % 256);
  writeFileSync(join(directory, 'm.bin'), checkpoint);
  const arrays = {
    images: { shape: [N, ...image], data: bytes },
    labels: { shape: [N], data: Int32Array.of(0, 1, 0) },
  };
  writeFileSync(join(directory, 'test.npz'), encodeNpz(arrays));
  const card = { name: 'm', checkpoint: './m.bin', input, classes: 2 };
  const file = { models: [card], datasets: { test: { path: './test.npz' } }, suites: ['accuracy'] };
  const config = check(RunFile, file, { what: 'run file' });
  const inputs = await openInputs({ config, file: 'r.run.yaml', directory, title: 'r', digest: '' }, engine, {
    seed: 0,
  });
  try {
    checkInventory(inputs.evaluation, 'r.run.yaml');
    const [entry] = inputs.evaluation.systems.values();
    const system = await entry!.open();
    const [dataset] = inputs.evaluation.datasets.values();
    const { pixels = new Float32Array() } = (await dataset!.read?.(0, N)) ?? {};
    return {
      bytes,
      shape: system.info.shape,
      logits: [...((await system.forward({ n: N, pixels })).logits ?? [])],
    };
  } finally {
    await inputs.close();
  }
}

/** Of rows of numbers. */
const wanted = (rows: readonly number[][]): number[] =>
  rows.flatMap((row) =>
    [0, 1].map((k) => row.reduce((sum, v, i) => sum + v * Math.sin(k * row.length + i), 0)),
  );

const close = (got: readonly number[], exact: readonly number[]) =>
  got.forEach((v, i) => {
    expect(v).toBeCloseTo(exact[i]!, 4);
  });

describe('cards that say only how many numbers a network reads take images of so many', () => {
  const perceptron = torchZip({ 'fc.weight': float32([2, 16], weight(16)) });
  const given: [string, Uint8Array, number[]][] = [
    ['weights, [16]', perceptron, [16]],
    ['weights, [1, 16, 1]', perceptron, [1, 16, 1]],
    ['weights, [1, 1, 16]', perceptron, [1, 1, 16]],
    ['weights, [4, 4]', perceptron, [4, 4]],
    ['weights, [1, 4, 4]', perceptron, [1, 4, 4]],
    ['ONNX (N, 16), [16]', network([16]), [16]],
    ['ONNX (N, 1, 16, 1), [1, 16, 1]', network([1, 16, 1]), [1, 16, 1]],
    ['ONNX (N, 16, 1), [16]', network([16, 1]), [16]],
    ['ONNX (N, 2, 8), [16]', network([2, 8]), [16]],
    ['ONNX (N, 1, 4, 4), [16]', network([1, 4, 4]), [16]],
  ];
  it.each(given)('%s', async (_, checkpoint, shape) => {
    const { bytes, shape: image, logits } = await logitsOf(checkpoint, { shape }, [4, 4, 1]);
    expect(image).toEqual([1, 4, 4]);
    const rows = [0, 1, 2].map((i) => [...bytes.subarray(16 * i, 16 * (i + 1))].map((v) => v / 255));
    close(logits, wanted(rows));
  });

  it('in the order of the layout: colours first, or last', async () => {
    const first = await logitsOf(network([12]), { shape: [12] }, [2, 2, 3]);
    expect(first.shape).toEqual([3, 2, 2]);
    const image = (i: number) => [...first.bytes.subarray(12 * i, 12 * (i + 1))].map((v) => v / 255);
    const planes = (pixels: number[]) =>
      [0, 1, 2].flatMap((c) => [0, 1, 2, 3].map((p) => pixels[3 * p + c]!));
    close(first.logits, wanted([0, 1, 2].map((i) => planes(image(i)))));
    const last = await logitsOf(network([12]), { shape: [12], layout: 'NHWC' }, [2, 2, 3]);
    close(last.logits, wanted([0, 1, 2].map(image)));
  });

  it('other images are refused, with both sides', async () => {
    await expect(logitsOf(perceptron, { shape: [16] }, [4, 5, 1])).rejects.toMatchObject({
      code: 'shape-mismatch',
      details: { found: expect.stringMatching(/^\[1, 4, 5\]/) },
    });
  });
});
