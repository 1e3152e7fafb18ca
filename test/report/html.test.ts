import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { formatEstimate } from '../../src/report/format.js';
import { renderHtml } from '../../src/report/html.js';
import { writeReport } from '../../src/report/write-report.js';
import type { Results } from '../../src/suites/results.js';
import { exampleFolder } from './example-folder.js';
import { hostileNames, savedSample, withFolder } from './run-folder.js';
import { sampleResults } from './sample.js';

async function html(results: Results, directory = '/nowhere'): Promise<string> {
  const file = (await renderHtml(results, directory))[0]!;
  return file.content;
}

const escaped = (text: string) =>
  text
    .replace(/[&<>"'=]/g, (c) => `&#x${c.charCodeAt(0).toString(16).toUpperCase()};`)
    .replaceAll('&#x26;', '&amp;')
    .replaceAll('&#x3C;', '&lt;')
    .replaceAll('&#x3E;', '&gt;')
    .replaceAll('&#x22;', '&quot;')
    .replaceAll('&#x27;', '&#x27;');

describe('report.html', () => {
  let page = '';
  let results: Results;
  beforeAll(async () => {
    await withFolder(async (directory) => {
      results = await savedSample(directory);
      page = await html(results, directory);
    });
  });

  test('refers to nothing outside itself', () => {
    const outside = page
      .replaceAll('http://www.w3.org/2000/svg', '')
      .match(/(?:https?:)?\/\/[a-z0-9-]+\.[a-z]+/gi);
    expect(outside).toBeNull();
    for (const [, target] of page.matchAll(/\s(?:src|href|action|xlink:href)="([^"]*)"/g)) {
      expect(target).toMatch(/^(?:#|examples\.html(?:\?|$)|data:image\/png;base64,)/);
    }
    expect(page).not.toMatch(/@import|url\((?!#)/);
  });

  test('links lead somewhere and ids are unique', () => {
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
    for (const [, targets] of page.matchAll(/aria-labelledby="([^"]+)"/g)) expect(ids).toContain(targets);
  });

  test('a number in the table of a suite leads to the rows of the measure that it is', () =>
    withFolder(async (directory) => {
      exampleFolder(directory);
      const measure = results.measures[0]!;
      const rows = {
        sheet: 'examples/accuracy.csv',
        where: { model: 'a', dataset: 'test', label: 2 },
        statistic: 'share',
        columns: { outcome: 'correct' },
      };
      const table = {
        id: 't',
        title: 'T',
        columns: [{ key: 'v', title: 'v' }],
        rows: [
          { v: { value: 0.25, measure: 0 } },
          { v: { value: 0.25 } },
          { v: { value: 0.25, measure: 1 } },
        ],
      };
      const suites = ['before', 'linked'].map((suite) => ({
        ...results.suites[0]!,
        suite,
        measures: 1,
        figures: [],
        tables: suite === 'linked' ? [table] : [],
      }));
      // The first is that of the suite before.
      const measures = [measure, { ...measure, suite: 'elsewhere', headline: false, rows }];
      const linked = await html({ ...results, suites, measures }, directory);
      const found = [...linked.matchAll(/<a class="rows" href="([^"]*)"[^>]*>([^<]*)</g)];
      expect(
        found.map(([, href, text]) => [href!.replaceAll('&amp;', '&').replaceAll('&#x3D;', '='), text]),
      ).toEqual([['examples.html?dataset=test&sheet=accuracy&model=a&column=correct&class=2', '0.250']]);
    }));

  test('every measure appears with its value, interval and n', () => {
    const rows = page.split('<tr>');
    for (const measure of results.measures) {
      const { value, interval } = formatEstimate(measure.value, measure.interval, measure.format);
      const found = rows.some((row) =>
        [measure.measure, measure.model, measure.dataset, `>${value}<`, interval, `>${measure.n}<`].every(
          (part) => row.includes(part),
        ),
      );
      expect(found, `${measure.title} of ${measure.model}: ${value} ${interval}`).toBe(true);
    }
  });

  test('every suite, figure, table, warning, gate, cost and hash is there', () => {
    const said = [
      ...results.suites.flatMap((s) => [
        s.title,
        ...s.figures.map((f) => f.title),
        ...s.tables.map((t) => t.title),
      ]),
      ...results.gates.flatMap((gate) => [
        gate.rule,
        gate.margin !== null && !gate.over ? '' : (gate.reason ?? ''),
      ]),
      '98.5%',
      '≥ 95.0%',
      '+3.5 pp',
      '−8.0 pp',
      '[21.3, 33.5]',
      ...results.notApplicable.map((entry) => entry.reason),
      ...results.systems.map((system) => system.identity),
      ...results.datasets.map((dataset) => dataset.fingerprint),
      ...Object.values(results.environment),
    ];
    for (const text of said) expect(page).toContain(escaped(text));
    for (const warning of results.warnings) expect(page).toContain(warning.code);
    expect(page).toContain('3 of 4 gates failed');
    expect(page).toContain('145\u2009496');
    expect(page.match(/<svg role="img"/g)).toHaveLength(
      results.suites.flatMap((s) => s.figures).filter((f) => f.kind !== 'images').length,
    );
    expect(page.match(/<img /g)).toHaveLength(19);
  });

  test('numbers are formatted: no long fractions outside plots, configuration and data attributes', () => {
    const text = page.replace(/<(svg|script|style|pre)[\s\S]*?<\/\1>/g, '').replace(/<[^>]*>/g, ' ');
    expect(text.match(/\d\.\d{5,}/g)).toBeNull();
    expect(text).not.toMatch(/\bNaN\b|undefined\b(?!:)|\[object/);
  });
});

describe('hostile and broken content', () => {
  test('names are text everywhere', async () => {
    await withFolder(async (directory) => {
      const page = await html(await savedSample(directory, hostileNames), directory);
      expect(page.match(/<script/g)).toHaveLength(1);
      expect(page).not.toMatch(/<[^>]*\sonerror=(?!&)|<svg onload|<img src=x/);
      expect(page).toContain(escaped(hostileNames.baseline));
      expect(page).toContain('{{title}} {{{script}}}');
    });
  });

  test('names cannot turn the direction of text or hide in it', async () => {
    const results = sampleResults({ ...hostileNames, jem: 'safe\u202e\u2066\x1b\u2028' });
    const page = await html(results);
    expect(page).toContain('safe\\u202e\\u2066\\u001b\\u2028');
    expect(page).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u2028]/);
  });

  test('a picture outside the run folder is not published', async () => {
    await withFolder(async (outside) => {
      await writeFile(path.join(outside, 'secret.png'), Buffer.from('89504e470d0a1a0a', 'hex'));
      await withFolder(async (directory) => {
        for (const file of [
          path.relative(directory, path.join(outside, 'secret.png')),
          'images/missing.png',
        ]) {
          const results = sampleResults();
          results.suites[0]!.figures = [
            {
              kind: 'images',
              id: 'i',
              title: 'I',
              columns: ['c'],
              rows: [{ label: 'r', cells: [{ shape: [1, 1, 1], file, caption: 'kept caption' }] }],
            },
          ];
          const page = await html({ ...results, suites: [results.suites[0]!] }, directory);
          expect(page).not.toContain('<img ');
          expect(page).toContain('kept caption');
        }
      });
    });
  });

  test('a figure that cannot be drawn says so and the rest stands', async () => {
    const results = sampleResults();
    results.suites[0]!.figures = [
      { kind: 'vega-lite', id: 'v', title: 'Broken', spec: { mark: 'no-such-mark', data: { values: [] } } },
    ];
    const page = await html(results);
    expect(page).toMatch(/the plot &quot;Broken&quot; cannot be drawn/);
    expect(page).toContain('Accuracy against epsilon');
  });

  test('an empty, partial run says why', async () => {
    const page = await html({
      ...sampleResults(),
      status: 'partial',
      errors: ['disk full at /data/run'],
      measures: [],
      suites: [],
      warnings: [],
      gates: [],
      costs: [],
      systems: [],
      datasets: [],
      notApplicable: [],
    });
    expect(page).toContain('This run is partial.');
    expect(page).toContain('disk full at /data/run');
    expect(page).toContain('No headline measure');
  });

  test('a suite that failed shows its error, one that ran twice its measures once', async () => {
    const results = sampleResults();
    const accuracy = results.suites[0]!;
    const failed = { ...accuracy, status: 'error' as const, error: 'NaN logits', tables: [], figures: [] };
    const page = await html({ ...results, suites: [accuracy, failed] });
    expect(page).toContain('<strong>This suite has no results.</strong> NaN logits');
    const part = { ...accuracy, status: 'error' as const, error: 'left out m: elsewhere' };
    expect(await html({ ...results, suites: [part] })).toContain(
      '<strong>This suite is incomplete.</strong> left',
    );
    expect(page.match(/All 8 measures/g)).toHaveLength(1);
    expect(page).toContain('id="accuracy-2"');
  });
});

describe('writeReport', () => {
  test('writes the page, the sheet and the tables, the same every time', async () => {
    await withFolder(async (directory) => {
      const results = await savedSample(directory);
      const files = ['report.html', 'measures.csv', 'tables/comparison.tex', 'tables/accuracy-per-class.tex'];
      const read = () => Promise.all(files.map((file) => readFile(path.join(directory, file), 'utf8')));
      await writeReport(directory, results);
      const first = await read();
      await writeReport(directory, results);
      expect(await read()).toEqual(first);
    });
  });

  test('an unwritable folder is an error with a remedy', async () => {
    await expect(writeReport('/dev/null/run', sampleResults())).rejects.toMatchObject({
      code: 'output-unwritable',
      details: { hint: expect.stringContaining('choose another folder with --out') },
    });
  });
});
