import { createHash } from 'node:crypto';

/** Ids become file names, with names of systems and data sets behind them. */
const LONGEST = 80;

/**
 * An id in kebab-case from what tells several entries of one suite apart: `attack-pgd-40-linf`. What is too long for
 * a file name ends in a digest of the whole.
 */
export function identifier(...parts: readonly string[]): string {
  const slug = parts
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/-$/, '');
  if (slug.length <= LONGEST) return slug;
  return `${slug.slice(0, LONGEST)}-${createHash('sha256').update(slug).digest('hex').slice(0, 8)}`;
}
