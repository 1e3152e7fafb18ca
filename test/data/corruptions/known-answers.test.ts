import { describe, expect, it } from 'vitest';
import { corrupted } from '../../../src/data/corruptions/corrupted.js';
import { corruptions } from '../../../src/data/corruptions/registry.js';
import { stream } from '../../../src/random/stream.js';
import { KNOWN } from './known-answers.js';

const SHAPE = [3, 10, 8] as const;

/** A slope with noise on it, other slopes in other colours. */
function image(): Float32Array {
  const noise = new Float64Array(240);
  stream({ seed: 1, purpose: 'image', example: 0 }).uniforms(noise);
  return Float32Array.from(noise, (u, p) => {
    const [c, y, x] = [Math.floor(p / 80), Math.floor((p % 80) / 8), p % 8];
    return Math.min(255, Math.round(255 * (0.4 * u + 0.05 * x + 0.03 * y * (c + 1) * 0.5))) / 255;
  });
}

describe('by the published formulas in Python', () => {
  it.each(KNOWN)('%s, %s, severity %d', (name, parameters, severity, hex) => {
    const draws = stream({ seed: 9, purpose: name, example: severity });
    const made = corrupted(corruptions.named(name), image(), SHAPE, { severity, parameters }, draws);
    const expected = Buffer.from(hex, 'hex');
    const off = Array.from(made, (value, p) => Math.abs(Math.round(255 * value) - expected[p]!));
    expect(Math.max(...off)).toBeLessThanOrEqual(1);
    // Where a value lies on the edge between two bytes, single and double precision may fall to either side.
    expect(off.filter((level) => level > 0).length).toBeLessThanOrEqual(1);
  });

  it('covers every corruption, but for noise, whose moments are known, and frost, which is drawn here', () => {
    const known = new Set(KNOWN.map(([name]) => name));
    expect(corruptions.names.filter((name) => !known.has(name))).toEqual([
      'gaussian-noise',
      'shot-noise',
      'impulse-noise',
      'frost',
      'speckle-noise',
    ]);
  });
});
