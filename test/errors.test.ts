import { describe, expect, it } from 'vitest';
import { AssayError, didYouMean, unknownName } from '../src/errors.js';

describe('an error', () => {
  it('says what, where, expected, found and how to fix it, a line each', () => {
    const error = new AssayError('data-invalid', 'a pixel is out of range', {
      file: 'x.npz',
      path: 'images[3]',
      expected: 'numbers in [0, 1]',
      found: '255',
      hint: 'set `range`',
    });
    expect(error.explain()).toBe(
      [
        'error[data-invalid]: a pixel is out of range',
        '  in       x.npz at images[3]',
        '  expected numbers in [0, 1]',
        '  found    255',
        '  fix      set `range`',
      ].join('\n'),
    );
  });

  it.each([
    ['acuracy', 'accuracy'],
    ['OOD', 'ood'],
    ['zzz', undefined],
    ['', undefined],
  ])('guesses what %j meant', (name, guess) => {
    expect(didYouMean(name, ['accuracy', 'calibration', 'ood', 'attack'])).toBe(guess);
  });

  it('lists what there is when a name is unknown', () => {
    const error = unknownName('suite', 'atack', ['accuracy', 'attack']);
    expect(error.details).toMatchObject({
      expected: 'one of accuracy, attack',
      hint: 'did you mean "attack"?',
    });
    expect(unknownName('suite', 'x', []).details.expected).toBe('one of (none)');
  });
});
