import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtinRunCatalogue } from '../../src/runs/asked/run-catalogue.js';
import { definePlugin, KINDS, type PluginDefinition } from '../../src/suites/plugin.js';
import { everySuite } from './helpers/every-suite.js';

describe('a plug-in', () => {
  it.each(Object.keys(KINDS) as (keyof typeof KINDS)[])('may bring %s like those of Assay', (kind) => {
    // What comes with Assay meets what is asked of others.
    const { written, ...others } = builtinRunCatalogue;
    const rows = { ...others, ...written, suites: everySuite }[kind];
    expect(definePlugin({ name: 'mine', [kind]: [...rows] }).version).toBe(1);
  });

  it.each<[string, object, string, Record<string, unknown>]>([
    ['a name that is none', { name: 'My Plugin' }, 'a plug-in has no usable name', {}],
    ['a version that is none', { name: 'mine', version: 0.5 }, 'no usable version', { found: '0.5' }],
    [
      'a misspelt kind',
      { name: 'mine', defenses: [] },
      'a kind that does not exist: "defenses"',
      { hint: 'did you mean "defences"?' },
    ],
    [
      'a part where a list belongs',
      { name: 'mine', suites: {} },
      '`suites` of the plug-in "mine" is no list',
      { expected: '[suite, ...]' },
    ],
    [
      'a part that lacks something',
      { name: 'mine', dataFormats: [{ name: 'csv', title: 'CSV', open() {} }] },
      'dataFormats[0] of the plug-in "mine" is no data format',
      { found: 'no recognises' },
    ],
  ])('is refused with %s', (_, definition, message, details) => {
    expect(() => definePlugin(definition as PluginDefinition)).toThrow(
      expect.objectContaining({
        code: 'plugin-invalid',
        message: expect.stringContaining(message),
        details: expect.objectContaining(details),
      }),
    );
  });
});

it('every measurement of Assay is in its registry, so that no plug-in takes its name', () => {
  const files = ['src/suites', 'suites'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(`${folder}/${name}`, 'utf8')),
  );
  const names = files.flatMap((text) =>
    [...text.matchAll(/= defineMeasurement(?:<[^>]*>)?\(\{\s+name: '([^']+)'/g)].map(([, name]) => name),
  );
  expect(names.length).toBeGreaterThan(8);
  expect([...builtinRunCatalogue.measurements.names].sort()).toEqual(names.sort());
});
