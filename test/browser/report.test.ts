import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeReport } from '../../src/report/write-report.js';
import { assay } from '../e2e/assay.js';
import { ATTACK, project } from '../e2e/project.js';
import { hostileNames, savedSample } from '../report/run-folder.js';
import { whyNoBrowser } from './chromium.js';
import { inPage, session } from './session.js';

/** Reports to open: a sample with every feature, the same with names that attack it, and one of a real run. */
const reports = {
  sample: async (folder: string) => writeReport(folder, await savedSample(folder)),
  hostile: async (folder: string) => writeReport(folder, await savedSample(folder, hostileNames)),
  real: async (folder: string) => {
    const attack = { ...ATTACK, epsilons: ['64/255'] };
    project(path.join(folder, 'project'), { suites: ['accuracy', 'calibration', 'ood', { attack }] }, 30);
    const run = await assay(['run', 'project/small.run.yaml', '--out', '.', '--quiet'], folder);
    expect([run.code, run.stderr]).toEqual([0, '']);
  },
};
const names = Object.keys(reports) as (keyof typeof reports)[];

/** Luminance of the ground and contrasts with it, as WCAG 2 defines them. */
const CONTRASTS = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const luminance = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => {
      const s = v / 255;
      return s <= 0.03928 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = luminance(getComputedStyle(document.body).backgroundColor);
  const contrast = (selector) => {
    const ink = luminance(getComputedStyle(document.querySelector(selector)).color);
    return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
  };
  return { ground, ink: contrast('main td .value'), muted: contrast('.interval'), link: contrast('.tools button') };
})()`;

describe.skipIf(whyNoBrowser())('the report in Chromium', () => {
  const { address, open } = session(reports);

  it.each(names)(
    '%s: asks for nothing but itself, runs nothing but our script, and all pictures show',
    (name) =>
      open(name, {}, async (page, { requests, problems }) => {
        expect(requests).toEqual([address(name)]);
        expect(problems).toEqual([]);
        expect(await page.evaluate('window.hurt')).toBeUndefined();
        const pictures = await inPage<number[]>(page, `[...document.images].map((one) => one.naturalWidth)`);
        expect(pictures.length).toBeGreaterThan(0);
        expect(pictures.every((width) => width > 0)).toBe(true);
        const plots = await inPage<number[]>(
          page,
          `[...document.querySelectorAll('.plot > svg')].map((one) => one.getBoundingClientRect().height)`,
        );
        expect(plots.length).toBeGreaterThan(0);
        expect(plots.every((height) => height > 60)).toBe(true);
      }),
  );

  const widths = [1600, 1280, 1080, 1000, 760, 390, 320];
  it.each(names)('%s: fits windows of any width', (name) =>
    open(name, {}, async (page) => {
      for (const width of widths) {
        await page.setViewportSize({ width, height: 900 });
        const content = await page.evaluate('document.documentElement.scrollWidth');
        expect(content, `at ${width} px`).toBeLessThanOrEqual(width);
      }
    }),
  );

  it('scrolls plots of the whole width on a phone: their letters stay legible, and they say values where they are', () =>
    open('sample', { viewport: { width: 390, height: 800 } }, async (page) => {
      const figure = page.locator('.figures.full > .plot[data-tips]').first();
      await figure.scrollIntoViewIfNeeded();
      const letters = await figure.locator('svg text').first().boundingBox();
      expect(letters?.height).toBeGreaterThan(8);
      await figure.evaluate((one: { scrollLeft: number }) => {
        one.scrollLeft = 10_000;
      });
      expect((await figure.locator('.title').boundingBox())?.x).toBeGreaterThanOrEqual(0);
      const tips = (await figure.getAttribute('data-tips'))!.split('\n').map((line) => line.split(' '));
      const last = Math.max(...tips.map(([x]) => Number(x)));
      const [x, y] = tips.find(([x]) => Number(x) === last)!.map(Number) as [number, number];
      const svg = figure.locator(':scope > svg');
      const box = (await svg.boundingBox())!;
      const scale =
        box.width /
        (await svg.evaluate((one: { viewBox: { baseVal: { width: number } } }) => one.viewBox.baseVal.width));
      const at = { x: box.x + x * scale, y: box.y + y * scale };
      expect(at.x).toBeLessThan(390);
      await page.mouse.move(at.x, at.y);
      const mark = (await figure.locator('.mark').boundingBox())!;
      expect(Math.abs(mark.x + mark.width / 2 - at.x)).toBeLessThan(3);
      const tip = (await figure.locator('.tip').boundingBox())!;
      expect(tip.x).toBeGreaterThanOrEqual(0);
      expect(tip.x + tip.width).toBeLessThanOrEqual(390);
    }));

  it('reads without JavaScript: every measure is there, folded away or not', () =>
    open('sample', { javaScriptEnabled: false }, async (page) => {
      const text = (await page.locator('main').textContent()) ?? '';
      for (const section of [
        'Warnings',
        'Gates',
        'Comparison',
        'Systems and data',
        'The run file, defaults filled in',
      ])
        expect(text).toContain(section);
      const folded = page.locator('details.measures').first();
      await folded.locator('summary').click();
      expect(await folded.locator('table').isVisible()).toBe(true);
    }));

  const schemes = ['light', 'dark'] as const;
  it.each(schemes)('%s: text stands out from its ground', (colorScheme) =>
    open('sample', { colorScheme }, async (page) => {
      const dark = await inPage<Record<'ground' | 'ink' | 'muted' | 'link', number>>(page, CONTRASTS);
      expect(dark.ground < 0.2).toBe(colorScheme === 'dark');
      expect(dark.ink).toBeGreaterThan(7);
      expect(dark.muted).toBeGreaterThan(4.5);
      expect(dark.link).toBeGreaterThan(4.5);
    }),
  );

  it('changes its colours at a click, and sorts tables by a heading, undefined values last', () =>
    open('sample', { colorScheme: 'light' }, async (page) => {
      const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
      const before = await ground();
      await page.getByRole('button', { name: /dark colours/ }).click();
      expect(await ground()).not.toBe(before);

      const table = page.locator('table.comparison');
      const cells = `[...document.querySelectorAll('table.comparison tbody tr td:nth-child(2)')]`;
      const column = () => inPage<string[]>(page, `${cells}.map((cell) => cell.dataset.sort ?? '')`);
      const numbers = (values: string[]) => values.filter((v) => v !== '').map(Number);
      // Accuracy: the best first.
      const heading = table.locator('thead tr.columns th:nth-child(2) button');
      await heading.click();
      const down = await column();
      expect(numbers(down)).toEqual(numbers(down).toSorted((a, b) => b - a));
      await heading.click();
      const up = await column();
      expect(numbers(up)).toEqual(numbers(up).toSorted((a, b) => a - b));
      for (const order of [up, down]) expect(order.indexOf('') === -1 || order.at(-1) === '').toBe(true);
    }));

  it.each(names)('%s prints: no navigation, nothing wider than A4 across', (name) =>
    open(name, { viewport: { width: 1031, height: 700 } }, async (page) => {
      await page.emulateMedia({ media: 'print' });
      expect(await page.locator('.contents').isVisible()).toBe(false);
      const wide = `[...document.querySelectorAll('table')].map((one) => one.getBoundingClientRect())`;
      const edges = await inPage<number[]>(
        page,
        `${wide}.filter(({ width }) => width > 0).map(({ right }) => right)`,
      );
      expect(Math.max(...edges)).toBeLessThanOrEqual(1031);
      const pdf = await page.pdf({ preferCSSPageSize: true });
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
      expect(pdf.length).toBeGreaterThan(50_000);
    }),
  );

  it('is walked through by keyboard, from a link that skips to the results', () =>
    open('sample', {}, async (page) => {
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.getAttribute("href")')).toBe('#main');
      const regions = await inPage<string[][]>(
        page,
        `[...document.querySelectorAll('.scroll')].map((one) => [one.getAttribute('tabindex'), one.getAttribute('role')])`,
      );
      expect(new Set(regions.map(String))).toEqual(new Set(['0,group']));
    }));
});
