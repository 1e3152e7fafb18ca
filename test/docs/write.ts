/** Writes the pages of docs/ that follow from the code: `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { operatorsPage } from './operators-page.js';

writeFileSync('docs/operators.md', operatorsPage());
