import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { pages } from './pages.js';

it.each(Object.keys(pages))('docs/%s is what `npm run docs` writes', (name) => {
  expect(readFileSync(`docs/${name}`, 'utf8')).toBe(pages[name]!());
});
