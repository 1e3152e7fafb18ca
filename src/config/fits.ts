import { fillFromPresets, PRESETS, type Presets } from './presets.js';
import type { TSchema } from './type.js';

/**
 * Whether a value is as its schema says.
 * @param branch it is held against one of several schemas: defaults are for values of which there is but one
 */
type Test = (value: unknown, branch: boolean) => boolean;
type Keyed = Record<string, unknown>;

const isRecord = (value: unknown): value is Keyed =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isText = (value: unknown): value is string => typeof value === 'string';
const isPlain = (value: unknown): boolean => value === null || /^(string|number|boolean)$/.test(typeof value);

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  array: Array.isArray,
  boolean: (value) => typeof value === 'boolean',
  integer: Number.isInteger,
  null: (value) => value === null,
  number: Number.isFinite,
  object: isRecord,
  string: isText,
};

/** Thrown at what only Ajv knows. */
const BEYOND = new Error('beyond this reading of schemas');
const beyond = (): never => {
  throw BEYOND;
};
const size = (object: Keyed) => Object.keys(object).length;
const characters = (text: string) => [...text].length;
const numbers = (holds: (value: number) => boolean) => (value: unknown) => !isNumber(value) || holds(value);
const texts = (holds: (value: string) => boolean) => (value: unknown) => !isText(value) || holds(value);
const lists = (holds: (value: unknown[]) => boolean) => (value: unknown) =>
  !Array.isArray(value) || holds(value);
const records = (holds: (value: Keyed) => boolean) => (value: unknown) => !isRecord(value) || holds(value);

/** What a keyword asks, in the order in which they are looked at: presets before defaults, defaults before what counts keys. */
const KEYWORDS: Readonly<Record<string, (said: never, schema: TSchema) => Test>> = {
  [PRESETS]: (said: readonly Presets[]) => (value) => {
    fillFromPresets(said, value);
    return true;
  },
  type: (said: string) => TYPES[said] ?? beyond(),
  const: (said: unknown) => (isPlain(said) ? (value) => value === said : beyond()),
  enum: (said: unknown[]) => (said.every(isPlain) ? (value) => said.includes(value) : beyond()),
  anyOf: (said: TSchema[]) => {
    const tests = said.map(testOf);
    return (value) => tests.some((test) => test(value, true));
  },
  minimum: (least: number) => numbers((value) => value >= least),
  maximum: (most: number) => numbers((value) => value <= most),
  exclusiveMinimum: (bound: number) => numbers((value) => value > bound),
  exclusiveMaximum: (bound: number) => numbers((value) => value < bound),
  multipleOf: (said: number) => numbers((value) => Number.isSafeInteger(value / said)),
  minLength: (least: number) => texts((value) => characters(value) >= least),
  maxLength: (most: number) => texts((value) => characters(value) <= most),
  pattern: (said: string) => {
    const pattern = new RegExp(said, 'u');
    return texts((value) => pattern.test(value));
  },
  minItems: (least: number) => lists(({ length }) => length >= least),
  maxItems: (most: number) => lists(({ length }) => length <= most),
  uniqueItems: (said: boolean) =>
    lists((value) => !said || (value.every(isPlain) && new Set(value).size === value.length)),
  prefixItems: (said: TSchema[]) => {
    const tests = said.map(testOf);
    return (value, branch) =>
      !Array.isArray(value) || tests.every((test, i) => i >= value.length || test(value[i], branch));
  },
  items: (said: TSchema | boolean, { prefixItems = [] }) => {
    if (Array.isArray(said)) beyond();
    const test = testOrAnswer(said);
    return (value, branch) =>
      !Array.isArray(value) || value.every((item, i) => i < prefixItems.length || test(item, branch));
  },
  properties: (said: Record<string, TSchema>) => {
    const parts = Object.entries(said).map(([key, part]) => ({
      key,
      preset: part.default,
      test: testOf(part),
    }));
    return (value, branch) =>
      !isRecord(value) ||
      parts.every(({ key, preset, test }) => {
        if (value[key] === undefined) {
          if (branch || preset === undefined) return true;
          value[key] = structuredClone(preset);
        }
        return test(value[key], branch);
      });
  },
  patternProperties: (said: Record<string, TSchema>) => {
    const parts = Object.entries(said).map(([key, part]) => ({
      key: new RegExp(key, 'u'),
      test: testOf(part),
    }));
    return (value, branch) =>
      !isRecord(value) ||
      Object.entries(value).every(([name, inside]) =>
        parts.every(({ key, test }) => !key.test(name) || test(inside, branch)),
      );
  },
  additionalProperties: (said: TSchema | boolean, { properties = {}, patternProperties = {} }) => {
    const patterns = Object.keys(patternProperties).map((key) => new RegExp(key, 'u'));
    const test = testOrAnswer(said);
    return (value, branch) =>
      !isRecord(value) ||
      Object.entries(value).every(
        ([name, inside]) =>
          Object.hasOwn(properties, name) || patterns.some((key) => key.test(name)) || test(inside, branch),
      );
  },
  required: (names: readonly string[]) =>
    records((value) => names.every((name) => value[name] !== undefined)),
  minProperties: (least: number) => records((value) => size(value) >= least),
  maxProperties: (most: number) => records((value) => size(value) <= most),
};

/** They ask nothing. */
const WORDS: readonly string[] = ['$schema', '$id', 'title', 'description', 'default', 'examples'];

/** A schema may be only an answer. */
const testOrAnswer = (said: TSchema | boolean): Test =>
  typeof said === 'boolean' ? () => said : testOf(said);

function testOf(schema: TSchema): Test {
  const keys = Object.keys(schema);
  if (!keys.every((key) => Object.hasOwn(KEYWORDS, key) || WORDS.includes(key))) beyond();
  const all = Object.entries(KEYWORDS).flatMap(([key, row]) =>
    keys.includes(key) ? [row(schema[key] as never, schema)] : [],
  );
  return (value, branch) => all.every((test) => test(value, branch));
}

const tests = new WeakMap<TSchema, Test | 'beyond'>();

function known(schema: TSchema): Test | 'beyond' {
  try {
    return testOf(schema);
  } catch (error) {
    if (error === BEYOND) return 'beyond';
    throw error;
  }
}

/**
 * Whether a value surely is as its schema says, with its defaults and presets filled in, in place. Undefined for a schema with
 * keywords that are not known here; false for a value that is half filled in, and wrong unless its items are to be unique.
 * That is for Ajv to explain, which takes a fifth of a second to load and to read the schemas of a run, and which a run
 * without mistakes never needs.
 */
export function fits(schema: TSchema, value: unknown): boolean | undefined {
  const test = tests.get(schema) ?? known(schema);
  tests.set(schema, test);
  return test === 'beyond' ? undefined : test(value, false);
}
