/** Writes the generated pages of docs/: `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { pages } from './pages.js';

for (const [name, page] of Object.entries(pages)) writeFileSync(`docs/${name}`, page());
