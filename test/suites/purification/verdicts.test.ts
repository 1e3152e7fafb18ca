import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, verdicts } from '../../../suites/purification/verdicts.js';

/** Rows of an image whose draws name these classes, of three; the winner's logit is `lead`, the others are 0. */
function rowsOf(images: readonly (readonly number[])[], lead: (draw: number) => number = () => 1) {
  const draws = Math.max(...images.map(({ length }) => length));
  const data = new Float32Array(images.length * draws * 3);
  images.forEach((predictions, i) => {
    predictions.forEach((k, draw) => {
      data[(i * draws + draw) * 3 + k] = lead(draw);
    });
  });
  return {
    logits: { shape: [images.length, draws, 3], data },
    drawn: { shape: [images.length], data: Int32Array.from(images, ({ length }) => length) },
  };
}

/** Right verdicts on one image of class 0, by name. */
function verdictsOn(predictions: readonly number[], lead?: (draw: number) => number) {
  const judged = judge(rowsOf([predictions], lead), Int32Array.of(0));
  return Object.fromEntries(judged.verdicts.map(({ verdict, right }) => [verdict.name, right[0]]));
}

const times = (count: number, k: number) => Array.from({ length: count }, () => k);

describe('verdicts from the same draws', () => {
  it.each([
    ['all right', times(10, 0), { 'one-shot': 1, vote: 1, 'mean-logits': 1, 'any-of': 1, sequential: 1 }],
    [
      'one of ten wrong',
      [...times(9, 0), 1],
      { 'one-shot': 0.9, vote: 1, 'mean-logits': 1, 'any-of': 0, sequential: 1 },
    ],
    [
      'a tie is a mistake of a vote, and open',
      [...times(5, 0), ...times(5, 2)],
      { 'one-shot': 0.5, vote: 0, 'mean-logits': 1, 'any-of': 0, sequential: 0 },
    ],
    [
      'a plurality wins a vote, but is no majority',
      [...times(4, 0), ...times(3, 1), ...times(3, 2)],
      { 'one-shot': 0.4, vote: 1, 'mean-logits': 1, 'any-of': 0, sequential: 0 },
    ],
    ['all wrong', times(10, 1), { 'one-shot': 0, vote: 0, 'mean-logits': 0, 'any-of': 0, sequential: 0 }],
  ])('%s', (_, predictions, expected) => {
    expect(verdictsOn(predictions)).toEqual(expected);
  });

  it('draws that are all right leave doubt about other images, whatever the verdict', () => {
    const images = Array.from({ length: 32 }, () => times(10, 0));
    const judged = judge(rowsOf(images), new Int32Array(32));
    for (const { estimate } of judged.verdicts)
      expect(estimate).toMatchObject({ value: 1, n: 32, interval: [expect.closeTo(0.8928, 4), 1] });
  });

  it('mean logits hear a loud minority that votes do not', () => {
    // Two draws for class 1, ten times as sure.
    const found = verdictsOn([...times(2, 1), ...times(8, 0)], (draw) => (draw < 2 ? 10 : 1));
    expect(found).toMatchObject({ vote: 1, 'mean-logits': 0 });
  });

  it('votes and resubmission are of the first ten draws, mean logits and the sequence of all', () => {
    const found = verdictsOn([...times(10, 0), ...times(30, 1)]);
    expect(found).toMatchObject({ 'one-shot': 1, vote: 1, 'any-of': 1, 'mean-logits': 0 });
  });

  it('no verdict is right where resubmission finds nothing and others do: any-of is the strictest', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2), { minLength: 1, maxLength: 10 }), (predictions) => {
        const found = verdictsOn(predictions);
        if (found['any-of'] === 1) expect(found).toMatchObject({ 'one-shot': 1, vote: 1, 'mean-logits': 1 });
        expect(found['one-shot']).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('draws that were not made do not count', () => {
    const {
      drawn,
      draws,
      settledAfter,
      verdicts: judged,
    } = judge(rowsOf([times(10, 0), times(40, 1)]), Int32Array.of(0, 0));
    expect([...drawn]).toEqual([10, 40]);
    expect([...settledAfter]).toEqual([8, 8]);
    expect(draws.value).toBe(25);
    expect(judged.map(({ estimate }) => estimate.value)).toEqual(verdicts.map(() => 0.5));
  });
});
