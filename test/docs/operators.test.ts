import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { FLAT, GRADIENTS, LOWERINGS } from '../../src/autodiff/table.js';
import { operatorsPage } from './operators-page.js';
import { STANDARD_OPERATORS } from './standard-operators.js';

describe('docs/operators.md', () => {
  it('is what `npm run docs` writes', async () => {
    expect(await readFile('docs/operators.md', 'utf8')).toBe(operatorsPage());
  });

  it('speaks of operators that exist', () => {
    const known = new Set(STANDARD_OPERATORS);
    const named = [...GRADIENTS.keys(), ...LOWERINGS.keys(), ...FLAT];
    expect(named.filter((op) => !known.has(op))).toEqual([]);
  });
});
