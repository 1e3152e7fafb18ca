// @module-tag long
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../../src/checkpoints/registry.js';
import type { Engine } from '../../../src/engines/engine.js';
import { openOrtEngine } from '../../../src/engines/ort/engine.js';
import { modelOf } from '../../../src/models/assemble.js';
import { readReference, relativeError } from '../../models/npz.js';
import { webgpuState } from './webgpu.js';

const folder = resolve('../shared/reference/networks');
const present = existsSync(join(folder, 'index.json'));
if (!present) console.warn(`\n!!! ${folder} is absent: WebGPU is NOT compared with reference values !!!\n`);

type Index = Record<string, { input: [number, number, number]; output: string }>;
const index: Index = present ? JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) : {};
const state = await webgpuState();

describe.skipIf(!state.usable || !present)('reference networks on WebGPU', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openOrtEngine({ device: 'webgpu' });
  });
  afterAll(() => engine?.close());

  it.each(Object.entries(index))(
    '%s: logits, losses and gradients are those of float64',
    { timeout: 300_000 },
    async (name) => {
      const { input, output } = index[name]!;
      const reference = readReference(join(folder, `${name}.npz`));
      const classifies = output === 'logits';
      const { graph } = await readCheckpoint(join(folder, `${name}.onnx`));
      const card = {
        name,
        checkpoint: `${name}.onnx`,
        input: { shape: input },
        ...(classifies ? { classes: 10 } : { energy: { output, sign: -1 as const } }),
      };
      const model = await modelOf(graph, card, engine);
      const n = reference.x!.shape[0]!;
      const pixels = Float32Array.from(reference.x!.data);
      const forward = await model.forward({ n, pixels });
      const near = (got: ArrayLike<number>, key: string) =>
        expect(relativeError(got, reference[key]!.data), key).toBeLessThan(1e-5);
      if (classifies) {
        const labels = Int32Array.from(reference.y!.data);
        near(forward.logits ?? [], 'output');
        const { loss, gradient } = await model.gradient({ n, pixels, labels }, 'cross-entropy');
        near(loss, 'ce');
        near(gradient, 'ce_grad');
      } else {
        const { gradient } = await model.gradient({ n, pixels }, 'log-px');
        near(
          (forward.logPx ?? new Float32Array()).map((v) => -v),
          'output',
        );
        near(
          gradient.map((g) => -g),
          'energy_grad',
        );
      }
      await model.close();
    },
  );
});
