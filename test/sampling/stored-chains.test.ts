import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { openModel } from '../../src/models/open.js';
import { ReplayBuffer } from '../../src/sampling/replay-buffer.js';
import { readStoredChains } from '../../src/sampling/stored-chains.js';
import { dict, float32, stateDict, tensor, torchZip } from '../checkpoints/torch-writer.js';
import { smallJem } from '../fuzz/formats.js';

const folder = mkdtempSync(join(tmpdir(), 'assay-chains-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const weights = smallJem();
const images = Float32Array.from({ length: 2 * 64 }, (_, i) => (i % 5) / 2 - 1);
const buffer = { ...float32([2, 1, 8, 8], images), key: 'buffer' };
const root = dict(['model_state_dict', stateDict(weights)], ['replay_buffer', tensor(buffer, 'buffer')]);
const checkpoint = join(folder, 'jem.pt');
writeFileSync(checkpoint, torchZip({ ...weights, buffer }, { root }));
const card = { name: 'jem', checkpoint, classes: 3 };

it('reads the chains of a checkpoint as pixels, whatever the network expects of them', async () => {
  const range = await readStoredChains({ ...card, input: { shape: [1, 8, 8], range: [-1, 1] } });
  expect(range).toMatchObject({ n: 2, shape: [1, 8, 8] });
  expect(range?.pixels).toEqual(images.map((v) => (v + 1) / 2));
  const standardised = await readStoredChains({ ...card, input: { shape: [1, 8, 8], mean: 0.5, std: 0.25 } });
  expect(standardised?.pixels).toEqual(images.map((v) => v * 0.25 + 0.5));
});

it('a model of the checkpoint gives them, and says how many', async () => {
  const engine = createOrtEngine({ sessions: 1 });
  const input = { shape: [1, 8, 8], range: [-1, 1] };
  const model = await openModel({ ...card, input }, engine);
  expect(model.info.storedChains).toBe(2);
  expect(await model.storedChains?.()).toEqual(images.map((v) => (v + 1) / 2));
  await engine.close();
});

it('begins a replay buffer with them', async () => {
  const chains = await readStoredChains({ ...card, input: { shape: [1, 8, 8], range: [-1, 1] } });
  const from = chains?.pixels ?? new Float32Array();
  const replay = new ReplayBuffer({ capacity: 2, size: 64, reinit: 0, seed: 0, from });
  const { pixels, slots } = replay.draw(3, 0);
  slots.forEach((slot, row) => {
    expect(pixels.slice(row * 64, row * 64 + 64)).toEqual(from.slice(slot * 64, slot * 64 + 64));
  });
  expect(() => new ReplayBuffer({ capacity: 3, size: 64, reinit: 0, seed: 0, from })).toThrow(/do not fill/);
});

it('says when there are none, and when they are of another shape', async () => {
  const bare = join(folder, 'bare.pt');
  writeFileSync(bare, torchZip(weights));
  expect(await readStoredChains({ ...card, checkpoint: bare, input: { shape: [1, 8, 8] } })).toBeUndefined();
  await expect(readStoredChains({ ...card, input: { shape: [1, 16, 16] } })).rejects.toMatchObject({
    code: 'shape-mismatch',
    details: { path: 'input.shape', hint: expect.stringContaining('`buffer: 0`') },
  });
});

it.each([[[2, 64]], [[2, 8, 8]], [[0, 1, 8, 8]]])('a buffer of %o is none, which is told', async (dims) => {
  const size = dims.reduce((a, d) => a * d, 1);
  const odd = { ...float32(dims, images.subarray(0, size)), key: 'buffer' };
  const layout = dict(['model_state_dict', stateDict(weights)], ['replay_buffer', tensor(odd, 'buffer')]);
  writeFileSync(join(folder, 'odd.pt'), torchZip({ ...weights, buffer: odd }, { root: layout }));
  const engine = createOrtEngine({ sessions: 1 });
  const input = { shape: [1, 8, 8], range: [-1, 1] };
  const { info } = await openModel({ ...card, checkpoint: join(folder, 'odd.pt'), input }, engine);
  expect(info.storedChains).toBeUndefined();
  expect(info.notes).toContainEqual(
    expect.objectContaining({ message: expect.stringContaining(`replay_buffer [${dims.join(', ')}]`) }),
  );
  await engine.close();
});
