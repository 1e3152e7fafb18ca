import { expect, test } from 'vitest';
import { oneLine } from '../../src/one-line.js';
import { renderCsv } from '../../src/report/csv.js';
import { hostileNames } from './run-folder.js';
import { sampleResults } from './sample.js';

/** Reads RFC 4180: the independent half of the round trip. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    rows[rows.length - 1]!.push(quoted?.replaceAll('""', '"') ?? plain!);
    if (end === '\n') rows.push([]);
  }
  return rows.filter((row) => row.length > 1);
}

test('measures.csv holds every measure at full precision, names on their line', async () => {
  const results = sampleResults(hostileNames);
  const file = (await renderCsv(results))[0]!;
  const [header, ...rows] = parse(file.content);
  const read = rows.map((row) => Object.fromEntries(header!.map((name, i) => [name, row[i]])));
  expect(file.path).toBe('measures.csv');
  expect(read).toHaveLength(results.measures.length);
  for (const [i, measure] of results.measures.entries()) {
    const row = read[i]!;
    expect(row).toMatchObject({
      model: oneLine(measure.model),
      title: oneLine(measure.title),
      n: String(measure.n),
    });
    expect(row.value === '' ? null : Number(row.value)).toBe(measure.value);
    expect(row.lo === '' ? null : [Number(row.lo), Number(row.hi)]).toEqual(measure.interval);
    for (const [key, value] of Object.entries(measure.params))
      expect(row[`params.${key}`]).toBe(String(value));
  }
});

test('parameters that a measure does not have are empty', async () => {
  const file = (await renderCsv(sampleResults()))[0]!;
  const [header, first] = parse(file.content);
  expect(header).toContain('params.epsilon');
  expect(first![header!.indexOf('params.epsilon')]).toBe('');
});

test('no measures make a header alone', async () => {
  const file = (await renderCsv({ ...sampleResults(), measures: [] }))[0]!;
  expect(file.content.trim().split('\n')).toHaveLength(1);
});

test('a name with line ends is one cell on one line', async () => {
  const results = sampleResults();
  const model = 'a,b\r\n"c"\u2028\u202ed\re';
  const file = (await renderCsv({ ...results, measures: [{ ...results.measures[0]!, model }] }))[0]!;
  expect(file.content.trimEnd().split(/[\r\n\u2028]/)).toHaveLength(2);
  expect(parse(file.content)[1]).toContain('a,b\\r\\n"c"\\u2028\\u202ed\\re');
});

test('text that spreadsheets take for a formula is quoted, numbers are not', async () => {
  const results = sampleResults();
  const first = results.measures[0]!;
  const names = ['=cmd|calc', '+1+1', '-2+3', '@SUM(A1)', '\t=1', '\r=1', '＝1', '-0.5', 'plain'];
  const measures = names.map((model) => ({
    ...first,
    model,
    value: -0.25,
    params: { shift: -3, what: model },
  }));
  const file = (await renderCsv({ ...results, measures }))[0]!;
  const [header, ...rows] = parse(file.content);
  const column = (name: string) => rows.map((row) => row[header!.indexOf(name)]);
  const quoted = names.map((name) => (['-0.5', 'plain'].includes(name) ? name : `'${oneLine(name)}`));
  expect(column('model')).toEqual(quoted);
  expect(column('params.what')).toEqual(quoted);
  expect(new Set([...column('value'), ...column('params.shift')])).toEqual(new Set(['-0.25', '-3']));
});
