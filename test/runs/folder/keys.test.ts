import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, keyOf } from '../../../src/runs/folder/keys.js';

describe('canonical JSON', () => {
  it('does not depend on the order of keys', () => {
    expect(keyOf({ a: 1, b: { c: [1, 2], d: 'x' } })).toBe(keyOf({ b: { d: 'x', c: [1, 2] }, a: 1 }));
    expect(canonicalJson({ b: undefined, a: null })).toBe('{"a":null}');
  });

  it('tells apart what differs', () => {
    const values = [
      1,
      '1',
      [1],
      { a: 1 },
      { a: '1' },
      { a: [1] },
      { b: 1 },
      null,
      true,
      'true',
      [],
      {},
      '',
      [1, 2],
      [12],
    ];
    expect(new Set(values.map((value) => keyOf({ value }))).size).toBe(values.length);
  });

  it('is JSON that means the same', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([
    ['NaN', { a: [1, Number.NaN] }, 'params.a[1]'],
    ['a function', { f: () => 1 }, 'params.f'],
    ['a typed array', { data: new Float32Array(2) }, 'params.data'],
    ['a date', { at: new Date(0) }, 'params.at'],
  ])('refuses %s', (_, value, path) => {
    expect(() => canonicalJson(value)).toThrow(
      expect.objectContaining({ code: 'suite-failed', details: expect.objectContaining({ path }) }),
    );
  });
});
