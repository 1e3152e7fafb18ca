import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { validatorOf } from '../../src/config/ajv.js';
import { fits } from '../../src/config/fits.js';
import { PRESETS } from '../../src/config/presets.js';
import type { TSchema } from '../../src/config/type.js';
import { Type } from '../../src/config/type.js';
import { datasetSchema } from '../../src/data/dataset-schema.js';
import { ModelCard } from '../../src/models/card.js';
import { resultsSchema } from '../../src/report/schema.js';
import { builtinRunCatalogue } from '../../src/runs/run-catalogue.js';
import { RunFile } from '../../src/runs/run-file.js';
import { optionsOf } from '../../src/suites/contract.js';
import { everySuite } from '../suites/helpers/every-suite.js';

const ours: Readonly<Record<string, TSchema>> = {
  'a run file': RunFile,
  'a model card': ModelCard,
  'a data set': datasetSchema(builtinRunCatalogue.dataFormats),
  results: Type.Unsafe(resultsSchema()),
  ...Object.fromEntries(everySuite.map((suite) => [suite.name, optionsOf(suite, builtinRunCatalogue)])),
};

/** Every keyword that is known, where it is told apart from its neighbours. */
const closed = { additionalProperties: false };
const kinds: Readonly<Record<string, TSchema>> = {
  number: Type.Number({ minimum: -1, exclusiveMaximum: 2 }),
  integer: Type.Integer({ exclusiveMinimum: -1, maximum: 2 }),
  text: Type.String({ minLength: 1, maxLength: 2, pattern: '^[a-b💥]*$' }),
  list: Type.Array(Type.Number({ maximum: 1 }), { minItems: 1, maxItems: 3, uniqueItems: true }),
  even: Type.Number({ multipleOf: 0.5 }),
  pair: Type.Unsafe({ type: 'array', prefixItems: [{ type: 'integer' }, { type: 'null' }], items: false }),
  pairs: Type.Unsafe({ type: 'array', prefixItems: [{ type: 'integer' }], items: { type: 'null' } }),
  choice: Type.Unsafe({ enum: ['a', 1, null] }),
  literal: Type.Literal('a'),
  defaults: Type.Object(
    { a: Type.Integer({ default: 1 }), b: Type.Object({ a: Type.Integer({ default: 2 }) }, { default: {} }) },
    closed,
  ),
  counted: Type.Object(
    { a: Type.Optional(Type.Integer({ default: 1 })) },
    { minProperties: 1, maxProperties: 2 },
  ),
  named: Type.Record(Type.String(), Type.Union([Type.Null(), Type.Boolean()])),
  rest: Type.Unsafe({
    type: 'object',
    properties: { a: { const: 1 } },
    patternProperties: { '^b': { type: 'string' } },
    additionalProperties: { type: 'null' },
  }),
  branches: Type.Union([
    Type.Object({ a: Type.Integer({ default: 1 }) }, closed),
    Type.Object({ b: Type.Optional(Type.Integer({ default: 1 })) }, closed),
    Type.Array(Type.Object({ a: Type.Optional(Type.Literal(1)) })),
  ]),
  presets: Type.Object(
    { a: Type.Optional(Type.String()), b: Type.Integer({ default: 1 }), c: Type.Optional(Type.Integer()) },
    { [PRESETS]: [{ option: 'a', rows: { a: { b: 5, c: 6 }, b: { c: 'x' } } }] },
  ),
};

const junk = fc.oneof(
  fc.constantFrom(
    undefined,
    null,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    'a',
    'b',
    '💥💥💥',
    true,
    -1,
    0,
    0.5,
    1,
    2,
  ),
  fc.constantFrom({}, [], [1, 1], { a: 1 }, { b: 'a' }, { toString: 1 }, [{ a: 2 }]),
);

