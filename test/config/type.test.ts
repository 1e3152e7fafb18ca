import * as typebox from '@sinclair/typebox';
import { describe, expect, it } from 'vitest';
import { Type } from '../../src/config/type.js';

/** Uses every builder, with options and without. */
const schemas: Record<string, (t: typeof Type) => object> = {
  words: (t) => t.String(),
  'words with options': (t) => t.String({ minLength: 1, description: 'a name', default: 'x' }),
  numbers: (t) => t.Tuple([t.Number({ minimum: 0 }), t.Integer({ default: 3 }), t.Boolean(), t.Null()]),
  'an empty tuple': (t) => t.Tuple([]),
  literals: (t) => t.Union([t.Literal('a', { title: 'A' }), t.Literal(2), t.Literal(true)], { default: 'a' }),
  'a union of one': (t) => t.Union([t.Literal('a')], { description: 'the one' }),
  lists: (t) => t.Array(t.Unknown({ title: 'anything' }), { minItems: 1 }),
  'objects without required keys': (t) => t.Object({ a: t.Optional(t.String()) }),
  objects: (t) =>
    t.Object(
      { a: t.String(), b: t.Optional(t.Number()), c: t.Object({}, { additionalProperties: true }) },
      { additionalProperties: false, description: 'an object' },
    ),
  records: (t) => t.Record(t.String(), t.Array(t.Number()), { minProperties: 1 }),
  'a schema of another type': (t) => t.Unsafe<'x'>(t.Object({ x: t.String() })),
};

describe('Type', () => {
  it.each(Object.entries(schemas))('makes the schema of TypeBox: %s', (_, make) => {
    const ours = make(Type);
    const theirs = make(typebox.Type as unknown as typeof Type);
    // What it is marked by too, and in the same order.
    expect(ours).toStrictEqual(theirs);
    expect(JSON.stringify(ours)).toBe(JSON.stringify(theirs));
  });

  it('can be mixed with it', () => {
    const mixed = Type.Object({ a: typebox.Type.Optional(typebox.Type.String()), b: Type.Number() });
    expect(mixed.required).toEqual(['b']);
    const other = typebox.Type.Object({ a: Type.Optional(Type.String()), b: typebox.Type.Number() });
    expect(other.required).toEqual(['b']);
  });
});
