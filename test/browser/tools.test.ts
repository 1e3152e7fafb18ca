// @module-tag slow
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { writeReport } from '../../src/report/write-report.js';
import { savedSample } from '../report/run-folder.js';
import { whyNoBrowser } from './chromium.js';
import { inPage, pagesOf, seriousFindings, session } from './session.js';

describe.skipIf(whyNoBrowser())('what a reader can do with the report', () => {
  const { open } = session({
    sample: async (folder) => writeReport(folder, await savedSample(folder)),
  });
  const query = (page: Page) => inPage<string>(page, 'location.search');
  const column = (page: Page, n: number) =>
    inPage<string[]>(
      page,
      `[...document.querySelectorAll('table.comparison tbody td:nth-child(${n})')].map((cell) => cell.dataset.sort)`,
    );
  /** What the clipboard holds, pasted as a reader would. */
  const pasted = async (page: Page) => {
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('textarea'), { id: 'paste' }))`,
    );
    await page.locator('#paste').focus();
    await page.keyboard.press('Control+V');
    const text = await page.locator('#paste').inputValue();
    await page.evaluate(`document.getElementById('paste').remove()`);
    return text;
  };

  it.each([
    ['light', 'light', 'screen'],
    ['dark', 'dark', 'screen'],
    ['print', 'light', 'print'],
  ] as const)('axe finds nothing serious, in %s', (_, colorScheme, media) =>
    open('sample', { colorScheme, bypassCSP: true }, async (page) => {
      await page.emulateMedia({ media });
      expect(await seriousFindings(page)).toEqual([]);
    }),
  );

  it('axe finds nothing serious with everything opened', () =>
    open('sample', { bypassCSP: true, suffix: '?print=everything' }, async (page) => {
      // Colours are those of the page above, and take it a minute here.
      expect(await seriousFindings(page, `{ rules: { 'color-contrast': { enabled: false } } }`)).toEqual([]);
    }));

  it('the verdict and the headline table come first, on the first screen', () =>
    open('sample', { viewport: { width: 1400, height: 900 } }, async (page) => {
      const tops = await inPage<number[]>(
        page,
        `['.verdicts', '#gates', '#comparison', '#warnings', 'section.suite'].map((one) => document.querySelector(one).getBoundingClientRect().top)`,
      );
      expect(tops).toEqual(tops.toSorted((a, b) => a - b));
      expect(tops[2]).toBeLessThan(900);
      // A warning is a line until it is opened.
      const heights = await inPage<number[]>(
        page,
        `[...document.querySelectorAll('details.warning')].map((one) => one.getBoundingClientRect().height)`,
      );
      expect(Math.max(...heights)).toBeLessThan(45);
    }));

  it.each([390, 900, 1400])('every headline value is in view, %d px wide', (width) =>
    open('sample', { viewport: { width, height: 900 } }, async (page) => {
      const [cells, hidden] = await inPage<[number, number]>(
        page,
        `(() => {
          const boxes = [...document.querySelectorAll('table.comparison td .value')].map((one) => one.getBoundingClientRect());
          return [boxes.length, boxes.filter(({ left, right, height }) => left < 0 || right > ${width} || height === 0).length];
        })()`,
      );
      expect(cells).toBeGreaterThan(8);
      expect(hidden).toBe(0);
    }),
  );

  it('sorts best first, says so in the address, and shows the same when it is opened again', () =>
    open('sample', {}, async (page) => {
      const press = page.locator('table.comparison thead tr.columns th:nth-child(2) button');
      await press.focus();
      await page.keyboard.press('Enter');
      expect(await query(page)).toContain('sort=comparison-table.1.d');
      const order = await column(page, 2);
      const numbers = order.filter((value) => value !== '').map(Number);
      expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
      await page.reload();
      expect(await column(page, 2)).toEqual(order);
    }));

  it('builds what is folded when it is opened, and a link to it opens it', () =>
    open('sample', {}, async (page) => {
      const rows = () =>
        inPage<number>(page, `document.querySelectorAll('#accuracy-measures tbody tr').length`);
      expect(await rows()).toBe(0);
      await page.locator('#accuracy-measures > summary').click();
      expect(await rows()).toBeGreaterThan(4);
      expect(await query(page)).toContain('open=accuracy-measures');
      await page.reload();
      expect(await rows()).toBeGreaterThan(4);
      await page.locator('#accuracy-measures > summary').click();
      expect(await query(page)).not.toContain('open=');
      await page.evaluate(`location.hash = 'configuration'`);
      await page.locator('pre.config').waitFor();
    }));

  it.each([
    ['CSV', /^System,Accuracy ↑ test,/],
    ['Markdown', /^\| System \| Accuracy ↑ test \|.*\n\| --- \| --: \|/],
    [
      'LaTeX',
      /^% needs \\usepackage\{booktabs\}\n\\begin\{tabular\}\{lr+\}\n\\toprule\nSystem & Accuracy \$\\uparrow\$ test &/,
    ],
  ])('copies a table as %s', (format, expected) =>
    open('sample', {}, async (page) => {
      await page.getByRole('button', { name: `Copy as ${format}: Comparison` }).click();
      await page.getByText('copied').waitFor();
      const text = await pasted(page);
      expect(text).toMatch(expected);
      const rows = await page.locator('table.comparison tbody tr').count();
      expect(text.split('\n').filter((line) => line.includes('baseline'))).toHaveLength(1);
      expect(text.trimEnd().split('\n').length).toBeGreaterThan(rows);
    }),
  );

  it.each([
    ['SVG', /^<svg [^>]*width="[\d.]+"/],
    ['PNG', /^\x89PNG/],
    ['CSV', /^[^\n]+,[^\n]+\n/],
  ])('gives a plot away as %s', (format, expected) =>
    open('sample', {}, async (page, { problems }) => {
      const waiting = page.waitForEvent('download');
      await page
        .getByRole('button', { name: `Download as ${format}` })
        .first()
        .click();
      const file = await waiting;
      expect(file.suggestedFilename()).toMatch(new RegExp(`\\.${format.toLowerCase()}$`));
      const content = readFileSync(await file.path(), 'latin1');
      expect(content).toMatch(expected);
      expect(content).not.toMatch(/var\(--|currentColor/);
      expect(problems).toEqual([]);
    }),
  );

  it('says a value where one points', () =>
    open('sample', { viewport: { width: 1400, height: 900 } }, async (page) => {
      const figure = page.locator('figure.plot[data-tips]').first();
      await figure.scrollIntoViewIfNeeded();
      const packed = ((await figure.getAttribute('data-tips')) ?? '').split('\n');
      // The second one says how much of the first it begins with.
      const [first, second] = packed.map((line) => line.split(' '));
      const [x, y, shared, ...rest] = second!;
      const text = first!.slice(3).join(' ').slice(0, Number(shared)) + rest.join(' ');
      expect(Number(shared)).toBeGreaterThan(0);
      const svg = figure.locator(':scope > svg');
      const box = await svg.boundingBox();
      const width = await svg.evaluate(
        (one: { viewBox: { baseVal: { width: number } } }) => one.viewBox.baseVal.width,
      );
      const scale = (box?.width ?? 0) / width;
      await page.mouse.move((box?.x ?? 0) + Number(x) * scale, (box?.y ?? 0) + Number(y) * scale);
      expect(await figure.locator('.tip').textContent()).toBe(text);
    }));

  it('prints what is open, and everything on demand', () =>
    open('sample', {}, async (page) => {
      const short = pagesOf(await page.pdf({ preferCSSPageSize: true }));
      expect(short).toBeLessThanOrEqual(15);
      // Of every suite the first row of plots, and a line that says how the rest is printed.
      const shown = () =>
        inPage<number[]>(
          page,
          `[...document.querySelectorAll('section.suite')].map((one) => [...one.querySelectorAll(':scope > .figures')].filter((group) => group.getClientRects().length > 0).length)`,
        );
      const note = page.locator('.paper');
      expect(await note.isVisible()).toBe(false);
      await page.emulateMedia({ media: 'print' });
      expect(Math.max(...(await shown()))).toBe(1);
      expect(await note.isVisible()).toBe(true);
      await page.goto(`${page.url()}?print=everything`);
      expect(await page.locator('details:not([open])').count()).toBe(0);
      expect(Math.max(...(await shown()))).toBeGreaterThan(1);
      expect(await note.isVisible()).toBe(false);
      expect(pagesOf(await page.pdf({ preferCSSPageSize: true }))).toBeGreaterThan(short);
    }));
});
