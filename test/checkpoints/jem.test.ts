import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/checkpoints/registry.js';
import { readNpz } from '../../src/data/arrays/npz.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { openModel } from '../../src/models/open.js';
import { readReference, relativeError } from '../models/npz.js';

const folder = resolve('../shared/reference/jem');
const trained = resolve('../shared/reference/trained');
const present = existsSync(folder) && existsSync(trained);
if (!present)
  console.warn(`\n!!! ${folder} is absent: JEM files are NOT compared with reference values !!!\n`);

const FILES: [name: string, classes: number, facts: object][] = [
  ['wrn10_1_none_10', 10, { depth: 10, width: 1, norm: 'none', leak: 0.2 }],
  ['wrn10_2_none_10', 10, { depth: 10, width: 2, norm: 'none' }],
  ['wrn10_1_batch_10', 10, { depth: 10, width: 1, norm: 'batch' }],
  ['wrn16_1_instance_10', 10, { depth: 16, width: 1, norm: 'instance' }],
  ['wrn10_1_layer_100', 100, { depth: 10, width: 1, norm: 'layer' }],
];

describe.skipIf(!present)('JEM checkpoints', () => {
  const engine = createOrtEngine({ sessions: 1 });
  afterAll(() => engine.close());

  it.each(FILES)(
    '%s: logits, log p(x), log p(x,y), their gradients and the buffer',
    async (name, classes, facts) => {
      const reference = readReference(join(folder, `${name}.npz`));
      const checkpoint = join(folder, `${name}.pt`);
      const { built } = await readCheckpoint(checkpoint);
      expect(built).toMatchObject({
        layout: 'jem',
        architecture: { name: 'wide-resnet', ...facts },
        range: [-1, 1],
      });
      const card = {
        name,
        checkpoint,
        format: 'jem',
        input: { shape: [3, 32, 32], range: [-1, 1] },
        classes,
      };
      const model = await openModel(card, engine);
      const n = reference.x!.shape[0]!;
      const range = (reference.x!.data as Float64Array).map((v) => (v + 1) / 2);
      const batch = { n, pixels: Float32Array.from(range), labels: Int32Array.from(reference.y!.data) };
      const { logits, logPx } = await model.forward(batch);
      expect(relativeError(logits ?? [], reference.logits!.data)).toBeLessThan(1e-5);
      expect(relativeError(logPx ?? [], reference.log_px!.data)).toBeLessThan(1e-5);
      for (const [loss, key] of [
        ['log-px', 'log_px'],
        ['log-pxy', 'log_pxy'],
      ] as const) {
        const { loss: values, gradient } = await model.gradient(batch, loss);
        expect(relativeError(values, reference[key]!.data), `${loss} values`).toBeLessThan(1e-5);
        // The reference differentiates by the network's input, which is 2 pixel - 1.
        const error = relativeError(
          gradient.map((g) => g / 2),
          reference[`${key}_grad`]!.data,
        );
        expect(error, `${loss} gradient`).toBeLessThan(1e-5);
      }
      const buffer = built?.replayBuffer;
      expect(buffer?.dims).toEqual(reference.replay_buffer!.shape);
      expect(Array.from((await buffer?.read()) ?? [])).toEqual(Array.from(reference.replay_buffer!.data));
      await model.close();
    },
  );

  it.each(['cifar-jem', 'cifar-baseline'])('%s: accuracy and mean log p(x) on its test set', async (name) => {
    const wanted = JSON.parse(readFileSync(join(trained, `${name}.json`), 'utf8'));
    const { images, labels } = await testSet('cifar10-test-500.npz');
    const card = {
      name,
      checkpoint: join(trained, `${name}.pt`),
      input: { shape: [3, 32, 32], range: [-1, 1] },
      classes: 10,
    };
    const model = await openModel(card, engine);
    const n = labels.length;
    // NHWC to NCHW
    const pixels = new Float32Array(n * 3072);
    for (let i = 0; i < n; i++)
      for (let p = 0; p < 1024; p++)
        for (let c = 0; c < 3; c++) pixels[i * 3072 + c * 1024 + p] = images[i * 3072 + p * 3 + c]! / 255;
    const { logits, logPx } = await model.forward({ n, pixels });
    expect(
      relativeError((logits ?? new Float32Array()).slice(0, 30), wanted.logits_first_3.flat()),
    ).toBeLessThan(1e-5);
    expect(accuracy(logits ?? new Float32Array(), labels, 10)).toBeCloseTo(wanted.accuracy, 6);
    const mean = (logPx ?? new Float32Array()).reduce((a, v) => a + v, 0) / n;
    expect(Math.abs(mean / wanted.mean_log_px.test - 1)).toBeLessThan(1e-5);
    await model.close();
  });
});

async function testSet(file: string) {
  const arrays = await readNpz(join(trained, file));
  const all = Object.values(arrays).map(({ shape, data }) => ({
    shape,
    data: Array.from(data as ArrayLike<number | bigint>, Number),
  }));
  const images = all.find(({ shape }) => shape.length > 1)?.data ?? [];
  const labels = all.find(({ shape }) => shape.length === 1)?.data ?? [];
  return { images, labels };
}

function accuracy(logits: Float32Array, labels: readonly number[], classes: number): number {
  let correct = 0;
  labels.forEach((label, i) => {
    const row = Array.from(logits.subarray(i * classes, (i + 1) * classes));
    if (row.indexOf(Math.max(...row)) === label) correct++;
  });
  return correct / labels.length;
}
