import { describe, expect, it } from 'vitest';
import type { System } from '../../src/models/system.js';
import { stream } from '../../src/random/stream.js';
import { persistentChains } from '../../src/sampling/persistent-chains.js';
import { gaussian } from './helpers/gaussian-system.js';

const options = {
  capacity: 6,
  rounds: 9,
  batch: 5,
  reinit: 0.3,
  steps: 2,
  size: 4,
  seed: 8,
  stepSize: 0.1,
  noise: 0.05,
  clamp: 'none' as const,
};

/** The same in a few lines: image by image, in the order of JEM's evaluation script. */
function plain() {
  const uniforms = (source: { uniform(): number }) => Array.from({ length: 4 }, () => source.uniform());
  const buffer = Array.from({ length: 6 }, (_, example) =>
    uniforms(stream({ seed: 8, purpose: 'replay/fill', example })),
  );
  const moved = buffer.map(() => 0);
  for (let round = 0; round < 9; round++) {
    const ends = Array.from({ length: 5 }, (_, example) => {
      const source = stream({ seed: 8, purpose: 'replay/draw', example, step: round });
      const slot = Math.floor(source.uniform() * 6);
      const fresh = source.uniform() < 0.3;
      let x = fresh ? uniforms(source) : buffer[slot]!;
      for (let substep = 0; substep < 2; substep++) {
        const key = { seed: 8, purpose: 'samples/persistent/sgld', example, step: round, substep };
        const noise = stream(key);
        x = x.map((v) => v - 0.1 * v + 0.05 * noise.normal());
      }
      return { slot, x, rounds: fresh ? 1 : moved[slot]! + 1 };
    });
    for (const { slot, x, rounds } of ends) {
      buffer[slot] = x;
      moved[slot] = rounds;
    }
  }
  return { buffer, moved };
}

describe('a persistent buffer', () => {
  it('is drawn from, started anew, moved and put back as JEM does', async () => {
    const { buffer, moved } = plain();
    for (const batchSize of [2, 64]) {
      const found = await persistentChains(gaussian(0, 1, 1, batchSize), options);
      expect([...found.moved]).toEqual(moved);
      found.pixels.forEach((x, at) => {
        expect(x).toBeCloseTo(buffer[Math.floor(at / 4)]![at % 4]!, 5);
      });
    }
  });

  it('of which a chain has no numbers is none', async () => {
    const system = gaussian(0, 1, 1);
    const broken: System = {
      ...system,
      async gradient(batch, loss) {
        const found = await system.gradient(batch, loss);
        found.gradient[0] = Number.NaN;
        return found;
      },
    };
    await expect(persistentChains(broken, options)).rejects.toMatchObject({
      code: 'model-invalid',
      name: 'AssayError',
      details: { path: 'round 0', hint: /smaller step size/ },
    });
  });
});
