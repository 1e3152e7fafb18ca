import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { inspectCheckpoint } from '../../../src/models/inspect.js';
import { openModel } from '../../../src/models/open.js';
import { dense, input, layer, numbers, sequential, temporaryFolder, writeTfjs } from './files.js';

const folder = temporaryFolder();
const engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

/** Scales bytes down, and ends in a softmax. */
const classifier = (shape: (number | null)[]) =>
  sequential(
    input('image', [null, ...shape]),
    layer('Rescaling', 'rescaling', { scale: 1 / 255, offset: 0 }),
    layer('Flatten', 'flatten'),
    dense({ activation: 'softmax' }),
  );

/** Logits of images (n, C, H, W) in [0, 1], in double precision, for the weights of `writeTfjs`. */
function logitsOf(
  pixels: Float32Array,
  [channels, height, width]: readonly [number, number, number],
): number[] {
  const weights = numbers(34);
  return [0, 1].map((unit) => {
    let sum = weights[32 + unit]!;
    for (let c = 0; c < channels; c++)
      for (let at = 0; at < height * width; at++)
        sum += pixels[c * height * width + at]! * weights[2 * (at * channels + c) + unit]!;
    return sum;
  });
}

it.each([
  ['images with the channels last', [4, 4, 1], [1, 4, 4]],
  ['several channels', [4, 1, 3], [3, 4, 1]],
])('the suggested card of a model with %s works as it is', async (_, shape, card) => {
  const size = shape.reduce((a, d) => a * d, 1);
  const kernel = numbers(34);
  // The kernel has as many rows as the image has numbers.
  const bytes = new Float32Array([...kernel.subarray(0, 2 * size), ...kernel.subarray(32)]);
  const weights = [
    { name: 'dense/kernel', shape: [size, 2], dtype: 'float32' },
    { name: 'dense/bias', shape: [2], dtype: 'float32' },
  ];
  const file = writeTfjs(
    folder,
    { modelTopology: classifier(shape), weightsManifest: [{ paths: ['weights.bin'], weights }] },
    new Uint8Array(bytes.buffer),
  );
  const found = await inspectCheckpoint(file, engine);
  expect(found).toMatchObject({
    format: 'tfjs',
    parameters: 2 * size + 3,
    inputs: [{ name: 'image', shape: `[N, ${shape.join(', ')}]` }],
    outputs: [{ name: 'dense', shape: '[N, 2]' }],
    gradient: { available: true },
  });
  const suggested = parse(found.card);
  expect(suggested).toMatchObject({
    input: { shape: card, range: [0, 255], layout: 'NHWC' },
    classes: 2,
    outputs: { logits: 'dense/Gemm' },
  });
  writeFileSync(join(folder, 'model.model.yaml'), found.card);
  const model = await openModel(join(folder, 'model.model.yaml'), engine);
  expect(model.info.offers).toEqual(expect.arrayContaining(['logits', 'logPx', 'inputGradient']));
  const pixels = numbers(size).map((v) => Math.abs(v));
  const { logits } = await model.forward({ n: 1, pixels });
  const wanted = logitsOf(pixels, card as [number, number, number]);
  wanted.forEach((value, k) => {
    expect(logits?.[k]).toBeCloseTo(value, 4);
  });
});

it('a flat input takes rows in the order of the model', async () => {
  const modelTopology = sequential(input('image', [null, 12]), dense());
  const weights = [
    { name: 'dense/kernel', shape: [12, 2], dtype: 'float32' },
    { name: 'dense/bias', shape: [2], dtype: 'float32' },
  ];
  const bytes = new Float32Array([...numbers(24), ...numbers(34).subarray(32)]);
  writeTfjs(
    folder,
    { modelTopology, weightsManifest: [{ paths: ['weights.bin'], weights }] },
    new Uint8Array(bytes.buffer),
  );
  const card = {
    name: 'rows',
    checkpoint: './model.json',
    input: { shape: [3, 2, 2], layout: 'NHWC' },
    classes: 2,
  };
  const model = await openModel(card, engine, { directory: folder });
  const pixels = numbers(12).map((v) => Math.abs(v));
  const { logits } = await model.forward({ n: 1, pixels });
  logitsOf(pixels, [3, 2, 2]).forEach((value, k) => {
    expect(logits?.[k]).toBeCloseTo(value, 4);
  });
});
