import { describe, expect, it } from 'vitest';
import { Registry } from '../src/registry.js';

const attacks = Registry.of('attack', [{ name: 'pgd' }, { name: 'fab' }]);

describe('a registry', () => {
  it('knows its rows by name, in their order', () => {
    expect(attacks.names).toEqual(['pgd', 'fab']);
    expect([...attacks]).toEqual([{ name: 'pgd' }, { name: 'fab' }]);
    expect(attacks.named('fab')).toEqual({ name: 'fab' });
    expect(attacks.find('fob')).toBeUndefined();
  });

  it('is a value: rows that one run adds are in its own registry only', () => {
    const more = attacks.with([{ name: 'bim' }], 'my-attacks');
    expect(more.names).toEqual(['pgd', 'fab', 'bim']);
    expect(attacks.names).toEqual(['pgd', 'fab']);
    expect([more.origin('pgd'), more.origin('bim')]).toEqual(['Assay', 'my-attacks']);
  });

  it('guesses what an unknown name means, with the names that were added', () => {
    expect(() => attacks.with([{ name: 'boundary' }], 'mine').named('bondary', { file: 'r.yaml' })).toThrow(
      expect.objectContaining({
        code: 'unknown-name',
        details: { file: 'r.yaml', expected: 'one of pgd, fab, boundary', hint: 'did you mean "boundary"?' },
      }),
    );
  });

  it.each([
    ['that comes with Assay', attacks, 'pgd', 'one of Assay itself and one of the plug-in "second"'],
    [
      'of another plug-in',
      attacks.with([{ name: 'bim' }], 'first'),
      'bim',
      '"first" and one of the plug-in "second"',
    ],
  ])('refuses a name %s, and says whose it is', (_, taken, name, found) => {
    expect(() => taken.with([{ name }], 'second')).toThrow(
      expect.objectContaining({
        code: 'config-invalid',
        message: `two attacks are called "${name}"`,
        details: expect.objectContaining({ found: expect.stringContaining(found) }),
      }),
    );
  });

  it('made of another keeps where rows are from', () => {
    const loud = attacks
      .with([{ name: 'bim' }], 'mine')
      .map(({ name }) => ({ name, title: name.toUpperCase() }));
    expect(loud.named('bim')).toEqual({ name: 'bim', title: 'BIM' });
    expect(loud.origin('bim')).toBe('mine');
  });
});
