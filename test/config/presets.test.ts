import { Type } from '@sinclair/typebox';
import { describe, expect, it } from 'vitest';
import { PRESETS } from '../../src/config/presets.js';
import { check } from '../../src/config/validate.js';
import { AssayError } from '../../src/errors.js';

const rows = { long: { steps: 100, inside: { draws: 7 }, list: [1, 2] }, short: { steps: 2 } };
const Schema = Type.Object(
  {
    preset: Type.Optional(Type.Union([Type.Literal('long'), Type.Literal('short')])),
    cost: Type.Optional(Type.String()),
    steps: Type.Integer({ default: 10 }),
    list: Type.Array(Type.Integer(), { default: [] }),
    inside: Type.Object(
      { draws: Type.Integer({ default: 1 }), more: Type.Integer({ default: 3 }) },
      { default: {} },
    ),
  },
  {
    additionalProperties: false,
    [PRESETS]: [
      { option: 'preset', rows },
      { option: 'cost', rows: { high: { steps: 1000, inside: { more: 30 } } } },
    ],
  },
);
const checked = (value: object) => check(Schema, value, { what: 'options' });

describe('presets of options', () => {
  it.each([
    ['none: defaults', {}, { steps: 10, list: [], inside: { draws: 1, more: 3 } }],
    ['before defaults', { preset: 'long' }, { steps: 100, list: [1, 2], inside: { draws: 7, more: 3 } }],
    ['behind what is written', { preset: 'long', steps: 5, list: [] }, { steps: 5, list: [] }],
    ['inside objects too', { preset: 'long', inside: { more: 4 } }, { inside: { draws: 7, more: 4 } }],
    [
      'of two the first has a value, the second what it leaves',
      { preset: 'short', cost: 'high' },
      { steps: 2, inside: { draws: 1, more: 30 } },
    ],
  ])('%s', (_, value, expected) => {
    expect(checked(value)).toMatchObject(expected);
  });

  it('rows are not shared with what is made of them', () => {
    const first = checked({ preset: 'long' });
    first.list.push(3);
    first.inside.draws = 0;
    expect(checked({ preset: 'long' })).toMatchObject({ list: [1, 2], inside: { draws: 7 } });
  });

  it.each(['lang', 'constructor', 7, null, ['long']])('%j is refused as any value is', (preset) => {
    expect(() => checked({ preset })).toThrow(AssayError);
  });
});
