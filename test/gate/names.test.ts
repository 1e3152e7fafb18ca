import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkNames, type Nameable } from '../../src/gate/names.js';
import type { GateRule } from '../../src/gate/rule.js';
import { warningCodes } from '../../src/suites/warning-codes.js';
import { everySuite } from '../suites/helpers/every-suite.js';

const nameable: Nameable = {
  models: ['jem', 'baseline'],
  datasets: ['test', 'noise'],
  suites: [
    { suite: 'accuracy', measures: ['accuracy', 'nll'], epsilons: [] },
    { suite: 'attack', measures: ['robust-accuracy'], epsilons: ['0', '2/255', '8/255'] },
  ],
  warnings: ['zero-gradient', 'few-examples'],
};
const withPlugin = { ...nameable, warnings: undefined, suites: [...nameable.suites, { suite: 'mine' }] };

describe('names in rules', () => {
  const refused: [GateRule, path: string, says: RegExp][] = [
    [{ measure: 'nll', where: { model: 'jam' } }, 'where.model', /model called "jam".*mean "jem"/s],
    [{ measure: 'nll', where: { model: 'jem' }, over: 'basline' }, 'over', /mean "baseline"/],
    [{ measure: 'nll', where: { dataset: 'tset' } }, 'where.dataset', /data set.*test, noise/s],
    [{ measure: 'nll', suite: 'acuracy' }, 'suite', /mean "accuracy"/],
    [{ measure: 'nll', where: { suite: 'atack' } }, 'where.suite', /mean "attack"/],
    [{ measure: 'nil' }, 'measure', /mean "nll"/],
    [{ measure: 'nll', suite: 'attack' }, 'measure', /one of robust-accuracy/],
    [{ measure: 'nll', where: { suite: 'attack' } }, 'measure', /one of robust-accuracy/],
    [{ measure: 'robust-accuracy', where: { epsilon: '4/255' } }, 'where.epsilon', /radius.*2\/255, 8\/255/s],
    [{ measure: 'nll', where: { model: 'jam-*' } }, 'where.model', /model called "jam-\*"/],
    [{ noWarnings: ['few-examples', 'zero-gradients'] }, 'noWarnings[1]', /warning.*mean "zero-gradient"/s],
  ];
  it.each(refused)('are refused: %o', (rule, path, says) => {
    const details = expect.objectContaining({ file: 'run.yaml', path: `gates[1].${path}` });
    const check = () => checkNames([{ measure: 'nll', min: 0 }, rule], nameable, 'run.yaml');
    expect(check).toThrow(expect.objectContaining({ code: 'unknown-name', details }));
    try {
      check();
    } catch (error) {
      expect((error as { explain(): string }).explain()).toMatch(says);
    }
  });

  const fine: [GateRule, Nameable][] = [
    [{ measure: 'nll', where: { model: 'jem', dataset: 'test' }, over: 'baseline' }, nameable],
    [{ measure: 'robust-accuracy', where: { epsilon: '8/255', steps: 40 } }, nameable],
    [{ measure: 'anything' }, withPlugin],
    [{ noWarnings: ['mine'] }, withPlugin],
    [{ noWarnings: 'serious', where: { model: 'j*m' } }, nameable],
    [{ measure: 'nll', where: { model: 'jem' }, over: 'blessed', notWorse: 'significantly' }, nameable],
    [{ measure: 'nll', where: { model: 'jem' }, over: { model: 'older', in: 'blessed' } }, nameable],
    [{ measure: 'anything', suite: 'mine', where: { epsilon: 'huge' } }, withPlugin],
  ];
  it.each(fine)('pass: %o', (rule, known) => {
    expect(() => checkNames([rule], known, 'run.yaml')).not.toThrow();
  });

  it('may not mean a model and the baseline', () => {
    const both = { ...nameable, models: ['blessed', 'jem'] };
    const rule: GateRule = { measure: 'nll', where: { model: 'jem' }, over: 'blessed', maxDecrease: 0 };
    expect(() => checkNames([rule], both, 'run.yaml')).toThrow(
      expect.objectContaining({
        code: 'config-invalid',
        details: expect.objectContaining({ path: 'gates[0].over' }),
      }),
    );
    for (const over of [{ model: 'blessed' }, { in: 'blessed' as const }])
      expect(() => checkNames([{ ...rule, over }], both, 'run.yaml')).not.toThrow();
  });

  it('of warnings are all in the list', () => {
    const found = ['suites', 'src'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .flatMap((name) => {
          const text = readFileSync(join(folder, name), 'utf8');
          // Errors have codes as well, and no severity.
          if (!/\bseverity\b|validity\.ts$/.test(`${text}${name}`)) return [];
          const flags = name === join('attack', 'validity.ts') ? /^ {4}name: '([a-z0-9-]+)'/gm : /^$/gm;
          return [...text.matchAll(/^\s+code: '([a-z0-9-]+)'/gm), ...text.matchAll(flags)].map(
            ([, code]) => code,
          );
        }),
    );
    expect([...warningCodes].sort()).toEqual([...new Set(found.filter((code) => code))].sort());
  });

  it('are told by every built-in suite, each once', () => {
    for (const { name, measures = [] } of everySuite) {
      expect(measures.length, name).toBeGreaterThan(0);
      expect(new Set(measures).size, name).toBe(measures.length);
    }
  });
});
