import { describe, expect, it } from 'vitest';
import type { Measure } from '../src/suites/results.js';
import { differences } from './compare-results.js';
import { entriesOf, entriesText, parseEntries, settled } from './demo-values.js';

const measure = (fields: Partial<Measure>): Measure => ({
  ...{
    suite: 'ood',
    model: 'net',
    dataset: 'far',
    measure: 'auroc',
    title: 'AUROC',
    params: { against: 'test' },
  },
  ...{
    better: 'higher',
    format: 'percent',
    value: 0.9,
    n: 1250,
    interval: [0.88, 0.92],
    level: 0.95,
    method: 'delong',
  },
  ...fields,
});
const auroc = (score: string, value: number, interval: [number, number] = [value - 0.02, value + 0.02]) =>
  measure({ params: { score, against: 'test' }, value, interval });
const robust = (broken: number, n = 100) =>
  measure({
    suite: 'attack',
    measure: 'robust-accuracy',
    method: 'wilson',
    value: 1 - broken / n,
    n,
    interval: [0.5, 0.7],
    params: {},
  });
const zero = (n: number) =>
  measure({ suite: 'attack', measure: 'zero-gradient', value: 0, n, interval: null, params: {} });
const failed = (value: number) => ({ ...zero(100), measure: 'failed-examples', value });

const stored = (measures: Measure[]) => parseEntries(entriesText(entriesOf(measures)));
const moved = (before: Measure[], after: Measure[]) => {
  const held = stored(before);
  return differences(held, settled(held, entriesOf(after)));
};

describe('values of the demo', () => {
  it('are a line each, sorted, with what tells measures of one name apart', () => {
    expect(
      entriesText(entriesOf([auroc('vim', 0.9), auroc('knn', 1 / 3), measure({ suite: 'a', value: null })])),
    ).toBe(
      [
        'suite,measure,model,dataset,params,n,value,low,high,method',
        'a,auroc,net,far,,1250,,0.88,0.92,delong',
        'ood,auroc,net,far,score=knn,1250,0.333333,0.313333,0.353333,delong',
        'ood,auroc,net,far,score=vim,1250,0.9,0.88,0.92,delong',
        '',
      ].join('\n'),
    );
  });

  it('are the same when they are read again', () => {
    const all = [auroc('vim', 1 / 3), measure({ suite: 'a', value: null, interval: null }), robust(31)];
    expect(stored(all)).toEqual(entriesOf(all));
    expect(moved(all, [...all].reverse())).toEqual([]);
  });

  it.each<[string, Measure, Measure]>([
    ['a value within a hundredth of its interval', auroc('vim', 0.9), auroc('vim', 0.9003)],
    ['an example more that is broken', robust(31), robust(32)],
    ['one less', robust(31), robust(30)],
    // Wilson's intervals.
    ['the first', { ...robust(0), interval: [0.963, 1] }, { ...robust(1), interval: [0.9455, 0.9982] }],
    ['an example more that an outcome is counted of', zero(98), zero(97)],
  ])('have not moved with %s', (_, before, after) => {
    expect(moved([before], [after])).toEqual([]);
    expect(settled(stored([before]), entriesOf([after]))).toEqual(stored([before]));
  });

  it.each<[string, Measure, Measure, string[]]>([
    // What ViM's AUROC came to when it was fitted to half of its images.
    [
      'a value',
      auroc('vim', 0.9),
      auroc('vim', 0.891),
      ['.value: 0.9 became 0.891 (by 1.0e-2)', '.low', '.high'],
    ],
    [
      'an end of an interval',
      auroc('vim', 0.9, [0.88, 0.92]),
      auroc('vim', 0.9, [0.88, 0.921]),
      ['.high: 0.92 became 0.921'],
    ],
    ['two examples', robust(31), robust(33), ['.value: 0.69 became 0.67']],
    ['n', auroc('vim', 0.9), { ...auroc('vim', 0.9), n: 1249 }, ['.n: 1250 became 1249']],
    ['two of what outcomes are counted of', zero(98), zero(96), ['.n: 98 became 96']],
    [
      'a value that there is no more',
      auroc('vim', 0.9),
      { ...auroc('vim', 0.9), value: null },
      ['.value: 0.9 became null'],
    ],
    ['an example that failed', failed(0), failed(1), ['.value: 0 became 1']],
  ])('have moved with %s', (_, before, after, lines) => {
    expect(moved([before], [after])).toEqual(lines.map((line) => expect.stringContaining(line)));
  });

  it('that are gone or new are named', () => {
    const lines = moved([auroc('vim', 0.9), auroc('knn', 0.8)], [auroc('vim', 0.9), auroc('odin', 0.7)]);
    expect(lines).toEqual([
      expect.stringMatching(/^\[ood auroc net far score=knn\]: gone, was \{.*0\.8/),
      expect.stringMatching(/^\[ood auroc net far score=odin\]: new, \{.*0\.7/),
    ]);
  });
});
