import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, formatEstimate, formatNumber } from '../../src/report/format.js';

describe('estimates', () => {
  test.each([
    [0.8732, [0.865, 0.881], 'percent', '87.3%', '[86.5, 88.1]'],
    [1, [0.998, 1], 'percent', '100.0%', '[99.8, 100.0]'],
    [-0.05, null, 'percent', '−5.0%', ''],
    [0.41234, [0.4, 0.42], 'number', '0.412', '[0.400, 0.420]'],
    [9.5, [-12.3, 30.1], 'number', '9.50', '[−12.30, 30.10]'],
    [-12873.25, [-12990, -12756.5], 'number', '−12\u2009873', '[−12\u2009990, −12\u2009756]'],
    [0.000042, null, 'number', '4.20e−5', ''],
    [-0.0001, [-0.9, 0.9], 'number', '0.000', '[−0.900, 0.900]'],
    [2_500_000.5, null, 'number', '2.50e6', ''],
    [0, null, 'number', '0', ''],
    [null, null, 'percent', '–', ''],
    [Number.NaN, [0, 1], 'number', '–', ''],
  ] as const)('%s %j as %s is %s %s', (value, interval, format, text, bounds) => {
    expect(formatEstimate(value, interval, format)).toEqual({ value: text, interval: bounds });
  });

  test('a value and its bounds have equally many decimals', () => {
    const decimals = (text: string) => text.split('.')[1]?.length ?? 0;
    const finite = fc.double({ min: -999, max: 999, noNaN: true });
    fc.assert(
      fc.property(finite, finite, finite, (value, lo, hi) => {
        fc.pre([value, lo, hi].every((x) => !Number.isInteger(x)));
        fc.pre(Math.max(...[value, lo, hi].map(Math.abs)) >= 1e-3);
        const { value: text, interval } = formatEstimate(value, [lo, hi], 'number');
        const bounds = interval.slice(1, -1).split(', ');
        return bounds.every((bound) => decimals(bound) === decimals(text));
      }),
    );
  });
});

test.each([
  [12345, '12\u2009345'],
  [1234, '1234'],
  [Number.POSITIVE_INFINITY, '∞'],
  [Number.NEGATIVE_INFINITY, '−∞'],
  [7, '7'],
])('number %s is %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test.each([
  [0.123, '0.12 s'],
  [9.94, '9.9 s'],
  [41.6, '42 s'],
  [161.4, '2 min 41 s'],
  [59.7, '1 min 00 s'],
  [7810, '2 h 10 min'],
])('%s seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
