import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Type } from '@sinclair/typebox';
import { afterAll, describe, expect, it } from 'vitest';
import { epsilonSchema } from '../../src/attacks/epsilon.js';
import { readConfigFile } from '../../src/config/read-file.js';
import { check } from '../../src/config/validate.js';
import { AssayError } from '../../src/errors.js';

const closed = { additionalProperties: false };
const Attack = Type.Object(
  {
    method: Type.Union([Type.Literal('pgd'), Type.Literal('fgsm')]),
    steps: Type.Integer({ minimum: 1, default: 10 }),
  },
  closed,
);
const Schema = Type.Object(
  {
    name: Type.String({ description: 'What it is called.' }),
    seed: Type.Integer({ default: 0 }),
    radius: Type.Optional(epsilonSchema()),
    classes: Type.Optional(
      Type.Union([Type.Integer({ minimum: 2, maximum: 100 }), Type.Array(Type.String(), { minItems: 2 })]),
    ),
    suites: Type.Optional(Type.Array(Type.Union([Type.String(), Type.Object({ attack: Attack }, closed)]))),
  },
  closed,
);

function caught(attempt: () => unknown): AssayError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof AssayError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('check', () => {
  it('fills in defaults and leaves the value alone', () => {
    const value = { name: 'a', suites: ['accuracy'] };
    expect(check(Schema, value, { what: 'run file' })).toEqual({ name: 'a', seed: 0, suites: ['accuracy'] });
    expect(value).toEqual({ name: 'a', suites: ['accuracy'] });
  });

  const cases: [what: string, value: unknown, path: string | undefined, says: RegExp][] = [
    ['an unknown key', { name: 'a', sede: 1 }, 'sede', /did you mean "seed"/],
    ['a key unlike any', { name: 'a', thermometer: 1 }, 'thermometer', /remove it/],
    ['a missing key', {}, 'name', /What it is called/],
    ['a wrong type', { name: 1 }, 'name', /expected text/],
    ['a wrong type without a description', { name: 'a', seed: 'x' }, 'seed', /found +"x"/],
    [
      'a wrong type in a union',
      { name: 'a', suites: [1] },
      'suites[0]',
      /one of text, a mapping of keys to values/,
    ],
    [
      'a number that is only too small, in a union',
      { name: 'a', classes: 1 },
      'classes',
      /one of a whole number from 2 to 100, a list of at least 2 entries\n +found +1/,
    ],
    [
      'a word for a radius',
      { name: 'a', radius: 'big' },
      'radius',
      /one of a fraction such as 8\/255, a number above 0/,
    ],
    [
      'an unknown key inside a union',
      { name: 'a', suites: [{ attack: { method: 'pgd', stesp: 1 } }] },
      'suites[0].attack.stesp',
      /did you mean "steps"/,
    ],
    [
      'an unknown name of a branch',
      { name: 'a', suites: [{ atack: {} }] },
      'suites[0].atack',
      /did you mean "attack"/,
    ],
    [
      'a misspelt literal',
      { name: 'a', suites: [{ attack: { method: 'pdg' } }] },
      'suites[0].attack.method',
      /one of pgd, fgsm.*did you mean "pgd"/s,
    ],
    [
      'a missing key inside a union',
      { name: 'a', suites: [{ attack: { steps: 1 } }] },
      'suites[0].attack.method',
      /is missing/,
    ],
    [
      'a number too small',
      { name: 'a', suites: [{ attack: { method: 'pgd', steps: 0 } }] },
      'suites[0].attack.steps',
      />= 1/,
    ],
    ['a number that is none', { name: 'a', seed: Number.NaN }, 'seed', /expected a whole number/],
    ['no object at all', 'text', undefined, /expected a mapping of keys to values/],
  ];
  it.each(cases)('refuses %s', (_, value, path, says) => {
    const error = caught(() => check(Schema, value, { file: 'run.yaml', what: 'run file' }));
    expect(error).toMatchObject({ code: 'config-invalid', details: { file: 'run.yaml' } });
    expect(error.details.path).toBe(path);
    expect(error.explain()).toMatch(says);
    expect(error.explain()).toMatch(/fix /);
  });
});

describe('check, further', () => {
  it.each([
    [Type.Array(Type.Integer(), { minItems: 1 }), [], 'at least 1 entry'],
    [Type.String({ maxLength: 2 }), 'abc', 'at most 2 characters'],
    [Type.Integer({ maximum: 3 }), 4, '<= 3'],
    [Type.Boolean(), 'yes', 'true or false'],
  ])('says what it wants of %j', (schema, value, expected) => {
    expect(caught(() => check(schema, value, { what: 'run file' })).details.expected).toBe(expected);
  });

  it('lists several errors, and starts paths where the value stands', () => {
    const value = { name: 1, sede: 2, seed: 'x' };
    const error = caught(() =>
      check(Schema, value, { file: 'run.yaml', what: 'suite', at: 'suites[2].attack' }),
    );
    expect(error.details.path).toBe('suites[2].attack.sede');
    const text = error.explain();
    expect(text).toContain('also     suites[2].attack.name: expected text');
    expect(text).toContain('also     suites[2].attack.seed: expected a whole number');
  });
});

describe('readConfigFile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-config-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const saved = (text: string) => {
    const file = join(folder, 'file.yaml');
    writeFileSync(file, text);
    return file;
  };

  it('reads YAML and JSON', async () => {
    expect(await readConfigFile(saved('a: 1\nb: [x, 2/255]\n'))).toEqual({ a: 1, b: ['x', '2/255'] });
    expect(await readConfigFile(saved('{"a": {"b": [1, null]}}'))).toEqual({ a: { b: [1, null] } });
  });

  const bomb = `${Array.from(
    { length: 9 },
    (_, i) =>
      `k${i}: &a${i} [${
        i
          ? Array(9)
              .fill(`*a${i - 1}`)
              .join(', ')
          : 'x'
      }]`,
  ).join('\n')}\n`;
  it.each([
    ['bad syntax', 'a: 1\nb: [2', /line \d+, column \d+/],
    ['a key twice', 'a: 1\na: 2\n', /unique/],
    ['nothing', '', /empty file/],
    ['a list', '- 1\n', /a list/],
    ['a word', 'hello', /"hello"/],
    ['a billion laughs', bomb, /alias/],
    ['a loop', 'a: &x [*x]\n', /circular/],
  ])('refuses %s', async (_, text, says) => {
    const file = saved(text);
    const error = await readConfigFile(file).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'config-invalid', details: { file } });
    expect(error instanceof AssayError && error.explain()).toMatch(says);
  });

  it('refuses a file too large to be a configuration', async () => {
    const file = join(folder, 'large.yaml');
    writeFileSync(file, new Uint8Array(5 * 1024 * 1024));
    await expect(readConfigFile(file)).rejects.toMatchObject({ code: 'config-invalid', details: { file } });
  });

  it('refuses what is missing, and folders', async () => {
    await expect(readConfigFile(join(folder, 'absent.yaml'))).rejects.toMatchObject({
      code: 'file-unreadable',
    });
    await expect(readConfigFile(folder)).rejects.toMatchObject({ code: 'file-unreadable' });
  });
});
