import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, test } from 'vitest';
import { figureCsv } from '../../../src/report/figures/figure-data.js';
import { type Drawn, renderFigures } from '../../../src/report/figures/render.js';
import { withView } from '../../../src/report/plots/open-view.js';
import type { Results } from '../../../src/suites/results.js';
import { whyNoPdf } from '../../tex.js';
import { hostileNames, withFolder } from '../run-folder.js';
import { plainNames, sampleResults } from '../sample.js';

/** The sample with one figure of each kind. */
function sample(names = plainNames): Results {
  const results = sampleResults(names);
  const kinds = new Set<string>();
  for (const suite of results.suites) {
    suite.figures = suite.figures.filter(({ kind }) => !kinds.has(kind) && kinds.add(kind));
  }
  return results;
}

/** Plots; grids have tests of their own. */
async function drawn(results: Results): Promise<Drawn[]> {
  const plots = results.suites.map((suite) => ({
    ...suite,
    figures: suite.figures.filter(({ kind }) => kind !== 'images'),
  }));
  const all: Drawn[] = [];
  for await (const figure of renderFigures({ ...results, suites: plots }, 'no-folder')) all.push(figure);
  return all;
}

const file = (figures: readonly Drawn[], path: string): string | Uint8Array => {
  const files = figures.flatMap((figure) => ('files' in figure ? figure.files : []));
  const content = files.find((one) => one.path === path)?.content;
  if (content === undefined) throw new Error(`no ${path} among ${files.map((one) => one.path).join(', ')}`);
  return content;
};

