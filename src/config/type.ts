import type { JavaScriptTypeBuilder } from '@sinclair/typebox';

export type {
  SchemaOptions,
  Static,
  TInteger,
  TObject,
  TProperties,
  TSchema,
  TUnsafe,
} from '@sinclair/typebox';

/** What TypeBox marks schemas by: properties of both kinds of schema can stand in one object. */
const KIND = Symbol.for('TypeBox.Kind');
const OPTIONAL = Symbol.for('TypeBox.Optional');

type Part = Record<PropertyKey, unknown>;

const made = (kind: string, part: Part, options?: Part) => ({ ...options, [KIND]: kind, ...part });

/** TypeBox's builders of the same names: JSON Schema out of plain objects. */
const builders = {
  Array: (items: Part, options?: Part) => made('Array', { type: 'array', items }, options),
  Boolean: (options?: Part) => made('Boolean', { type: 'boolean' }, options),
  Integer: (options?: Part) => made('Integer', { type: 'integer' }, options),
  Literal: (value: unknown, options?: Part) => made('Literal', { const: value, type: typeof value }, options),
  Null: (options?: Part) => made('Null', { type: 'null' }, options),
  Number: (options?: Part) => made('Number', { type: 'number' }, options),
  Object(properties: Record<string, Part>, options?: Part) {
    const required = Object.keys(properties).filter((key) => !(OPTIONAL in properties[key]!));
    return made('Object', { type: 'object', ...(required.length > 0 && { required }), properties }, options);
  },
  Optional: (schema: Part) => ({ ...schema, [OPTIONAL]: 'Optional' }),
  /** Keys are any text. */
  Record: (_keys: Part, value: Part, options?: Part) =>
    made('Record', { type: 'object', patternProperties: { '^(.*)$': value } }, options),
  String: (options?: Part) => made('String', { type: 'string' }, options),
  Tuple: (items: readonly Part[], options?: Part) => {
    const { length } = items;
    const counted = { minItems: length, maxItems: length };
    const some = length > 0 ? { items, additionalItems: false } : {};
    return made('Tuple', { type: 'array', ...some, ...counted }, options);
  },
  Union: (branches: readonly Part[], options?: Part) =>
    branches.length === 1 ? { ...options, ...branches[0] } : made('Union', { anyOf: branches }, options),
  Unknown: (options?: Part) => made('Unknown', {}, options),
  Unsafe: (schema: Part = {}) => ({ [KIND]: 'Unsafe', ...schema }),
};

/**
 * The part of TypeBox's `Type` that is used here, with its types and the same schemas. TypeBox itself is two hundred
 * modules, which every command and thread would wait a sixth of a second for.
 */
export const Type = builders as unknown as Pick<JavaScriptTypeBuilder, keyof typeof builders>;
