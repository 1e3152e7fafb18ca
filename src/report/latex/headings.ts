import type { Better, Table } from '../../suites/results.js';

type Format = Table['columns'][number]['format'];

/** A norm before its radius. Elsewhere the same letters may be a name. */
const RADIUS = /(?<![\w-])L(inf|1|2) (?=\d)/g;
const NORMS: Readonly<Record<string, string>> = { inf: 'ℓ∞', 1: 'ℓ₁', 2: 'ℓ₂' };

const ARROWS: Readonly<Record<Better, string>> = { higher: '\u00a0↑', lower: '\u00a0↓', none: '' };

/** The heading of a column as papers print it: norm as ℓ∞, unit, and an arrow to the better side. */
export function heading(title: string, format: Format, better: Better = 'none'): string {
  const normed = title.replace(RADIUS, (_, which) => `${NORMS[which]}\u00a0`);
  return `${normed}${format === 'percent' ? ' (%)' : ''}${ARROWS[better]}`;
}

/** A value without the unit that its heading has. */
export function withoutUnit(text: string, format: Format): string {
  return format === 'percent' ? text.replace('%', '') : text;
}
