import { describe, expect, it } from 'vitest';
import { parseEpsilon, parseEpsilons } from '../../src/attacks/epsilon.js';

describe('parseEpsilon', () => {
  it.each([
    ['8/255', '8/255', 8 / 255],
    [' 8 / 255 ', '8/255', 8 / 255],
    ['0.5', '0.5', 0.5],
    [0.25, '0.25', 0.25],
    ['1e-3', '1e-3', 0.001],
  ])('%s', (written, text, value) => {
    expect(parseEpsilon(written)).toEqual({ text, value });
  });

  it.each(['', '0', '-1/255', '8/0', '8/255/2', 'eight', '8/', '/255', 'Infinity', 0, Number.NaN, -1])(
    'refuses %s',
    (written) => {
      expect(() => parseEpsilon(written, 'epsilons[2]')).toThrowError(
        expect.objectContaining({
          code: 'config-invalid',
          details: expect.objectContaining({ path: 'epsilons[2]' }),
        }),
      );
    },
  );
});

describe('parseEpsilons', () => {
  it('sorts by value and keeps the text', () => {
    expect(parseEpsilons(['8/255', 0.01, '2/255']).map(({ text }) => text)).toEqual([
      '2/255',
      '0.01',
      '8/255',
    ]);
  });

  it('keeps equal radii once, as first written', () => {
    expect(parseEpsilons(['16/510', '8/255']).map(({ text }) => text)).toEqual(['16/510']);
  });

  it('refuses an empty list', () => {
    expect(() => parseEpsilons([])).toThrowError(/at least one/);
  });
});
