import { expect, it } from 'vitest';
import { collectGarbage } from '../../../src/runs/measuring/collect-garbage.js';

const MANY = 2 ** 26;
const held = () => process.memoryUsage().arrayBuffers;

/** In a function of its own: nothing of the caller's holds on to the array. */
const made = (): { array?: Uint8Array } => ({ array: new Uint8Array(MANY).fill(1) });

it('gives back arrays that were dropped, and keeps those in use', async () => {
  const kept = new Uint8Array(MANY);
  const given = made();
  const before = held();
  delete given.array;
  collectGarbage();
  // V8 counts what a collection frees a moment later: another thread sweeps it.
  await expect.poll(() => before - held(), { timeout: 30_000 }).toBeGreaterThan(MANY / 2);
  expect(held()).toBeGreaterThanOrEqual(MANY);
  expect(kept.length).toBe(MANY);
});
