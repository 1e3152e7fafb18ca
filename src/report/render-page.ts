import { createHash } from 'node:crypto';
import { visible } from '../one-line.js';
import { loadTemplates } from './templates.js';

/**
 * A page of its own from a template of `reports/`: one file that needs no network and no JavaScript. Its content policy
 * forbids every request and every script but our own, whatever the names in the view contain.
 * @param template `report`, `comparison`, `history`
 * @param view all that the template names
 */
export async function renderPage(template: string, view: object): Promise<string> {
  const { page, style, script } = await loadTemplates(template);
  const hash = createHash('sha256').update(script).digest('base64');
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`;
  return page({ ...view, style, script, policy });
}

/** What a page can show of values from elsewhere: HTML has no escape for what turns the direction of text. */
export function withVisibleText<T>(value: T): T {
  if (typeof value === 'string') return visible(value) as T;
  if (Array.isArray(value)) return value.map(withVisibleText) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [visible(key), withVisibleText(inner)]),
  ) as T;
}
