import { type TObject, Type } from '../../config/type.js';
import { check } from '../../config/validate.js';
import type { DatasetInfo, Recipe } from '../../data/dataset.js';
import type { Generator } from '../../data/derived/derivation.js';
import { DatasetSpec } from '../../data/spec.js';
import { AssayError } from '../../errors.js';
import type { Derivations, Transform } from '../../suites/derived/registry.js';

const closed = { additionalProperties: false };
const { role, distance, shift, limit } = DatasetSpec.properties;

/** What every data set made of another has, beside the key that says how. */
export const TransformedSpec = Type.Object(
  {
    of: Type.String({ minLength: 1, description: 'Name of the data set that this one is made of.' }),
    role,
    distance,
    shift,
    limit,
  },
  closed,
);

/** What every data set that a measurement makes of nothing has, beside the key that says how. */
export const AloneSpec = Type.Object({ role, distance }, closed);

/** What every generated data set has, beside the options of the generator. */
export const GeneratedSpec = Type.Object(
  {
    generate: Type.String({ minLength: 1, description: 'What images are made of nothing.' }),
    n: Type.Integer({ minimum: 1, maximum: 10_000_000, description: 'How many images.' }),
    like: Type.String({ minLength: 1, description: 'Name of the data set whose images have the shape.' }),
    role,
    distance,
  },
  closed,
);

/** A derived data set as the run file has it. */
export interface DerivedSpec {
  name: string;
  row: Transform | Generator;
  recipe: Recipe;
  /** The most examples that it has. */
  limit?: number;
  role?: DatasetInfo['role'];
  distance?: DatasetInfo['distance'];
  shift?: DatasetInfo['shift'];
  /** Where the options stand: `datasets.attacked.attack`. */
  at: string;
  /** As checked, defaults filled in. */
  resolved: object;
}

/**
 * The recipe that an entry of `datasets` holds; undefined when it names files.
 * Errors: `config-invalid`, `unknown-name` with their place.
 */
export function derivedSpec(
  name: string,
  given: object,
  { file, transforms, generators }: Derivations & { file: string },
): DerivedSpec | undefined {
  const place = { file, at: `datasets.${name}` };
  if ('of' in given) return transformed(name, given, transforms, place);
  if ('generate' in given) return generated(name, given as GivenGenerator, generators, place);
  // `sample` beside `path` picks examples of a file.
  const row = 'path' in given ? undefined : [...transforms].find((one) => isAlone(one) && one.name in given);
  return row && alone(name, given, row, place);
}

type GivenGenerator = object & { generate: unknown };

interface Place {
  file: string;
  at: string;
}

function transformed(
  name: string,
  given: object,
  transforms: Derivations['transforms'],
  { file, at }: Place,
): DerivedSpec {
  const keys = Object.keys(given).filter((key) => transforms.has(key));
  const key = keys[0]!;
  // Options of other ways than that which is given are long, and compiled for nothing.
  const ways = Object.fromEntries(
    [...transforms].map((row) => [
      row.name,
      Type.Optional(keys.includes(row.name) ? row.options : Type.Unknown()),
    ]),
  );
  // A key without options, `interpolate:`, is null in YAML.
  const whole = Object.fromEntries(
    Object.entries(given).map(([k, v]) => [k, keys.includes(k) ? (v ?? {}) : v]),
  );
  const schema = Type.Object({ ...TransformedSpec.properties, ...ways }, closed);
  const resolved = check(schema, whole, { file, what: `data set "${name}"`, at });
  const row = transforms.find(key);
  if (!row || keys.length > 1) {
    throw new AssayError('config-invalid', `the data set "${name}" must say one way how it is made`, {
      file,
      path: at,
      expected: `one of the keys ${transforms.names.join(', ')} beside \`of\``,
      found: keys.length === 0 ? 'none' : keys.join(', '),
      hint: 'several steps need a data set each',
    });
  }
  const { of, role, distance, shift, limit } = resolved;
  const options = (resolved as Record<string, unknown>)[key] as Record<string, unknown>;
  return {
    name,
    row,
    recipe: { by: key, of, options },
    ...(limit !== undefined && { limit }),
    ...(role && { role }),
    ...(distance && { distance }),
    ...(shift && { shift }),
    at: `${at}.${key}`,
    resolved,
  };
}

const isAlone = (row: Transform): boolean => row.kind === 'measurement' && row.alone === true;

function alone(name: string, given: object, row: Transform, { file, at }: Place): DerivedSpec {
  const schema = Type.Object({ ...AloneSpec.properties, [row.name]: row.options }, closed);
  const resolved = check(schema, given, { file, what: `data set "${name}"`, at });
  const { role, distance } = resolved;
  const options = (resolved as Record<string, unknown>)[row.name] as Record<string, unknown>;
  if (typeof options.n !== 'number')
    throw new AssayError('config-invalid', `the data set "${name}" does not say how many images it has`, {
      file,
      path: `${at}.${row.name}.n`,
      expected: 'a whole number of at least 1, or a data set to begin with in `of`',
      found: 'none',
      hint: `write n: 100 under \`${row.name}\``,
    });
  return {
    name,
    row,
    recipe: { by: row.name, options },
    limit: options.n,
    ...(role && { role }),
    ...(distance && { distance }),
    at: `${at}.${row.name}`,
    resolved,
  };
}

function generated(
  name: string,
  given: GivenGenerator,
  generators: Derivations['generators'],
  { file, at }: Place,
): DerivedSpec {
  const row = generators.named(String(given.generate), { file, path: `${at}.generate` });
  const schema = Type.Object({ ...GeneratedSpec.properties, ...row.options.properties }, closed);
  const resolved = check(schema, given, { file, what: `data set "${name}"`, at });
  const { generate: by, n, like, role, distance } = resolved;
  return {
    name,
    row,
    recipe: { by, like, options: pick(resolved, row.options) },
    limit: n,
    ...(role && { role }),
    ...(distance && { distance }),
    at,
    resolved,
  };
}

const pick = (values: object, { properties }: TObject): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([key]) => key in properties));
