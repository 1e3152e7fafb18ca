import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { historyOf } from '../../src/across/history.js';
import { historyFigures } from '../../src/across/history-view.js';
import { readHistory } from '../../src/across/read-history.js';
import { sealed } from '../../src/runs/plan/seal.js';
import type { Results } from '../../src/suites/results.js';
import { sampleRun } from '../comparison/sample-run.js';
import { folder, obeyed } from '../e2e/assay.js';

/** Results of so many months, as a folder of releases keeps them: run folders and loose files. */
function releases(changes: readonly ((results: Results) => void)[]): string {
  const at = folder();
  changes.forEach((change, month) => {
    const results = sampleRun();
    results.created = `2026-0${month + 1}-03T10:00:00.000Z`;
    change(results);
    const run = join(at, month % 2 === 0 ? `2026/v${month + 1}` : '.');
    mkdirSync(run, { recursive: true });
    const name = month % 2 === 0 ? 'results.json' : `v${month + 1}.json`;
    writeFileSync(join(run, name), JSON.stringify(sealed(results)));
  });
  writeFileSync(join(at, 'notes.json'), '{ "author": "me" }');
  return at;
}

const accuracy = (value: number) => (results: Results) => {
  results.measures[0]!.value = value;
};

const otherData = (results: Results) => {
  results.datasets[0]!.fingerprint = 'ffff';
};

async function historyIn(at: string, options = {}) {
  return historyOf(await readHistory(at), options);
}

describe('assay history', () => {
  it('orders runs by time, wherever their results lie, and tells changes', async () => {
    const history = await historyIn(releases([accuracy(0.7), accuracy(0.75), accuracy(0.72)]));
    expect(history.runs.map(({ name }) => name)).toEqual(['2026/v1', 'v2.json', '2026/v3']);
    const series = history.series[0]!;
    expect(series).toMatchObject({ model: 'jem', measure: 'accuracy', breaks: [] });
    expect(series.points.map(({ run, value }) => [run, value])).toEqual([
      [0, 0.7],
      [1, 0.75],
      [2, 0.72],
    ]);
    expect(series.sincePrevious).toBeCloseTo(-0.03, 12);
    expect(series.sinceFirst?.run).toBe(0);
    expect(series.sinceFirst?.difference).toBeCloseTo(0.02, 12);
  });

  it('draws no line through a change of data or of conditions', async () => {
    const fewerSteps = (results: Results) => {
      for (const { params } of results.measures) if (params.steps) params.steps = 10;
      otherData(results);
    };
    const history = await historyIn(releases([() => undefined, otherData, fewerSteps]));
    const ofAccuracy = history.series[0]!;
    const robust = history.series[1]!;
    expect(ofAccuracy.breaks).toMatchObject([{ run: 1, discrepancies: [{ condition: 'data' }] }]);
    expect(ofAccuracy.sinceFirst).toEqual({ run: 1, difference: 0 });
    expect(robust.breaks).toMatchObject([
      { run: 1 },
      { run: 2, discrepancies: [{ what: 'steps', before: '20', after: '10' }] },
    ]);
    expect([robust.sincePrevious, robust.sinceFirst]).toEqual([null, null]);
    const figures = historyFigures(history);
    const figure = figures[0]!;
    expect(figure.series.map(({ name, points }) => [name, points.map(({ x }) => x)])).toEqual([
      ['jem', [1]],
      ['jem, line 2', [2, 3]],
    ]);
    expect(figures[1]!.series.map(({ points }) => points.length)).toEqual([1, 1, 1]);
    expect(figure.caption).toMatch(
      /v2\.json has data set: test, 500 examples, fingerprint aaaa against test/,
    );
  });

  it('keeps what was in the headline table once, and takes what is asked for', async () => {
    const at = releases([
      () => undefined,
      (results) => {
        for (const measure of results.measures) measure.headline = false;
      },
    ]);
    const named = ({ series }: Awaited<ReturnType<typeof historyIn>>) => series.map(({ title }) => title);
    expect(named(await historyIn(at))).toEqual(['Accuracy', 'Robust accuracy, PGD-20 Linf 8/255']);
    expect(named(await historyIn(at, { all: true }))).toHaveLength(4);
    expect(named(await historyIn(at, { measures: ['auroc'] }))).toEqual(['AUROC by log p(x)']);
  });

  it('counts the same results once, and one run is no history', async () => {
    const at = releases([accuracy(0.7)]);
    mkdirSync(join(at, 'copy'));
    writeFileSync(join(at, 'copy/results.json'), readFileSync(join(at, '2026/v1/results.json')));
    expect(await obeyed(['history', at], '.')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/error\[not-comparable\].*found +one: 2026\/v1/s),
    });
  });

  it('writes a page with a figure for every measure, and the numbers', async () => {
    const at = releases([accuracy(0.7), accuracy(0.75), otherData]);
    const out = folder();
    expect(await obeyed(['history', at, '--out', out], '.')).toMatchObject({ code: 0 });
    const page = readFileSync(join(out, 'history.html'), 'utf8');
    expect(page.match(/<figure [^>]*class="plot"/g)).toHaveLength(2);
    expect(page).toMatch(/new line from 2026\/v3: data set: test/);
    const lines = readFileSync(join(out, 'history.csv'), 'utf8').trim().split('\n');
    expect(lines[0]).toMatch(/^run,created,.*,value,lo,hi,n,p,line$/);
    expect(lines.slice(1, 4).map((line) => line.split(',').at(-1))).toEqual(['1', '1', '2']);
    expect(JSON.parse(readFileSync(join(out, 'history.json'), 'utf8'))).toMatchObject({ version: 1 });
  });

  it.each([
    [
      'a folder that is not there',
      ['history', 'nowhere'],
      /file-unreadable.*run folders, or results\.json files/s,
    ],
    [
      'a measure that no run has',
      ['history', '.', '--measure', 'acuracy'],
      /unknown-name.*did you mean "accuracy"/s,
    ],
  ])('refuses %s', async (_, args, says) => {
    const at = releases([accuracy(0.7), accuracy(0.75)]);
    expect(await obeyed(args, at)).toMatchObject({ code: 2, stderr: expect.stringMatching(says) });
  });
});
