// @module-tag slow
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { comparisonView } from '../../src/across/comparison-view.js';
import { historyOf } from '../../src/across/history.js';
import { historyView } from '../../src/across/history-view.js';
import type { ComparedMeasure, RunComparison } from '../../src/across/run-comparison.js';
import { renderPage, withVisibleText } from '../../src/report/render-page.js';
import { sampleRun } from '../comparison/sample-run.js';
import { hostileNames } from '../report/run-folder.js';
import { whyNoBrowser } from './chromium.js';
import { inPage, seriousFindings, session } from './session.js';

const { baseline, robust, scalar, title } = hostileNames;

const run = { title, created: '2026-11-01T10:00:00Z', seed: 0, status: 'complete', key: null } as const;
const row: ComparedMeasure = {
  pair: 0,
  suite: 'accuracy',
  measure: 'accuracy',
  title: scalar,
  dataset: 'test',
  params: {},
  better: 'higher',
  format: 'percent',
  before: { value: 0.9, n: 500, interval: [0.87, 0.92] },
  after: { value: 0.8, n: 500, interval: [0.76, 0.83] },
  difference: -0.1,
  test: { name: 'mcnemar', difference: -0.1, interval: [-0.14, -0.06], n: 500, p: 0.0001, corrected: 0.0002 },
  verdict: 'worse',
  reasons: [],
  discrepancies: [],
};
const comparison: RunComparison = {
  version: 1,
  level: 0.95,
  tests: 2,
  correction: 'holm',
  runs: [baseline, robust].map((name) => ({ ...run, name, assay: '0.1.0', engine: 'ort', git: null })),
  pairs: [
    {
      before: { run: 0, model: scalar, identity: '' },
      after: { run: 1, model: scalar, identity: '' },
      notes: [title],
    },
  ],
  rows: [row, { ...row, measure: 'nll', test: null, verdict: 'not comparable', reasons: [baseline] }],
  unmatched: [
    { pair: 0, side: 'after', suite: 'ood', measure: 'auroc', title: robust, dataset: 'test', params: {} },
  ],
  flips: [
    { row: 0, index: 3, direction: 'lost', label: 0, before: 0, after: 1 },
    { row: 0, index: 8, direction: 'gained', label: 1, before: 0, after: 1 },
  ],
};
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

async function comparisonPage(): Promise<string> {
  const pictures = { images: new Map([[3, PIXEL]]), missing: '' };
  const sources = new Map([[0, { pictures, classes: [baseline, scalar], shape: [1, 28, 28] }]]);
  return renderPage('comparison', comparisonView(withVisibleText(comparison), sources));
}

async function historyPage(): Promise<string> {
  const past = [0.9, 0.8, 0.7].map((value, month) => {
    const results = sampleRun();
    results.created = `2026-0${month + 1}-01T10:00:00Z`;
    for (const measure of results.measures) Object.assign(measure, { model: robust, title: scalar, value });
    if (month === 2) results.datasets[0]!.fingerprint = 'ffff';
    return { name: baseline, results, sealed: true };
  });
  return renderPage('history', await historyView(withVisibleText(historyOf(past, {}))));
}

describe.skipIf(whyNoBrowser())('pages of comparisons and histories', () => {
  const { open } = session({
    comparison: async (folder) => writeFileSync(join(folder, 'report.html'), await comparisonPage()),
    history: async (folder) => writeFileSync(join(folder, 'report.html'), await historyPage()),
  });

  const pages = ['comparison', 'history'] as const;
  it.each(pages)('%s asks for nothing, and names in it stay text', (name) =>
    open(name, {}, async (page, { requests, problems }) => {
      expect(requests).toHaveLength(1);
      expect(problems).toEqual([]);
      expect(await inPage(page, 'window.hurt')).toBeUndefined();
      expect(await inPage(page, 'document.body.textContent')).toContain('onerror="window.hurt');
    }),
  );

  it.each(pages.flatMap((name) => (['light', 'dark'] as const).map((scheme) => [name, scheme] as const)))(
    'axe finds nothing serious in %s, %s',
    (name, colorScheme) =>
      open(name, { colorScheme, bypassCSP: true }, async (page) => {
        expect(await seriousFindings(page)).toEqual([]);
      }),
  );

  it.each(pages)('%s is no wider than a phone: tables scroll by themselves', (name) =>
    open(name, { viewport: { width: 390, height: 800 } }, async (page) => {
      expect(await inPage<number>(page, 'document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    }),
  );

  it('a flipped example is shown with its picture, label and predictions', () =>
    open('comparison', {}, async (page) => {
      const cells = await inPage<string[]>(
        page,
        `[...document.querySelectorAll('#flips tbody tr:first-child > *')].map((cell) => cell.textContent.trim())`,
      );
      expect(cells).toEqual(['3', '', baseline, `✓ ${baseline}`, `✗ ${scalar}`]);
      expect(await inPage<number>(page, `document.querySelector('#flips img').naturalWidth`)).toBe(1);
    }));
});
