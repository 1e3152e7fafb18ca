import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssayError } from '../../src/errors.js';
import { compareScores } from '../../src/metrics/ranking.js';
import { logSumExp } from '../../src/metrics/softmax.js';
import { type ScoreInputs, scoreNamed, scores } from '../../src/scores/scores.js';

const T1 = { temperature: 1 };

function inputs(rows: readonly (readonly number[])[], norms?: readonly number[]): ScoreInputs {
  const logits = { n: rows.length, classes: rows[0]?.length ?? 1, data: rows.flat() };
  return { n: rows.length, logits, logPx: logSumExp(logits), logPxGradientNorm: norms ?? rows.map(() => 1) };
}

const of = (id: string, row: readonly number[], temperature = 1) =>
  scoreNamed(id).compute(inputs([row]), { temperature })[0];

describe('known answers', () => {
  const quarter = [Math.log(2), Math.log(1), Math.log(1)];
  it.each([
    ['log-px', quarter, Math.log(4)],
    ['max-logit', quarter, Math.log(2)],
    ['max-softmax', quarter, 0.5],
    ['energy', quarter, Math.log(4)],
    ['entropy', quarter, -1.5 * Math.log(2)],
    ['margin', quarter, 0.25],
    ['max-softmax', [3], 1],
    ['entropy', [3], 0],
    ['margin', [3], 1],
    ['entropy', [7, 7, 7, 7], -Math.log(4)],
  ])('%s of %j is %f', (id, row, expected) => {
    expect(of(id, row)).toBeCloseTo(expected, 12);
  });
  it('energy at T = 2 is 2 logsumexp(f / 2)', () => {
    expect(of('energy', [2, 0], 2)).toBeCloseTo(2 * Math.log(Math.E + 1), 12);
  });
  it('approximate mass is minus the norm', () => {
    expect([...scoreNamed('approximate-mass').compute(inputs([[0], [1]], [0.5, 3]), T1)]).toEqual([-0.5, -3]);
  });
  it('log-px of an energy model needs no logits', () => {
    expect([...scoreNamed('log-px').compute({ n: 2, logPx: [-3, 4] }, T1)]).toEqual([-3, 4]);
  });
});

describe('huge logits', () => {
  const big = 1e20;
  it.each([
    ['max-softmax', [big, big], 0.5],
    ['max-softmax', [big, -big], 1],
    ['margin', [big, big, -big], 0],
    ['entropy', [big, big], -Math.log(2)],
    ['entropy', [big, 0, -big], 0],
    ['log-px', [big, 0], big],
    ['energy', [-big, -big], -big],
    ['max-logit', [3e38, -3e38], 3e38],
    ['max-softmax', [-3e38, -3e38, -3e38, -3e38], 0.25],
  ])('%s of %j is %d', (id, row, expected) => {
    expect(of(id, row) / (Math.abs(expected) || 1)).toBeCloseTo(expected / (Math.abs(expected) || 1), 12);
  });
});

describe('bad input', () => {
  const needsLogits = [...scores.values()].filter(({ needs }) => needs.includes('logits'));
  it.each(needsLogits.map(({ id }) => id))('%s refuses NaN and infinite logits', (id) => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(() =>
        scoreNamed(id).compute({ n: 1, logits: { n: 1, classes: 2, data: [0, bad] } }, T1),
      ).toThrow(/not finite/);
    }
  });
  it.each([...scores.keys()])('%s says what it lacks', (id) => {
    expect(() => scoreNamed(id).compute({ n: 1 }, T1)).toThrow(AssayError);
  });
  it.each([...scores.keys()])('%s of nothing is nothing', (id) => {
    expect(scoreNamed(id).compute(inputs([]), T1)).toHaveLength(0);
  });
  it('a misspelt score is guessed', () => {
    expect(() => scoreNamed('max-softmx')).toThrow(
      expect.objectContaining({
        code: 'unknown-name',
        details: expect.objectContaining({ hint: 'did you mean "max-softmax"?' }),
      }),
    );
  });
});

const row = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 3, maxLength: 3 });
const rows = fc.array(row, { minLength: 1, maxLength: 12 });
const SOFTMAX_SCORES = ['max-softmax', 'entropy', 'margin'];
const SHIFTED_SCORES = ['log-px', 'max-logit', 'energy'];

describe('properties', () => {
  it('adding c(x) to all logits leaves softmax scores and moves the others by c', () => {
    fc.assert(
      fc.property(row, fc.double({ min: -50, max: 50, noNaN: true }), (f, c) => {
        const moved = f.map((v) => v + c);
        for (const id of SOFTMAX_SCORES) expect(of(id, moved)).toBeCloseTo(of(id, f), 9);
        for (const id of SHIFTED_SCORES) expect(of(id, moved)).toBeCloseTo(of(id, f) + c, 9);
      }),
    );
  });
  it('the order of the classes does not matter, nor that of the examples', () => {
    fc.assert(
      fc.property(rows, (fs) => {
        for (const id of [...SOFTMAX_SCORES, ...SHIFTED_SCORES]) {
          const plain = scoreNamed(id).compute(inputs(fs), T1);
          const classes = scoreNamed(id).compute(inputs(fs.map((f) => [...f].reverse())), T1);
          const examples = scoreNamed(id)
            .compute(inputs([...fs].reverse()), T1)
            .reverse();
          for (let i = 0; i < fs.length; i++) {
            expect(classes[i]).toBeCloseTo(plain[i], 9);
            expect(examples[i]).toBe(plain[i]);
          }
        }
      }),
    );
  });
  it('max logit <= log p(x) <= max logit + log K; probabilities and entropy keep their ranges', () => {
    fc.assert(
      fc.property(row, (f) => {
        expect(of('log-px', f)).toBeGreaterThanOrEqual(of('max-logit', f));
        expect(of('log-px', f)).toBeLessThanOrEqual(of('max-logit', f) + Math.log(3) + 1e-12);
        expect(of('max-softmax', f)).toBeGreaterThanOrEqual(1 / 3 - 1e-12);
        expect(of('max-softmax', f)).toBeLessThanOrEqual(1);
        expect(of('entropy', f)).toBeLessThanOrEqual(0);
        expect(of('entropy', f)).toBeGreaterThanOrEqual(-Math.log(3) - 1e-12);
        expect(of('margin', f)).toBeLessThanOrEqual(of('max-softmax', f));
      }),
    );
  });
  it('all scores call the confident in-distribution: AUROC 1 of peaked against flat logits', () => {
    const peaked = inputs(
      [
        [9, 0, 0],
        [0, 8, 1],
      ],
      [0.1, 0.2],
    );
    const flat = inputs(
      [
        [0, 0, 0],
        [0.2, 0.1, 0],
      ],
      [2, 3],
    );
    for (const score of scores.values()) {
      expect(compareScores(score.compute(peaked, T1), score.compute(flat, T1)).auroc, score.id).toBe(1);
    }
  });
});
