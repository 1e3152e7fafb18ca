import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { AssayError, didYouMean } from '../errors.js';
import { fillFromPresets, PRESETS, type Presets } from './presets.js';
import { shown } from './shown.js';
import type { Static, TSchema } from './type.js';

const ajv = new Ajv2020({
  allErrors: true,
  useDefaults: true,
  strict: false,
  // Every command waits for its schemas to be compiled: neither checked themselves nor made small that takes a third.
  validateSchema: false,
  meta: false,
  code: { optimize: false },
  // YAML can say .nan and .inf.
  strictNumbers: true,
  verbose: true,
});
// A keyword of no type of its own comes before those of objects, and so before their defaults.
ajv.addKeyword({
  keyword: PRESETS,
  modifying: true,
  errors: false,
  validate: (presets: readonly Presets[], value: unknown) => {
    fillFromPresets(presets, value);
    return true;
  },
});
const validators = new WeakMap<TSchema, ValidateFunction>();

export interface CheckedThing {
  /** The file the value was read from. */
  file?: string;
  /** For messages: `model card`. */
  what: string;
  /** Where in the file the value stands: `suites[2].attack`. */
  at?: string;
  /** What to do about keys that belong somewhere else. */
  elsewhere?: Readonly<Record<string, string>>;
}

/**
 * Checks a value against a schema and fills in its defaults, in a copy.
 * Errors: `config-invalid` with the key's path; a misspelt key or value gets a guess; further errors are listed.
 */
export function check<S extends TSchema>(schema: S, value: unknown, thing: CheckedThing): Static<S> {
  let validate = validators.get(schema);
  if (!validate) {
    validate = ajv.compile(schema);
    validators.set(schema, validate);
  }
  const copy: unknown = structuredClone(value);
  if (validate(copy)) return copy as Static<S>;
  throw refusal(validate.errors ?? [], thing);
}

/** The error that tells most, with the places of the others. */
function refusal(errors: readonly ErrorObject[], thing: CheckedThing): AssayError {
  const main = worst(errors);
  const error = invalid(main, thing);
  const others = errors.filter(
    (e) => !inUnion(e) && e !== main && !main.instancePath.startsWith(e.instancePath),
  );
  const also = others.slice(0, 8).map((e) => {
    const { message, details } = invalid(e, thing);
    const { path, expected, hint } = details;
    return `${path ?? 'the top'}: ${expected && !/unknown key/.test(message) ? `expected ${expected}` : `${message}${hint ? `, ${hint}` : ''}`}`;
  });
  if (also.length === 0) return error;
  return new AssayError(error.code, error.message, { ...error.details, also });
}

/** Of a union's branches only the errors that went deepest into the value tell what was meant. */
function worst(errors: readonly ErrorObject[]): ErrorObject {
  const unknownKey = errors.find((e) => e.keyword === 'additionalProperties' && !inUnion(e));
  if (unknownKey) return unknownKey;
  const plain = errors.filter((e) => !inUnion(e));
  const first = plain[0] ?? errors[0]!;
  if (first.keyword !== 'anyOf') return first;
  const told = ['additionalProperties', 'required', 'anyOf'];
  const rank = (e: ErrorObject) => told.indexOf(e.keyword) + (told.includes(e.keyword) ? 0 : told.length + 1);
  const [deepest] = errors
    .filter(
      (e) =>
        inUnion(e) &&
        e.instancePath.startsWith(first.instancePath) &&
        (e.instancePath.length > first.instancePath.length ||
          ['additionalProperties', 'required'].includes(e.keyword)),
    )
    .sort((a, b) => b.instancePath.length - a.instancePath.length || rank(a) - rank(b));
  return deepest ?? first;
}

const inUnion = (error: ErrorObject) => /\/anyOf\/\d+\//.test(error.schemaPath);

