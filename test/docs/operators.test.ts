import { expect, it } from 'vitest';
import { FLAT, GRADIENTS, LOWERINGS } from '../../src/autodiff/table.js';
import { STANDARD_OPERATORS } from './standard-operators.js';

it('docs/operators.md speaks of operators that exist', () => {
  const known = new Set(STANDARD_OPERATORS);
  const named = [...GRADIENTS.keys(), ...LOWERINGS.keys(), ...FLAT];
  expect(named.filter((op) => !known.has(op))).toEqual([]);
});
