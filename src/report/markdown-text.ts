import { oneLine } from '../one-line.js';

/*
 * Names come from elsewhere. In a comment on a pull request they could end a cell, mention people, load images or hide
 * what follows; entities are text wherever they stand, in tables and HTML too.
 */

// What means something in GitHub's Markdown, or begins an entity, a mention, an emoji or a link.
const SPECIAL = /[&<>"'`*_~|\\[\](){}#!@:$^]/g;

const asEntity = (c: string) => `&#${c.charCodeAt(0)};`;

/** Text for Markdown, on one line. What is spaced out stays so. */
export const markdownText = (text: string): string => oneLine(text).replace(SPECIAL, asEntity);

/** The same in the type of code. GitHub links and mentions nothing in it. */
export const markdownCode = (text: string): string => `<code>${markdownText(text)}</code>`;

/** A table; cells are Markdown already. The first column is set flush left, the others as `align` says. */
export function markdownTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly number[] = [0],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = header.map((_, column) => (left.includes(column) ? '---' : '---:'));
  return [header, rule, ...rows].map(line).join('\n');
}
