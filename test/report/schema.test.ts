import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { savePictures } from '../../src/report/pictures.js';
import { resultsSchema } from '../../src/report/schema.js';
import { savedSample, withFolder } from './run-folder.js';
import { sampleResults } from './sample.js';

const validate = new Ajv2020({ strict: true, strictTypes: false, strictTuples: false }).compile(
  resultsSchema(),
);

test('the published schema is the one of the code (vitest -u writes it)', async () => {
  await expect(`${JSON.stringify(resultsSchema(), null, 2)}\n`).toMatchFileSnapshot(
    '../../reports/results.schema.json',
  );
});

describe('results.json', () => {
  test('a run is valid once its pictures are files', async () => {
    await withFolder(async (directory) => {
      const results: unknown = JSON.parse(JSON.stringify(await savedSample(directory)));
      expect(validate(results), JSON.stringify(validate.errors)).toBe(true);
    });
  });

  test.each([
    ['an unknown key', { surprise: 1 }],
    ['another version', { version: 2 }],
    ['a measure without n', { measures: [{ suite: 'a', measure: 'b' }] }],
    ['an interval of three', { measures: [{ ...sampleResults().measures[0], interval: [0, 1, 2] }] }],
    ['an interval of one', { measures: [{ ...sampleResults().measures[0], interval: [0] }] }],
    ['a value that is text', { measures: [{ ...sampleResults().measures[0], value: '0.9' }] }],
    [
      'a figure of an unknown kind',
      { suites: [{ ...sampleResults().suites[0], figures: [{ kind: 'pie' }] }] },
    ],
  ])('%s is refused', (_, change) => {
    expect(validate({ ...sampleResults(), suites: [], ...change })).toBe(false);
  });

  test('the schema is published as JSON that any validator reads', async () => {
    const text = await readFile('reports/results.schema.json', 'utf8');
    expect(JSON.parse(text)).toEqual(resultsSchema());
  });
});

test('figures without pictures pass through unchanged', async () => {
  const figures = sampleResults().suites[0]!.figures;
  await withFolder(async (directory) => expect(await savePictures(directory, figures)).toEqual(figures));
});
