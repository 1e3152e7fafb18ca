import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/checkpoints/registry.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { openModel } from '../../src/models/open.js';
import { launch, MAIN } from '../e2e/assay.js';
import { watchMemory } from '../e2e/peak-memory.js';
import { savedJem, type Wide, weightsOf } from './jem-weights.js';
import { type Saved, torchZip } from './torch-writer.js';

/** Checkpoints as the public codes of JEM and its successors save them, with weights drawn here. */
const folder = mkdtempSync(join(tmpdir(), 'assay-public-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const named = (all: Record<string, Saved>, prefix: string) =>
  Object.fromEntries(Object.entries(all).map(([name, saved]) => [prefix + name, saved]));

/** JEM++ lists its first layer and the others again (wideresnet_yopo.py): the same tensors under other names. */
function listedTwice(all: Record<string, Saved>): Record<string, Saved> {
  const twice = Object.entries(all).flatMap(([name, saved]) => {
    const [, stage, rest] = /^f\.layer([123])\.(.*)$/.exec(name) ?? [];
    const [, first] = /^f\.conv1\.(.*)$/.exec(name) ?? [];
    const [, last] = /^f\.bn1\.(.*)$/.exec(name) ?? [];
    const other = stage
      ? `f.other_layers.${Number(stage) - 1}.${rest}`
      : first
        ? `f.layer_one.${first}`
        : last
          ? `f.other_layers.3.${last}`
          : undefined;
    return other === undefined ? [] : [[other, saved] as const];
  });
  return { ...all, ...Object.fromEntries(twice) };
}

function checkpoint(name: string, weights: Record<string, Saved>, images: number): string {
  const file = join(folder, name);
  savedJem(file, weights, images);
  return file;
}

const small: Wide = { depth: 10, width: 1, buffer: 20 };
const plain = weightsOf(small);
const normalised = weightsOf({ ...small, batchNorm: true });

describe('checkpoints of public codes', () => {
  const engine = createOrtEngine({ sessions: 1 });
  afterAll(() => engine.close());
  const logitsOf = async (file: string) => {
    const card = { name: 'm', checkpoint: file, input: { shape: [3, 32, 32], range: [-1, 1] }, classes: 10 };
    const model = await openModel(card, engine);
    const pixels = Float32Array.from({ length: 2 * 3072 }, (_, i) => (i % 97) / 96);
    const { logits = [] } = await model.forward({ n: 2, pixels });
    await model.close();
    return [...logits];
  };

  it.each([
    ['JEM, without normalisation', plain, 'none', ''],
    ['SADA-JEM, trained on several cards', plain, 'none', 'module.'],
    ['JEM++, with batch normalisation', normalised, 'batch', ''],
    ['JEM++, whose layers are listed twice', listedTwice(normalised), 'batch', ''],
  ])('%s', async (name, weights, norm, prefix) => {
    const file = checkpoint(`${name.replace(/\W+/g, '-')}.pt`, named(weights, prefix), small.buffer);
    const { built } = await readCheckpoint(file);
    expect(built).toMatchObject({
      layout: 'jem',
      architecture: { name: 'wide-resnet', depth: 10, width: 1, norm, leak: 0.2 },
      range: [-1, 1],
    });
    const told = built?.notes.some((note) => /never switches to evaluation mode/.test(note));
    expect(told).toBe(norm === 'batch');
    expect(built?.replayBuffer?.dims).toEqual([20, 3, 32, 32]);
    const bare = norm === 'none' ? plain : normalised;
    const reference = checkpoint(`reference-${norm}.pt`, bare, small.buffer);
    expect(await logitsOf(file)).toEqual(await logitsOf(reference));
  });

  it('DAT: the averaged weights of a network that is trained on several cards, and their count', async () => {
    // Its trunk under the names of xternalz, from which its code comes; no biases, batch normalisation, one head.
    const renamed = Object.entries(normalised).flatMap(([name, saved]) => {
      const bare = name
        .replace(/^f\./, '')
        .replace(/^layer(\d)\./, 'block$1.layer.')
        .replace('shortcut.0', 'convShortcut')
        .replace(/^class_output/, 'fc');
      const idle = /^energy_output/.test(bare) || /conv\w*\.bias$/i.test(bare);
      return idle ? [] : [[bare, saved] as const];
    });
    const weights = Object.fromEntries(renamed);
    const all = {
      'module.n_averaged': {
        dims: [],
        bytes: new Uint8Array(BigInt64Array.of(1234n).buffer),
        ...{ storage: 'LongStorage', bytesPerElement: 8 },
      },
      ...named(weights, 'module.module.'),
    };
    const save = (name: string, dict: Record<string, Saved>) => {
      const file = join(folder, name);
      writeFileSync(file, torchZip(dict));
      return file;
    };
    const file = save('model_bestfid.pth', all);
    const { built } = await readCheckpoint(file);
    expect(built).toMatchObject({
      architecture: { name: 'wide-resnet', depth: 10, width: 1, norm: 'batch', leak: 0 },
      leftOut: expect.stringMatching(/n_averaged/),
    });
    expect(await logitsOf(file)).toEqual(await logitsOf(save('bare.pth', weights)));
  });

  it('CIFAR10_MODEL.pt: a WRN-28-10 with a buffer of 10,000 images is read within 1 GiB', {
    tags: ['long'],
  }, async () => {
    if (!process.env.ASSAY_LONG) return;
    const size: Wide = { depth: 28, width: 10, buffer: 10_000 };
    const file = checkpoint('CIFAR10_MODEL.pt', weightsOf(size), size.buffer);
    const dist = join(MAIN, '../..');
    const opened = async (what: string) => {
      const script = `
          const began = performance.now();
          ${what}
          console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, found }));`;
      const { child, ended } = launch(process.execPath, ['--input-type=module', '-e', script], folder);
      const peak = watchMemory(child.pid ?? 0);
      const { code, stdout, stderr } = await ended;
      const most = peak();
      expect([code, stderr]).toEqual([0, '']);
      const { seconds, found } = JSON.parse(stdout);
      console.log(`${found}: ${seconds.toFixed(1)} s, within ${Math.round(most)} MiB`);
      return { most, found };
    };
    const read = await opened(`
        const { readCheckpoint } = await import('${dist}/checkpoints/registry.js');
        const { built } = await readCheckpoint('${file}');
        const found = 'read, with a buffer of ' + built.replayBuffer.dims[0];`);
    expect(read.found).toBe('read, with a buffer of 10000');
    expect(read.most).toBeLessThan(1024);
    const model = await opened(`
        const { createOrtEngine } = await import('${dist}/engines/ort/engine.js');
        const { openModel } = await import('${dist}/models/open.js');
        const { peakHeld } = await import('${dist}/engines/guard/peak-held.js');
        const engine = createOrtEngine({ sessions: 1 });
        const card = { name: 'm', checkpoint: '${file}', input: { shape: [3, 32, 32], range: [-1, 1] }, classes: 10 };
        const model = await openModel(card, engine);
        const found = 'opened, with chains: ' + model.info.storedChains + '; the largest process held '
          + Math.round(peakHeld() / 2 ** 20) + ' MiB';
        await engine.close();`);
    expect(model.found).toMatch(/^opened, with chains: 10000/);
    // Not by `maxRSS`: it begins with what the process that starts another holds. Both processes together take 0.9 GiB.
    expect(Number(/(\d+) MiB/.exec(model.found)?.[1])).toBeLessThan(768);
    expect(model.most).toBeLessThan(1280);
  });
});