describe('figures as files', () => {
  let figures: Drawn[];
  beforeAll(async () => {
    figures = await drawn(sample());
  });

  test('each plot as SVG, PDF, CSV and specification', () => {
    const names = [
      'accuracy-per-class',
      'calibration-reliability-baseline',
      'attack-epsilon',
      'ood-correlations',
      'ood-scores-baseline',
      'purification-energy',
    ];
    expect(figures.map(({ name }) => name)).toEqual(names);
    expect(
      figures.flatMap((figure) => ('files' in figure ? figure.files.map(({ path }) => path) : [])),
    ).toEqual(names.flatMap((name) => ['svg', 'pdf', 'csv', 'vl.json'].map((ending) => `${name}.${ending}`)));
  });

  test('an SVG stands alone: with colours, its size and its legend', () => {
    const svg = String(file(figures, 'attack-epsilon.svg'));
    expect(svg).not.toMatch(/var\(|currentColor/);
    expect(svg).toMatch(/^<svg[^>]* width="\d/);
    expect(svg).toContain('#4e58bb');
    for (const label of ['Linf distance epsilon', '8/255', 'baseline', plainNames.purified])
      expect(svg).toContain(label);
  });

  test('a specification draws the same plot again', async () => {
    const spec = JSON.parse(String(file(figures, 'attack-epsilon.vl.json')));
    expect(spec.$schema).toBe('https://vega.github.io/schema/vega-lite/v6.json');
    expect(spec.description).toMatch(/^Accuracy against epsilon\. Linf PGD/);
    const again = await withView(spec, {}, 'again', (view) => view.toSVG());
    const plain = (svg: string) => svg.replace(/clip\d+/g, 'clip');
    expect(plain(again)).toBe(plain(String(file(figures, 'attack-epsilon.svg'))));
  });

  test('data at full precision', () => {
    const [head, first] = parse(String(file(figures, 'accuracy-per-class.csv')));
    expect(head).toEqual(['series', 'category', 'value', 'lo', 'hi']);
    expect(first).toEqual(['baseline', 'ring', '0.99', '0.96', '1']);
    expect(parse(String(file(figures, 'attack-epsilon.csv')))).toHaveLength(1 + 4 * 5);
    expect(parse(String(file(figures, 'calibration-reliability-baseline.csv')))).toHaveLength(1 + 15);
    expect(parse(String(file(figures, 'ood-scores-baseline.csv')))).toHaveLength(1 + 3 * 40);
    expect(parse(String(file(figures, 'purification-energy.csv')))).toHaveLength(1 + 60);
  });

  test('curves of one name, and the band between them, are told apart', () => {
    const figure = sampleResults()
      .suites.flatMap((suite) => suite.figures)
      .find(({ id }) => id === 'sides');
    if (figure?.kind !== 'lines') throw new Error('no figure with a band');
    const [head, ...rows] = parse(figureCsv(figure));
    expect(head).toEqual(['series', 'variant', 'x', 'y', 'lo', 'hi', 'from', 'to']);
    const at = (variant: string) => rows.filter((row: string[]) => row[0] === 'jem' && row[1] === variant)[0];
    const x = String(1 / 255);
    expect(at('proved')).toEqual(['jem', 'proved', x, '0.7', String(0.7 - 0.08), String(0.7 + 0.08), '', '']);
    expect(at('neither proved nor broken')).toEqual([
      ...['jem', 'neither proved nor broken', x, '', '', ''],
      ...['0.7', '0.92'],
    ]);
  });

  test('the same results give the same files', async () => {
    expect(await drawn(sample())).toEqual(figures);
  });

  const why = whyNoPdf();
  test.skipIf(why !== undefined)('a PDF holds vectors and text', async () => {
    await withFolder(async (folder) => {
      const read = (name: string, program: string, ...words: string[]) => {
        writeFileSync(join(folder, name), file(figures, name));
        return execFileSync(
          program,
          [...words, join(folder, name), ...(program === 'pdftotext' ? ['-'] : [])],
          {
            encoding: 'utf8',
          },
        );
      };
      const text = read('attack-epsilon.pdf', 'pdftotext');
      for (const label of [
        'Linf distance epsilon',
        'Accuracy',
        '8/255',
        '100%',
        'robust-pgd',
        plainNames.purified,
      ]) {
        expect(text).toContain(label);
      }
      // Minus signs are those of mathematics.
      expect(read('ood-scores-baseline.pdf', 'pdftotext')).toContain('−10');
      for (const figure of figures) {
        expect(read(`${figure.name}.pdf`, 'pdfimages', '-list').trim().split('\n')).toHaveLength(2);
        expect(read(`${figure.name}.pdf`, 'pdfinfo')).toMatch(/^Pages: +1$/m);
      }
    });
  });
});

test('hostile names stay text, in every file', async () => {
  const figures = await drawn(sample(hostileNames));
  for (const figure of figures) {
    if (!('files' in figure)) throw new Error(figure.failed);
    for (const { path, content } of figure.files) {
      expect(path).toMatch(/^[a-z0-9-]+\.(svg|pdf|csv|vl\.json)$/);
      if (path.endsWith('.svg')) expect(String(content)).not.toMatch(/<script|<img|<svg[^>]*onload/);
    }
  }
});

test('scales of colours, gradients, shapes and turned text are drawn', async () => {
  const results = sample();
  const values = [0, 1, 2, 3].map((x) => ({ x, y: x * x, size: 100 * x, kind: `${'κ ≤ ∞ '.repeat(3)}${x}` }));
  const quantitative = (field: string) => ({ field, type: 'quantitative' });
  const spec = {
    data: { values },
    mark: { type: 'point', filled: true },
    encoding: {
      x: { field: 'kind', type: 'nominal', axis: { labelAngle: -45 } },
      y: quantitative('y'),
      color: quantitative('x'),
      shape: { field: 'kind', type: 'nominal' },
      size: quantitative('size'),
    },
  };
  const suite = results.suites[0]!;
  results.suites = [{ ...suite, figures: [{ kind: 'vega-lite', id: 'all', title: 'All', spec }] }];
  expect(await drawn(results)).toMatchObject([{ name: 'accuracy-all', files: [{}, {}, {}, {}] }]);
});

test('a specification that cannot be drawn is told, and the others are drawn', async () => {
  const results = sample();
  for (const suite of results.suites) {
    for (const figure of suite.figures)
      if (figure.kind === 'vega-lite') figure.spec = { data: { url: 'http://x/y.csv' } };
  }
  const figures = await drawn(results);
  expect(figures.filter((figure) => 'failed' in figure).map(({ name }) => name)).toEqual([
    'purification-energy',
  ]);
});
