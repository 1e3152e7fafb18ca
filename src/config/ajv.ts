import { createRequire } from 'node:module';
import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js';
import { fillFromPresets, PRESETS, type Presets } from './presets.js';
import type { TSchema } from './type.js';

const require = createRequire(import.meta.url);
const validators = new WeakMap<TSchema, ValidateFunction>();
let ajv: Ajv2020 | undefined;

/** Ajv's validator of a schema, which fills in defaults and presets in place. Ajv is loaded when it is first asked for. */
export function validatorOf(schema: TSchema): ValidateFunction {
  ajv ??= load();
  const validate = validators.get(schema) ?? ajv.compile(schema);
  validators.set(schema, validate);
  return validate;
}

function load(): Ajv2020 {
  const { Ajv2020 }: typeof import('ajv/dist/2020.js') = require('ajv/dist/2020.js');
  const made = new Ajv2020({
    allErrors: true,
    useDefaults: true,
    strict: false,
    // An error waits for its schema to be compiled: neither checked itself nor made small that takes a third.
    validateSchema: false,
    meta: false,
    code: { optimize: false },
    // YAML can say .nan and .inf.
    strictNumbers: true,
    verbose: true,
  });
  // A keyword of no type of its own comes before those of objects, and so before their defaults.
  made.addKeyword({
    keyword: PRESETS,
    modifying: true,
    errors: false,
    validate: (presets: readonly Presets[], value: unknown) => {
      fillFromPresets(presets, value);
      return true;
    },
  });
  return made;
}
