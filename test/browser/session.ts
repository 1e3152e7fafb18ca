import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { launch } from './chromium.js';

/** What a page asked for, and what it complained about. */
export interface Seen {
  requests: string[];
  problems: string[];
}

export interface Session {
  /** The address of a report's page. */
  address(name: string): string;
  /** Opens a report, with this behind its address, and watches it. */
  open<T>(
    name: string,
    options: BrowserContextOptions & { suffix?: string },
    use: (page: Page, seen: Seen) => Promise<T>,
  ): Promise<T>;
}

/** One browser for the tests of a file, and reports that are made once, each in a folder of its own. */
export function session(reports: Record<string, (folder: string) => Promise<void>>): Session {
  let browser: Browser;
  const home = mkdtempSync(path.join(os.tmpdir(), 'assay-browser-'));
  const address = (name: string) => pathToFileURL(path.join(home, name, 'report.html')).href;

  beforeAll(async () => {
    browser = await launch();
    for (const [name, make] of Object.entries(reports)) {
      mkdirSync(path.join(home, name));
      await make(path.join(home, name));
    }
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    rmSync(home, { recursive: true, force: true });
  });

  return {
    address,
    async open(name, { suffix = '', ...options }, use) {
      const context = await browser.newContext(options);
      const seen: Seen = { requests: [], problems: [] };
      try {
        const page = await context.newPage();
        page.on('request', (request) => {
          if (!request.url().startsWith('data:')) seen.requests.push(request.url());
        });
        page.on('pageerror', (error) => seen.problems.push(error.message));
        page.on('console', (message) => {
          if (message.type() === 'error' || message.type() === 'warning') seen.problems.push(message.text());
        });
        await page.goto(address(name) + suffix);
        return await use(page, seen);
      } finally {
        await context.close();
      }
    },
  };
}

/** Evaluates an expression in the page; as text, since this project has no types of the DOM. */
export const inPage = <T>(page: Page, expression: string): Promise<T> =>
  page.evaluate(expression) as Promise<T>;

/**
 * Waits until an expression is true in the page. Not by Playwright's `waitForFunction`: what is not true at once it evaluates in the page
 * itself, where the policy of our pages forbids it.
 */
export const until = (page: Page, expression: string): Promise<void> =>
  expect.poll(() => inPage<boolean>(page, expression), { timeout: 30_000 }).toBe(true);

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string }[];
}

/** What axe-core finds in a page that is serious, or worse; the page must be open with `bypassCSP`. */
export async function seriousFindings(page: Page, options = '{}'): Promise<string[]> {
  await page.addScriptTag({ path: axe });
  const { violations } = await inPage<{ violations: Violation[] }>(page, `axe.run(document, ${options})`);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`);
}

/** Pages of a PDF. */
export const pagesOf = (pdf: Buffer): number =>
  (pdf.toString('latin1').match(/\/Type\s*\/Page[^s]/g) ?? []).length;
