import { describe, expect, it } from 'vitest';
import { autoattack } from '../../src/attacks/compositions.js';
import { norms } from '../../src/attacks/norms.js';
import { attacks } from '../../src/attacks/registry.js';
import { builtinCatalogue } from '../../src/suites/catalogue.js';
import { settledStage } from '../../src/suites/measurements/attack.js';

/** Method, restarts, targets, and calls of one run, in order: for 10 classes. */
const outline = (version: string, norm: string) =>
  (autoattack.get(version)?.stages(norm) ?? [])
    .map((stage) => settledStage(stage, builtinCatalogue))
    .map(({ method, restarts, loss, options }) => {
      const attack = attacks.named(method).create(options, loss);
      const found = norms.find(norm);
      if (!found) throw new Error(`no norm ${norm}`);
      const { gradient, forward } = attack.cost(found, 10);
      return [method, restarts, attack.targets, gradient, forward];
    });

describe('AutoAttack, as published', () => {
  const standard = [
    ['apgd-ce', 1, 0, 101, 1],
    ['apgd-t', 1, 9, 101, 1],
    ['fab-t', 1, 9, 100, 100],
    ['square', 1, 0, 0, 5001],
  ];
  it.each(['Linf', 'L2'])('standard, %s', (norm) => {
    const found = outline('standard', norm);
    expect(found.map((row) => row.slice(0, 4))).toEqual(standard.map((row) => row.slice(0, 4)));
    // About 1,910 forward-backward passes and 5,900 forwards for an example that survives everything.
    const total = (column: number) =>
      found.reduce((sum, row) => sum + Number(row[1]) * Math.max(1, Number(row[2])) * Number(row[column]), 0);
    expect(total(3)).toBe(101 + 9 * 101 + 9 * 100);
    expect(total(4)).toBeGreaterThanOrEqual(5900);
    expect(total(4)).toBeLessThan(6000);
  });

  it('in L1: five restarts of APGD-CE, five targets of APGD-T', () => {
    const found = outline('standard', 'L1');
    expect(found.map(([method, restarts, targets]) => [method, restarts, targets])).toEqual([
      ['apgd-ce', 5, 0],
      ['apgd-t', 1, 5],
      ['fab-t', 1, 9],
      ['square', 1, 0],
    ]);
  });

  it('rand averages over twenty draws and asks gradients only', () => {
    expect(autoattack.get('rand')?.eot).toBe(20);
    expect(outline('rand', 'Linf').map(([method]) => method)).toEqual(['apgd-ce', 'apgd-dlr']);
  });

  it.each([...autoattack.keys()].flatMap((version) => [...norms.names].map((norm) => [version, norm])))(
    '%s is defined in %s',
    (version, norm) => {
      for (const { method } of autoattack.get(version)?.stages(norm) ?? []) {
        expect(attacks.named(method).norms ?? [norm]).toContain(norm);
      }
      expect(outline(version, norm).length).toBeGreaterThan(1);
    },
  );
});
