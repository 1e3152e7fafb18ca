import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { hasBudget } from '../../src/cli/tiering.js';

it.each([
  ['20.19', '11.3.244.8-node.26', true],
  ['21', '11.8.172.17-node.20', false],
  ['22', '12.4.254.21-node.33', false],
  ['24', '13.6.233.10-node.28', false],
])('Node %s, with V8 %s: the budget is one of its flags: %s', (_, v8, has) => {
  expect(hasBudget(v8)).toBe(has);
});

it('asks this V8 only for what is among its flags', () => {
  const flags = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  expect(hasBudget(process.versions.v8)).toBe(flags.includes('\n  --interrupt-budget '));
});
