import { describe, expect, it } from 'vitest';
import { checkCompatible } from '../../src/data/compatibility.js';
import { errorOf } from './files.js';

const model = { name: 'net', shape: [3, 8, 8] as const, classes: ['cat', 'dog', 'owl'] };
const set = { name: 'test', role: 'test' as const, shape: [3, 8, 8] as const, path: 'test.npz' };
const label = (value: number) => ({ highestLabel: { label: value, example: 17 } });
const check = async (data: object, system: object = {}) =>
  checkCompatible({ ...set, ...data }, { ...model, ...system });

describe('a system and a data set fit', () => {
  it.each<[string, object, object?]>([
    ['without labels', {}],
    ['with the highest label', label(2)],
    ['with the same names', { classes: ['cat', 'dog', 'owl'] }],
    ['with names that only one knows', { classes: ['feline', 'dog', 'bird'] }],
    ['with classes of its own, when it is OOD', { role: 'ood', ...label(99), classes: ['dog', 'cat'] }],
    ['whatever its labels, when the system does not classify', label(99), { classes: [] }],
    ['with names, when the card only counts', { classes: ['a', 'b', 'c'] }, { classes: ['0', '1', '2'] }],
  ])('%s', async (_, data, system) => {
    await check(data, system);
  });
});

describe('what is refused', () => {
  it.each<[string, object, object, string, RegExp, RegExp]>([
    ['another shape', { shape: [1, 8, 8] }, {}, 'shape-mismatch', /\[3, 8, 8\]/, /\[1, 8, 8\]/],
    ['another shape of OOD', { shape: [3, 8, 9], role: 'ood' }, {}, 'shape-mismatch', /8, 8\]/, /8, 9\]/],
    ['a label beyond', label(3), {}, 'data-invalid', /0 to 2/, /^3$/],
    ['too few classes', { classes: ['cat', 'dog'] }, {}, 'data-invalid', /3 classes/, /^2 /],
    ['too many', { classes: ['cat', 'dog', 'owl', 'rat'] }, {}, 'data-invalid', /3 classes/, /^4 /],
    ['another order', { classes: ['dog', 'cat', 'owl'] }, {}, 'data-invalid', /class 0 .*"cat"/, /"dog"/],
    [
      'numbers sorted as text',
      { classes: ['0', '10', '2'] },
      { classes: ['0', '2', '10'] },
      'data-invalid',
      /"2"/,
      /"10"/,
    ],
  ])('%s', async (_, data, system, code, expected, found) => {
    const error = await errorOf(check(data, system));
    expect(error.code).toBe(code);
    expect(error.details.expected).toMatch(expected);
    expect(error.details.found).toMatch(found);
    expect(error.details.hint).toBeDefined();
  });

  it('names the example of a bad label, and the run file of the rest', async () => {
    expect((await errorOf(check(label(3)))).details).toMatchObject({ file: 'test.npz', path: 'example 17' });
    const place = { file: 'a.run.yaml', path: 'datasets.test' };
    const attempt = async () => checkCompatible({ ...set, shape: [1, 1, 1] }, model, place);
    expect((await errorOf(attempt())).details).toMatchObject(place);
  });
});
