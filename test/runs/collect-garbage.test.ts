import { expect, it } from 'vitest';
import { collectGarbage } from '../../src/runs/collect-garbage.js';

const MANY = 2 ** 26;
const held = () => process.memoryUsage().arrayBuffers;

it('gives back arrays that were dropped, and keeps those in use', () => {
  const kept = new Uint8Array(MANY);
  drop();
  const before = held();
  collectGarbage();
  expect(before - held()).toBeGreaterThan(MANY / 2);
  expect(held()).toBeGreaterThanOrEqual(MANY);
  expect(kept.length).toBe(MANY);
});

/** In a function of its own: nothing of the caller's holds on to it. */
function drop(): void {
  new Uint8Array(MANY).fill(1);
}
