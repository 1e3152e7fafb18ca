import { limitsPage } from './limits-page.js';
import { operatorsPage } from './operators-page.js';
import { referencePage } from './reference.js';

/** The pages of docs/ that are made from the code. */
export const pages: Record<string, () => string> = {
  'limits.md': limitsPage,
  'operators.md': operatorsPage,
  'reference.md': () => referencePage(),
};
