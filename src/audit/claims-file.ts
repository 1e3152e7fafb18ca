import { dirname } from 'node:path';
import { isScalar } from 'yaml';
import { readConfigFile, readDocument } from '../config/read-file.js';
import { type Static, Type } from '../config/type.js';
import { check } from '../config/validate.js';
import { AssayError } from '../errors.js';

const Amount = (description: string) => Type.Union([Type.Number(), Type.String()], { description });

/** A published number, and how it is said to have been measured. */
const Claim = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, description: 'what the table calls it' })),
    source: Type.String({
      minLength: 1,
      description: 'where it was published, such as a paper and its table',
    }),
    value: Amount('the published number: 0.929, or 92.9%'),
    n: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'how many examples it rests on: its own uncertainty then counts',
      }),
    ),
    tolerance: Type.Optional(
      Amount('by how much a reproduction may miss it, besides chance: 0.005, or 0.5%'),
    ),
    run: Type.Optional(Type.String({ minLength: 1, description: 'the run folder that is to reproduce it' })),
    measure: Type.String({ minLength: 1, description: 'the measure, such as robust-accuracy or ece' }),
    suite: Type.Optional(Type.String({ description: 'only measures of this suite' })),
    where: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
        description:
          'model and data set, and what the source says of how it measured: parameters and options by their names, such as epsilon: 8/255, steps: 40, bins: 15',
      }),
    ),
    data: Type.Optional(
      Type.Object(
        {
          size: Type.Optional(Type.Integer({ minimum: 1, description: 'examples of the data set' })),
          fingerprint: Type.Optional(
            Type.String({ minLength: 6, description: 'of the data set, or how it begins' }),
          ),
          split: Type.Optional(Type.String({ description: 'test or train, where the run file says it' })),
        },
        { additionalProperties: false, description: 'what the source says of the data' },
      ),
    ),
  },
  { additionalProperties: false },
);

const ClaimsFile = Type.Object(
  {
    run: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'the run folder of claims that name none, from this file on',
      }),
    ),
    claims: Type.Array(Claim, { minItems: 1, description: 'published numbers' }),
    $schema: Type.Optional(Type.String()),
  },
  { additionalProperties: false, title: 'Claims file' },
);

/** A number as it was published. */
export interface Published {
  /** Percent as a fraction. */
  value: number;
  /** As it was written: `92.9%`. */
  text: string;
  /** Half a unit of its last digit: what rounding may have hidden. */
  rounding: number;
}

export type Claim = Omit<Static<typeof Claim>, 'value' | 'tolerance'> & {
  value: Published;
  tolerance: number;
  /** Where it stands: `claims[2]`. */
  path: string;
  /** From the folder of the claims file. */
  run: string;
};

export interface Claims {
  claims: Claim[];
  file: string;
  /** Where run folders start. */
  directory: string;
}

/** Reads a file of claims. Errors: `file-unreadable`; `config-invalid` with the place. */
export async function readClaims(file: string): Promise<Claims> {
  const { run, claims } = check(ClaimsFile, await readConfigFile(file), { file, what: 'claims file' });
  // A number alone would have lost the zeros at its end, which say how it was rounded.
  const { document } = await readDocument(file);
  const written = (i: number, key: string, value: number | string) => {
    const node: unknown = document.getIn(['claims', i, key], true);
    return isScalar(node) && node.source !== undefined ? node.source : String(value);
  };
  return {
    file,
    directory: dirname(file),
    claims: claims.map(({ value, tolerance, ...claim }, i) => {
      const path = `claims[${i}]`;
      const folder = claim.run ?? run;
      if (folder === undefined)
        throw new AssayError('config-invalid', 'a claim names no run folder', {
          file,
          path: `${path}.run`,
          hint: 'add `run: DIR` to the claim, or at the top for all claims',
        });
      return {
        ...claim,
        path,
        run: folder,
        value: published(written(i, 'value', value), file, `${path}.value`),
        tolerance:
          tolerance === undefined ? 0 : published(String(tolerance), file, `${path}.tolerance`).value,
      };
    }),
  };
}

const NUMBER = /^\s*([-+]?\d+(?:\.(\d+))?(?:e([-+]?\d+))?)\s*(%)?\s*$/i;

/** `92.9%`, `0.929`, `1e-3`. Whole numbers without a percent sign are taken as exact. */
function published(text: string, file: string, path: string): Published {
  const match = NUMBER.exec(text);
  if (!match)
    throw new AssayError('config-invalid', 'a published number cannot be read', {
      file,
      path,
      expected: 'a number such as 0.929, or percent such as 92.9%',
      found: text,
      hint: 'write decimals with a point; the uncertainty of a claim goes into `n` or `tolerance`',
    });
  const [, digits, decimals = '', exponent = '0', percent] = match;
  const unit = 10 ** (Number(exponent) - decimals.length - (percent ? 2 : 0));
  const whole = decimals === '' && exponent === '0' && !percent;
  return {
    value: Number(digits) / (percent ? 100 : 1),
    text: text.trim(),
    rounding: whole ? 0 : unit / 2,
  };
}
