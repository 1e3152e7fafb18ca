// @module-tag slow
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { writeReport } from '../../src/report/write-report.js';
import { assay } from '../e2e/assay.js';
import { ATTACK, project } from '../e2e/project.js';
import { exampleFolder } from '../report/example-folder.js';
import { hostileNames, savedSample } from '../report/run-folder.js';
import { whyNoBrowser } from './chromium.js';
import { inPage, seriousFindings, session, until } from './session.js';

describe.skipIf(whyNoBrowser())('the page of examples', () => {
  const { open } = session({
    real: async (folder) => {
      const attack = { ...ATTACK, epsilons: ['64/255'] };
      project(path.join(folder, 'project'), { suites: ['accuracy', { attack }] }, 30);
      const run = await assay(['run', 'project/small.run.yaml', '--out', '.', '--quiet'], folder);
      expect([run.code, run.stderr]).toEqual([0, '']);
    },
    turned: async (folder) => {
      exampleFolder(folder, ['a\u202egnp.nalc', 'b']);
      await writeReport(folder, await savedSample(folder));
    },
    numbers: async (folder) => {
      exampleFolder(folder);
      // Read before the others: a list is no number.
      writeFileSync(
        path.join(folder, 'examples', 'a-lists.csv'),
        'model,dataset,index,label,confidence\na,test,0,0,0.99 0.98\na,test,1,1,0.97 0.96\n',
      );
      await writeReport(folder, await savedSample(folder));
    },
    hostile: async (folder) => {
      exampleFolder(folder, [hostileNames.baseline, hostileNames.scalar]);
      writeFileSync(
        path.join(folder, 'examples', 'other.csv'),
        'model,dataset,index,label\nx,two,0,1\nx,two,4,1\n',
      );
      await writeReport(folder, await savedSample(folder, hostileNames));
    },
  });
  const toExamples = async (page: Page, query = '') => {
    await page.goto(page.url().replace(/report\.html.*/, `examples.html${query}`));
    await page.locator('.tile').first().waitFor();
  };
  const told = (page: Page) => page.locator('.told').textContent();
  const query = async (page: Page) => new URLSearchParams(await inPage<string>(page, 'location.search'));

  it('opens from a number of the report, at the rows that it was made from', () =>
    open('real', {}, async (page, { problems }) => {
      const link = page.locator('table.comparison a.rows').first();
      const value = Number.parseFloat((await link.textContent()) ?? '');
      await link.click();
      await page.locator('.tile').first().waitFor();
      expect((await query(page)).get('column')).toBe('correct');
      const all = Number((await told(page))?.match(/^\d+/)?.[0]);
      await page.getByLabel('Show').selectOption('yes');
      await until(page, `document.querySelector('#filter-is').value === 'yes'`);
      const right = Number((await told(page))?.match(/^\d+/)?.[0]);
      expect((100 * right) / all).toBeCloseTo(value, 1);
      expect(problems).toEqual([]);
    }));

  it('opens from a number in a table of a suite, at the examples of its class', () =>
    open('real', {}, async (page, { problems }) => {
      const row = page.locator('table[data-name="Accuracy per class on test"] tbody tr').last();
      const link = row.locator('a.rows').first();
      const value = Number.parseFloat((await link.textContent()) ?? '');
      const n = Number(await row.locator('td').nth(1).textContent());
      await link.click();
      await page.locator('.tile').first().waitFor();
      const found = await query(page);
      expect(Object.fromEntries(found)).toMatchObject({ sheet: 'accuracy', column: 'correct', class: '2' });
      expect(await page.locator('.tile').count()).toBe(n);
      await page.getByLabel('Show').selectOption('yes');
      await until(page, `document.querySelector('#filter-is').value === 'yes'`);
      const right = Number((await told(page))?.match(/^\d+/)?.[0]);
      expect((100 * right) / n).toBeCloseTo(value, 1);
      expect(problems).toEqual([]);
    }));

  it('shows images, differences and every row of an example, and walks by keyboard', () =>
    open('real', {}, async (page, { problems }) => {
      await toExamples(page);
      await page.keyboard.press('ArrowRight');
      await page.locator('.detail canvas').first().waitFor();
      const first = await page.locator('.detail h2').textContent();
      for (const sheet of ['accuracy', 'attack'])
        expect(await page.locator('.detail').textContent()).toContain(sheet);
      expect(await page.locator('.detail [aria-label^="difference"]').count()).toBeGreaterThan(0);
      await page.keyboard.press('ArrowRight');
      await until(page, `document.querySelector('.detail h2').textContent !== ${JSON.stringify(first)}`);
      await page.reload();
      await page.locator('.detail canvas').first().waitFor();
      expect(await page.locator('.detail h2').textContent()).not.toBe(first);
      await page.keyboard.press('Escape');
      await page.locator('.detail').waitFor({ state: 'hidden' });
      expect(problems).toEqual([]);
    }));

  it('filters by class, outcome and difference, searches, and keeps it all in the address', () =>
    open('real', {}, async (page) => {
      await toExamples(page);
      const all = await page.locator('.tile').count();
      await page.getByLabel('Class').selectOption('1');
      await until(page, `document.querySelectorAll('.tile').length < ${all}`);
      const some = await page.locator('.tile').count();
      expect((await query(page)).get('class')).toBe('1');
      await page.reload();
      await page.locator('.tile').first().waitFor();
      expect(await page.locator('.tile').count()).toBe(some);
      await page.getByLabel('Class').selectOption('');
      await page.getByLabel('Search').fill('7');
      await until(page, `document.querySelectorAll('.tile').length === 1`);
      expect(await page.locator('.tile').textContent()).toContain('7');
    }));

  it('filters by numbers of the rows', () =>
    open('real', {}, async (page) => {
      await toExamples(page);
      const where = page.getByLabel('Where');
      const asked = async (text: string, answer = `; where ${text},`) => {
        await where.fill(text);
        await where.press('Enter');
        await until(page, `document.querySelector('.told').textContent.includes(${JSON.stringify(answer)})`);
        return Number((await told(page))?.match(/^\d+/)?.[0]);
      };
      const all = Number((await told(page))?.match(/^\d+/)?.[0]);
      const sheet = readFileSync(
        path.join(fileURLToPath(new URL('.', page.url())), 'examples', 'accuracy.csv'),
        'utf8',
      );
      const [head, ...rows] = sheet
        .trim()
        .split('\n')
        .map((line) => line.split(','));
      const at = (name: string) => head!.indexOf(name);
      const [system] = rows[0]!;
      const confidences = rows
        .filter(([model]) => model === system)
        .map((row) => Number(row[at('confidence')]));
      const median = [...confidences].sort((a, b) => a - b)[Math.floor(confidences.length / 2)]!;
      const above = confidences.filter((one) => one > median).length;
      expect(at('model')).toBe(0);
      expect(above).toBeGreaterThan(0);
      expect(await asked(`confidence > ${median}`)).toBe(above);
      expect(await asked(`confidence <= ${median}`)).toBe(all - above);
      expect(await asked(`confidence >= ${median} and confidence <= ${median}`)).toBe(1);
      expect((await query(page)).get('where')).toContain('confidence >=');
      expect(await asked('no such column > 1', 'no sheet has no_such_column')).toBe(0);
      expect(await asked('confidence', 'is no condition')).toBe(0);
    }));

  it('answers numbers that an address asks for, or says why not', () =>
    open('numbers', {}, async (page, { problems }) => {
      const inAccuracy = { sheet: 'accuracy', column: 'correct' };
      for (const [where, more, answer] of [
        ['confidence > 0.8', {}, /^2 of 3 .*; where confidence > 0\.8, a, in accuracy$/],
        ['confidence>.8 AND correct = true', {}, /^2 of 3 .*, in accuracy$/],
        ['correct = 0', inAccuracy, /^1 of 3 .*, in accuracy$/],
        ['gradient passes >= 40', {}, /^1 of 3 .*, in attack-pgd$/],
        ['gradient_passes >= 40', inAccuracy, /: accuracy has no gradient_passes$/],
        [
          'confidence > 0.8',
          { sheet: 'a-lists', column: 'label' },
          /: a-lists has no confidence as single numbers of a on test$/,
        ],
        [
          'gradient_passes > 0',
          { model: 'b' },
          /: no sheet has gradient_passes as single numbers of b on test$/,
        ],
        ['confidence > 2', {}, /^0 of 3 .*; where confidence > 2, a, in accuracy$/],
        ['<b>x</b> > 1', {}, /is no condition/],
        ['confidence > NaN', {}, /is no condition/],
        ['confidence > ', {}, /is no condition/],
      ] as const) {
        const asked = new URLSearchParams({ model: 'a', ...more, where });
        await page.goto(page.url().replace(/(report|examples)\.html.*/, `examples.html?${asked}`));
        await until(page, `document.querySelector('.told').textContent !== ''`);
        expect(await told(page), where).toMatch(answer);
      }
      expect(problems).toEqual([]);
    }));

  it('shows where systems differ', () =>
    open('hostile', {}, async (page) => {
      await toExamples(page, '?is=differs');
      expect(await told(page)).toMatch(/^1 of 3/);
    }));

  it('shows no example for an outcome that a system has no rows of, and says so', () =>
    open('hostile', {}, async (page) => {
      const asked = (column: string, model: string, is = '') =>
        page
          .goto(
            page
              .url()
              .replace(
                /(report|examples)\.html.*/,
                `examples.html?${new URLSearchParams({ sheet: 'attack-pgd', column, model, is })}`,
              ),
          )
          .then(() => until(page, `document.querySelector('.told').textContent !== ''`))
          .then(() => told(page));
      expect(await asked('adversarial', hostileNames.scalar, 'yes')).toMatch(
        /^0 of 3 .* has no “adversarial” of /,
      );
      expect(await page.locator('.tile').count()).toBe(0);
      expect(await asked('adversarial', hostileNames.scalar)).toMatch(/^0 of 3/);
      expect(await asked('adversarial', hostileNames.baseline)).toMatch(/^2 of 3/);
      // A number, which nothing is filtered by: those that it was measured on.
      expect(await asked('gradient_passes', hostileNames.baseline)).toMatch(
        /^2 of 3 .*rows of .* in attack-pgd$/,
      );
    }));

  it('does not show what comes late over what was asked for since', () =>
    open('hostile', {}, async (page, { problems }) => {
      let go = () => {};
      const held = new Promise<void>((resolve) => {
        go = resolve;
      });
      await page.route('**/two-facts.js', async (route) => {
        await held;
        await route.continue();
      });
      await toExamples(page);
      await page.getByLabel('Data set').selectOption('two');
      await page.getByLabel('Class').selectOption('1');
      await page.getByLabel('Data set').selectOption('test');
      await page.getByLabel('Class').selectOption('1');
      await until(page, `document.querySelectorAll('.tile').length === 1`);
      go();
      await page.waitForTimeout(300);
      expect(await told(page)).toMatch(/^1 of 3/);
      expect(problems).toEqual([]);
    }));

  it('writes out what turns the direction of text', () =>
    open('turned', {}, async (page) => {
      await toExamples(page, '?example=0');
      await page.locator('.detail table').first().waitFor();
      const text = await inPage<string>(page, 'document.body.innerText');
      expect(text).toContain('\\u202egnp.nalc');
      expect(text).not.toContain('\u202e');
    }));

  it('says which file beside it is not there', () =>
    open('hostile', {}, async (page) => {
      await page.route('**/two-facts.js', (route) => route.abort());
      await toExamples(page);
      await page.getByLabel('Data set').selectOption('two');
      await until(page, `document.querySelector('.told').textContent.includes('viewer/two-facts.js')`);
      expect(await told(page)).toContain('is not there');
    }));

  it('runs nothing but our scripts, whatever names hold', () =>
    open('hostile', {}, async (page, { problems }) => {
      await toExamples(page, '?example=0');
      await page.locator('.detail table').first().waitFor();
      expect(await page.locator('.detail').textContent()).toContain(hostileNames.baseline);
      expect(await page.evaluate('window.hurt')).toBeUndefined();
      expect(problems).toEqual([]);
    }));

  it.each([390, 900, 1400])('fits a window %d px wide', (width) =>
    open('real', { viewport: { width, height: 800 } }, async (page) => {
      await toExamples(page, '?example=0');
      await page.locator('.detail table').first().waitFor();
      expect(await inPage<number>(page, 'document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    }),
  );

  it.each(['light', 'dark'] as const)('axe finds nothing serious, in %s, an example open', (colorScheme) =>
    open('real', { colorScheme, bypassCSP: true }, async (page) => {
      await toExamples(page, '?example=0');
      await page.locator('.detail table').first().waitFor();
      expect(await seriousFindings(page)).toEqual([]);
    }),
  );

  it('without scripts says where the rows are', () =>
    open('real', { javaScriptEnabled: false }, async (page) => {
      await page.goto(page.url().replace('report.html', 'examples.html'));
      expect(await page.locator('body').textContent()).toContain('examples/*.csv');
    }));
});
