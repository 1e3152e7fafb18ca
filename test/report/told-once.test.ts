import { expect, test } from 'vitest';
import { lacksOnce, warningsOnce } from '../../src/report/told-once.js';
import { warningsView } from '../../src/report/views/warnings.js';
import type { Warning } from '../../src/suites/results.js';
import { sampleResults } from './sample.js';

const few = (more: Partial<Warning>): Warning => ({
  ...{ code: 'few-examples', severity: 'warning', message: '"test" has 3 examples', why: 'wide' },
  ...more,
});

test('warnings in the same words are told once, with all that they are about', () => {
  const told = warningsOnce([
    few({ suite: 'ood', model: 'plain', dataset: 'test' }),
    few({ suite: 'ood', message: 'another', dataset: 'near' }),
    few({ suite: 'calibration', model: 'jem', dataset: 'test' }),
    few({ suite: 'calibration', model: 'jem', dataset: 'test', fix: 'another remedy' }),
  ]);
  expect(told.map(({ message, about, suites }) => [message, about, suites])).toEqual([
    ['"test" has 3 examples', ['plain', 'jem', 'test'], ['ood', 'calibration']],
    ['another', ['near'], ['ood']],
    ['"test" has 3 examples', ['jem', 'test'], ['calibration']],
  ]);
});

test('a page names every suite that raises a warning', () => {
  const [suite] = sampleResults().suites;
  const warnings = [few({ suite: 'attack', model: 'a' }), few({ suite: 'ood', model: 'b' })];
  const { loud, tally } = warningsView({ ...sampleResults(), warnings }, [
    { ...suite, suite: 'attack', id: 'attack-1', title: 'Attacks' } as never,
  ]);
  expect(loud.map(({ about, raisedBy }) => [about, raisedBy])).toEqual([
    [
      'a, b',
      [
        { link: 'attack-1', suite: 'Attacks' },
        { link: '', suite: 'ood' },
      ],
    ],
  ]);
  expect(tally).toEqual([{ severity: 'warning', text: '1 warning' }]);
});

test('what several systems lack for one reason is told once', () => {
  expect(
    lacksOnce([
      { suite: 'ood', model: 'a', what: 'kNN', reason: 'few' },
      { suite: 'ood', model: 'b', what: 'kNN', reason: 'few' },
      { suite: 'ood', model: 'b', reason: 'few' },
    ]),
  ).toEqual([
    { suite: 'ood', what: 'kNN', reason: 'few', models: ['a', 'b'] },
    { suite: 'ood', reason: 'few', models: ['b'] },
  ]);
});
