import { expect, test } from 'vitest';
import { renderCsv } from '../../src/report/csv.js';
import { hostileNames } from './run-folder.js';
import { sampleResults } from './sample.js';

/** Reads RFC 4180: the independent half of the round trip. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    rows[rows.length - 1].push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\n') rows.push([]);
  }
  return rows.filter((row) => row.length > 1);
}

test('measures.csv holds every measure at full precision, names as they are', async () => {
  const results = sampleResults(hostileNames);
  const [file] = await renderCsv(results);
  const [header, ...rows] = parse(file.content);
  const read = rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i]])));
  expect(file.path).toBe('measures.csv');
  expect(read).toHaveLength(results.measures.length);
  for (const [i, measure] of results.measures.entries()) {
    const row = read[i];
    expect(row).toMatchObject({ model: measure.model, title: measure.title, n: String(measure.n) });
    expect(row.value === '' ? null : Number(row.value)).toBe(measure.value);
    expect(row.lo === '' ? null : [Number(row.lo), Number(row.hi)]).toEqual(measure.interval);
    for (const [key, value] of Object.entries(measure.params))
      expect(row[`params.${key}`]).toBe(String(value));
  }
});

test('parameters that a measure does not have are empty', async () => {
  const [file] = await renderCsv(sampleResults());
  const [header, first] = parse(file.content);
  expect(header).toContain('params.epsilon');
  expect(first[header.indexOf('params.epsilon')]).toBe('');
});

test('no measures make a header alone', async () => {
  const [file] = await renderCsv({ ...sampleResults(), measures: [] });
  expect(file.content.trim().split('\n')).toHaveLength(1);
});
