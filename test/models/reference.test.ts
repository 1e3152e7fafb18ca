import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/checkpoints/registry.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { modelOf } from '../../src/models/assemble.js';
import { readReference, relativeError } from './npz.js';

const folder = resolve('../shared/reference/networks');
const present = existsSync(join(folder, 'index.json'));
if (!present)
  console.warn(`\n!!! ${folder} is absent: networks are NOT compared with reference values !!!\n`);

type Index = Record<string, { input: [number, number, number]; output: string }>;
const index: Index = present ? JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) : {};

describe.skipIf(!present)('reference networks', () => {
  const engine = createOrtEngine({ sessions: 2 });
  afterAll(() => engine.close());

  it.each(Object.entries(index))('%s: logits, losses and gradients', async (name, { input, output }) => {
    const reference = readReference(join(folder, `${name}.npz`));
    const classifies = output === 'logits';
    const { graph } = await readCheckpoint(join(folder, `${name}.onnx`));
    const model = await modelOf(
      graph,
      {
        name,
        checkpoint: `${name}.onnx`,
        input: { shape: input },
        ...(classifies ? { classes: 10 } : { energy: { output, sign: -1 } }),
      },
      engine,
    );
    const n = reference.x!.shape[0]!;
    const batch = {
      n,
      pixels: Float32Array.from(reference.x!.data),
      ...(classifies && { labels: Int32Array.from(reference.y!.data) }),
    };
    expect(model.info.lacks.inputGradient).toBeUndefined();
    const forward = await model.forward(batch);
    if (classifies) {
      expect(relativeError(forward.logits ?? [], reference.output!.data)).toBeLessThan(1e-5);
      for (const [loss, key] of [
        ['cross-entropy', 'ce'],
        ['log-px', 'logsumexp'],
        ['dlr', 'dlr'],
      ] as const) {
        const { loss: values, gradient } = await model.gradient(batch, loss);
        expect(relativeError(values, reference[key]!.data), `${loss} loss`).toBeLessThan(1e-5);
        expect(relativeError(gradient, reference[`${key}_grad`]!.data), `${loss} gradient`).toBeLessThan(
          1e-5,
        );
      }
    } else {
      const { gradient } = await model.gradient(batch, 'log-px');
      const energies = (forward.logPx ?? new Float32Array()).map((v) => -v);
      expect(relativeError(energies, reference.output!.data)).toBeLessThan(1e-5);
      expect(
        relativeError(
          gradient.map((g) => -g),
          reference.energy_grad!.data,
        ),
      ).toBeLessThan(1e-5);
    }
    await model.close();
  });

  const classifiers = Object.entries(index).filter(([, { output }]) => output === 'logits');
  it.each(classifiers)('%s: ten PGD steps reach the same loss', async (name, { input }) => {
    const reference = readReference(join(folder, `${name}.npz`));
    const { graph } = await readCheckpoint(join(folder, `${name}.onnx`));
    const card = { name, checkpoint: `${name}.onnx`, input: { shape: input }, classes: 10 };
    const model = await modelOf(graph, card, engine);
    const n = reference.x!.shape[0]!;
    const labels = Int32Array.from(reference.y!.data);
    const [epsilon, step] = [8 / 255, 2 / 255];
    let pixels = Float32Array.from(reference.x!.data);
    for (let k = 0; k < 10; k++) {
      const { gradient } = await model.gradient({ n, pixels, labels }, 'cross-entropy');
      pixels = pixels.map((x, j) => {
        const x0 = reference.x!.data[j]!;
        const moved = x + step * Math.sign(gradient[j]!);
        return Math.min(1, Math.max(0, Math.min(x0 + epsilon, Math.max(x0 - epsilon, moved))));
      });
    }
    const { loss } = await model.gradient({ n, pixels, labels }, 'cross-entropy');
    for (let i = 0; i < n; i++)
      expect(Math.abs(loss[i]! / reference.pgd_ce!.data[i]! - 1)).toBeLessThan(0.01);
    await model.close();
  });
});