/** Values that mostly are as a schema says: each part may be something else, be absent, or have a neighbour. */
function near(schema: TSchema): fc.Arbitrary<unknown> {
  const options: (fc.Arbitrary<unknown> | undefined)[] = [
    schema.anyOf && fc.oneof(...(schema.anyOf as TSchema[]).map(near)),
    schema.enum && fc.constantFrom(...(schema.enum as unknown[])),
    'const' in schema ? fc.constant(schema.const) : undefined,
    schema.prefixItems &&
      fc
        .tuple(
          fc.tuple(...(schema.prefixItems as TSchema[]).map(near)),
          fc.array(fc.constant(null), { maxLength: 2 }),
        )
        .map((both) => both.flat()),
    schema.type === 'array' && schema.items && !Array.isArray(schema.items)
      ? fc.array(near(schema.items as TSchema), { maxLength: 3 })
      : undefined,
    schema.type === 'object' ? nearObject(schema) : undefined,
    schema.type === 'string'
      ? fc.oneof(
          fc.string({ unit: fc.constantFrom('a', 'b', '8', '/', '💥'), maxLength: 4 }),
          fc.constant('8/255'),
        )
      : undefined,
    schema.type === 'boolean' ? fc.boolean() : undefined,
    schema.type === 'number' || schema.type === 'integer'
      ? fc.oneof(fc.integer({ min: -2, max: 3 }), fc.constantFrom(0.5, 100, 1000))
      : undefined,
  ];
  const [likely] = options.filter((option) => option !== undefined);
  return likely ? fc.oneof({ weight: 19, arbitrary: likely }, { weight: 1, arbitrary: junk }) : junk;
}

const nearObject = ({ properties = {}, patternProperties, required = [] }: TSchema) =>
  fc
    .tuple(
      fc.record(
        Object.fromEntries(
          Object.entries(properties as Record<string, TSchema>).map(([key, part]) => [key, near(part)]),
        ),
        { requiredKeys: required as string[] },
      ),
      fc.oneof(
        { weight: 9, arbitrary: fc.constant({}) },
        {
          weight: patternProperties ? 9 : 1,
          arbitrary: fc.dictionary(
            fc.constantFrom('a', 'b', 'b2', 'z'),
            patternProperties ? near(Object.values(patternProperties as Record<string, TSchema>)[0]!) : junk,
            { maxKeys: 2 },
          ),
        },
      ),
    )
    .map(([known, more]) => ({ ...known, ...more }));

/** What each makes of a value: undefined where it refuses it. */
function both(schema: TSchema, value: unknown): { mine: unknown; ajv: unknown } {
  const [mine, ajv] = [structuredClone(value), structuredClone(value)];
  return {
    mine: fits(schema, mine) ? { filled: mine } : undefined,
    ajv: validatorOf(schema)(ajv) ? { filled: ajv } : undefined,
  };
}

describe.each(Object.entries({ ...ours, ...kinds }))('a value of %s', (name, schema) => {
  it('is one to Ajv too, with the same defaults', () => {
    let [fitting, refused, missed] = [0, 0, 0];
    fc.assert(
      fc.property(near(schema), (value) => {
        const { mine, ajv } = both(schema, value);
        if (mine) {
          fitting++;
          expect(mine).toEqual(ajv);
        } else if (ajv) missed++;
        else refused++;
      }),
      { numRuns: 300, seed: 1 },
    );
    expect(refused).toBeGreaterThan(0);
    expect(missed).toBe(0);
    if (name in kinds) expect(fitting).toBeGreaterThan(0);
  });
});

describe('the schemas of Assay', () => {
  it.each(Object.entries(ours))('hold no keyword that only Ajv knows: %s', (_, schema) => {
    expect(fits(schema, {})).toBeTypeOf('boolean');
  });

  it('leave what is not known to Ajv', () => {
    for (const schema of [
      { not: {} },
      { type: ['null', 'string'] },
      { items: [{}] },
      { const: [1] },
      { enum: [[1]] },
      { format: 'uri' },
    ])
      expect(fits(Type.Object({ a: Type.Unsafe(schema) }), { a: [1] })).toBeUndefined();
  });
});
