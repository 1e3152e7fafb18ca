import { describe, expect, it } from 'vitest';
import { ReplayBuffer } from '../../src/sampling/replay-buffer.js';

const options = { capacity: 50, size: 6, reinit: 0.2, seed: 3 };
const row = (pixels: Float32Array, i: number) => [...pixels.slice(i * 6, i * 6 + 6)];

describe('the replay buffer', () => {
  it('begins with uniform noise', () => {
    const { pixels } = new ReplayBuffer({ ...options, capacity: 500 });
    const mean = pixels.reduce((a, b) => a + b, 0) / pixels.length;
    expect(mean).toBeCloseTo(0.5, 1);
    expect(pixels.every((v) => v >= 0 && v <= 1)).toBe(true);
  });

  it('draws from its places, but for the share that starts from noise', () => {
    const buffer = new ReplayBuffer(options);
    const { pixels, slots } = buffer.draw(4000, 1);
    let fresh = 0;
    slots.forEach((slot, i) => {
      if (row(pixels, i).join() !== row(buffer.pixels, slot).join()) fresh++;
    });
    expect(Math.abs(fresh / 4000 - 0.2)).toBeLessThan(0.02);
    expect(new Set(slots).size).toBe(50);
  });

  it('puts ends of chains where their starts came from, also of fresh starts', () => {
    const buffer = new ReplayBuffer({ ...options, reinit: 1 });
    const { pixels, slots } = buffer.draw(1, 0);
    const ends = pixels.map((v) => v / 2);
    buffer.store(slots, ends);
    expect(row(buffer.pixels, slots[0]!)).toEqual([...ends]);
  });

  it('a draw is a copy, and decided by seed and step', () => {
    const [one, two] = [new ReplayBuffer(options), new ReplayBuffer(options)];
    const drawn = one.draw(8, 5);
    expect(two.draw(8, 5)).toEqual(drawn);
    expect(two.draw(8, 6)).not.toEqual(drawn);
    drawn.pixels.fill(9);
    expect(one.pixels.some((v) => v === 9)).toBe(false);
  });

  it('the first draws of a larger batch are those of a smaller', () => {
    const buffer = new ReplayBuffer(options);
    expect([...buffer.draw(9, 2).slots.slice(0, 4)]).toEqual([...buffer.draw(4, 2).slots]);
  });

  it.each([{ capacity: 0 }, { size: 0 }, { capacity: 1.5 }, { reinit: -0.1 }, { reinit: Number.NaN }])(
    'refuses %o',
    (wrong) => {
      expect(() => new ReplayBuffer({ ...options, ...wrong })).toThrowError(
        expect.objectContaining({ code: 'config-invalid' }),
      );
    },
  );
});
