import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { check } from '../../src/config/validate.js';
import { checkRules } from '../../src/gate/check-rules.js';
import { limits } from '../../src/gate/limits.js';
import { GateRules } from '../../src/gate/rule.js';

const file = 'docs/gates.md';
const blocks = [...readFileSync(file, 'utf8').matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) =>
  parse(text!),
);

it.each(blocks)('docs/gates.md shows rules that are accepted: %j', (block) => {
  const { gates } = check(GateRules, block, { file, what: 'gates file' });
  expect(() => checkRules(gates, file)).not.toThrow();
});

it('docs/gates.md speaks of every limit', () => {
  for (const { key } of limits) expect(readFileSync(file, 'utf8')).toContain(`${key}`);
});