/** /suites/0/attack -> suites[0].attack */
function keyPath(pointer: string, start = ''): string {
  const keys = pointer
    .split('/')
    .slice(1)
    .map((k) => k.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce((path, k) => (/^\d+$/.test(k) ? `${path}[${k}]` : path ? `${path}.${k}` : k), start);
}

function invalid(error: ErrorObject, { file, what, at: start, elsewhere }: CheckedThing): AssayError {
  const at = keyPath(error.instancePath, start);
  const refuse = (
    message: string,
    details: { path?: string; expected?: string; found?: string; hint?: string },
  ) => new AssayError('config-invalid', message, { file: file ?? what, path: at || undefined, ...details });
  const below = (key: string) => (at ? `${at}.${key}` : key);
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params.additionalProperty);
    const known = Object.keys(error.parentSchema?.properties ?? {});
    const guess = didYouMean(key, known);
    return refuse(`unknown key "${key}" in the ${what}`, {
      path: below(key),
      expected: `one of ${known.join(', ')}`,
      hint: elsewhere?.[key] ?? (guess ? `did you mean "${guess}"?` : 'remove it'),
    });
  }
  if (error.keyword === 'required') {
    const key = String(error.params.missingProperty);
    const description: unknown = error.parentSchema?.properties?.[key]?.description;
    return refuse(`the key "${key}" is missing in the ${what}`, {
      path: below(key),
      hint: typeof description === 'string' ? `add it: ${description}` : 'add it',
    });
  }
  const choices = choicesOf(error);
  const guess = typeof error.data === 'string' ? didYouMean(error.data, choices) : undefined;
  const description: unknown = error.parentSchema?.description;
  return refuse(`a value in the ${what} is not valid`, {
    expected: choices.length > 0 ? `one of ${choices.join(', ')}` : said(error),
    found: shown(error.data),
    hint: guess
      ? `did you mean "${guess}"?`
      : typeof description === 'string'
        ? description
        : 'correct the value',
  });
}

/** What a JSON type is called in YAML. */
const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a mapping of keys to values',
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
};

const COUNTED: Readonly<Record<string, readonly [one: string, several: string]>> = {
  Items: ['entry', 'entries'],
  Length: ['character', 'characters'],
  Properties: ['key', 'keys'],
};

/** What a value must be, in words of the file that it stands in. */
function said({ keyword, params, message = '' }: ErrorObject): string {
  const type = keyword === 'type' ? TYPES[String(params.type)] : undefined;
  const things = /^(min|max)(Items|Length|Properties)$/.exec(keyword);
  if (things) {
    return `at ${things[1] === 'min' ? 'least' : 'most'} ${counted(Number(params.limit), COUNTED[things[2]!]!)}`;
  }
  return type ?? message.replace(/^must (be )?/, '');
}

/** The literals a union or an enumeration allows, and what its other branches are: their title, or type. */
function choicesOf(error: ErrorObject): string[] {
  if (error.keyword === 'enum') return (error.params.allowedValues as unknown[]).map(String);
  if (error.keyword === 'const') return [String(error.params.allowedValue)];
  if (error.keyword !== 'anyOf') return [];
  const branches = (error.schema ?? []) as Branch[];
  return branches.map((b) => (b.const === undefined ? (b.title ?? typed(b)) : String(b.const)));
}

interface Branch {
  const?: unknown;
  type?: string;
  title?: string;
  minimum?: number;
  maximum?: number;
  minItems?: number;
}

/** The type of a branch, with what else bounds it: a value may be of that type and still not be meant. */
function typed({ type = '', minimum, maximum, minItems }: Branch): string {
  const called = TYPES[type] ?? 'another form';
  if (minItems !== undefined) return `${called} of at least ${counted(minItems, COUNTED.Items!)}`;
  if (minimum === undefined) return called;
  return maximum === undefined
    ? `${called} of at least ${minimum}`
    : `${called} from ${minimum} to ${maximum}`;
}

const counted = (n: number, [one, several]: readonly [string, string]): string =>
  `${n} ${n === 1 ? one : several}`;
