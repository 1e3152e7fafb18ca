import { describe, expect, it } from 'vitest';
import { identifier } from '../../src/suites/identifier.js';

describe('ids', () => {
  it.each([
    [['attack', 'PGD-40 x 10 (margin)', 'Linf'], 'attack-pgd-40-x-10-margin-linf'],
    [['attack', 'C&W-9x1000', 'L2'], 'attack-c-w-9x1000-l2'],
    [['transfer', 'FGSM', 'Linf', '8/255'], 'transfer-fgsm-linf-8-255'],
  ])('%j', (parts, id) => {
    expect(identifier(...parts)).toBe(id);
  });

  it('of long lists are short, and differ where the lists do', () => {
    const long = (last: string) =>
      identifier('attack', ...Array.from({ length: 30 }, () => 'APGD-CE-100'), last);
    expect(long('a').length).toBeLessThan(100);
    expect(long('a')).not.toBe(long('b'));
  });
});
