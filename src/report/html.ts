import { createHash } from 'node:crypto';
import { visible } from '../one-line.js';
import type { OutputFile } from '../suites/renderer.js';
import type { Results } from '../suites/results.js';
import { loadTemplates } from './templates.js';
import { pageView } from './views/page.js';

/**
 * `report.html`: one file that needs no network and no JavaScript. Its content policy forbids every request and
 * every script but our own, whatever the names in the results contain.
 */
export async function renderHtml(
  results: Results,
  directory: string,
  drawing: () => void = () => undefined,
): Promise<OutputFile[]> {
  const { page, style, script } = await loadTemplates();
  const hash = createHash('sha256').update(script).digest('base64');
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`;
  const view = await pageView(withVisibleText(results), directory, drawing);
  return [{ path: 'report.html', content: page({ ...view, style, script, policy }) }];
}

/** Results as a page can show them: HTML has no escape for what is not seen, or turns the direction of text. */
function withVisibleText<T>(value: T): T {
  if (typeof value === 'string') return visible(value) as T;
  if (Array.isArray(value)) return value.map(withVisibleText) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [visible(key), withVisibleText(inner)]),
  ) as T;
}
