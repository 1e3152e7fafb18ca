// @module-tag slow
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/checkpoints/registry.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { openModel } from '../../src/models/open.js';
import { safetensors, stateDict, torchZip } from '../checkpoints/torch-writer.js';
import { normals, uniforms } from '../models/networks.js';
import { relativeError } from '../models/npz.js';
import { DoubleNetwork, type Planes } from './double-network.js';
import { type Case, cases } from './networks.js';

const engine = createOrtEngine({ sessions: 1 });
const folder = mkdtempSync(join(tmpdir(), 'assay-architectures-'));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await engine.close();
});

const logSumExp = ({ data }: Planes) => Math.log(data.reduce((a, v) => a + Math.exp(v), 0));

const cardOf = (checkpoint: string, { architecture, image }: Case) => ({
  name: 'network',
  checkpoint,
  input: { shape: [...image] },
  classes: 3,
  architecture,
});

/** Two images, their logits, and the slope of log p(x) along a direction, in double precision. */
function wanted(net: DoubleNetwork, { image, forward }: Case) {
  const size = image[0] * image[1] * image[2];
  const pixels = uniforms('architecture pixels', 2 * size);
  const direction = normals('architecture direction', 2 * size);
  const at = (i: number, step: number): Planes => ({
    dims: image,
    data: Float64Array.from(
      { length: size },
      (_, j) => pixels[i * size + j]! + step * direction[i * size + j]!,
    ),
  });
  const step = 1e-6;
  const logits = [0, 1].flatMap((i) => [...forward(net, at(i, 0)).data]);
  const slopes = [0, 1].map(
    (i) => (logSumExp(forward(net, at(i, step))) - logSumExp(forward(net, at(i, -step)))) / (2 * step),
  );
  return { size, pixels, direction, logits, slopes };
}

describe('every architecture', () => {
  it.each(cases)('$name: logits and gradient of a forward pass written independently', async (network) => {
    const net = new DoubleNetwork();
    const { size, pixels, direction, logits, slopes } = wanted(net, network);
    const file = join(folder, 'network.pt');
    writeFileSync(file, torchZip(net.tensors, { root: stateDict(net.tensors, network.versions) }));
    const { architecture, found, image } = network;
    const { built } = await readCheckpoint(file, undefined, { architecture, shape: image });
    expect(built).toMatchObject(found);
    const model = await openModel(cardOf(file, network), engine);
    const forward = await model.forward({ n: 2, pixels });
    expect(relativeError(forward.logits ?? [], logits)).toBeLessThan(1e-5);
    const { gradient } = await model.gradient({ n: 2, pixels }, 'log-px');
    const along = [0, 1].map((i) =>
      gradient.subarray(i * size, (i + 1) * size).reduce((a, g, j) => a + g * direction[i * size + j]!, 0),
    );
    expect(relativeError(along, slopes)).toBeLessThan(1e-4);
    await model.close();
  });

  it.each(cases.filter(({ versions, architecture }) => !versions && architecture?.name !== 'sequential'))(
    '$name: the same from safetensors, whose names are sorted',
    async (network) => {
      const net = new DoubleNetwork();
      const { pixels, logits } = wanted(net, network);
      const sorted = Object.entries(net.tensors).toSorted(([a], [b]) => (a < b ? -1 : 1));
      const types: Record<string, string> = { LongStorage: 'I64', ByteStorage: 'U8' };
      const tensors = sorted.map(([name, saved]) => [
        name,
        { ...saved, dtype: types[saved.storage ?? ''] ?? 'F32' },
      ]);
      const file = join(folder, 'network.safetensors');
      writeFileSync(file, safetensors(Object.fromEntries(tensors)));
      const model = await openModel(cardOf(file, network), engine);
      const forward = await model.forward({ n: 2, pixels });
      expect(relativeError(forward.logits ?? [], logits)).toBeLessThan(1e-5);
      await model.close();
    },
  );
});
