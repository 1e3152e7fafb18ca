import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssayError } from '../../src/errors.js';
import { classify, commonConfusions, inTopK, perClass } from '../../src/metrics/classification.js';
import { logSoftmax, logSumExp, softmax } from '../../src/metrics/softmax.js';

const logitsOf = (p: number[][]) => ({
  n: p.length,
  classes: p[0]!.length,
  data: Float64Array.from(p.flat(), Math.log),
});
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

/** Rows of finite logits with labels. */
const problems = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 2, max: 6 }))
  .chain(([n, classes]) =>
    fc.record({
      n: fc.constant(n),
      classes: fc.constant(classes),
      data: fc.array(fc.double({ min: -30, max: 30, noNaN: true }), {
        minLength: n * classes,
        maxLength: n * classes,
      }),
      labels: fc.array(fc.integer({ min: 0, max: classes - 1 }), { minLength: n, maxLength: n }),
    }),
  );

describe('known answers', () => {
  it('NLL', () => {
    const { nll } = classify(
      logitsOf([
        [0.2, 0.8],
        [0.7, 0.3],
        [0.4, 0.6],
      ]),
      [1, 0, 0],
    );
    expect(mean(nll)).toBeCloseTo(-(Math.log(0.8) + Math.log(0.7) + Math.log(0.4)) / 3, 14);
  });
  it('Brier', () => {
    expect(classify(logitsOf([[0.5, 0.5]]), [0]).brier[0]).toBeCloseTo(0.5, 15);
    expect(classify(logitsOf([[0.7, 0.2, 0.1]]), [1]).brier[0]).toBeCloseTo(0.49 + 0.64 + 0.01, 14);
  });
});

describe('against definitions written out', () => {
  it('accuracy, NLL, Brier and confidence', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const { n, classes, data, labels } = problem;
        const result = classify(problem, labels);
        for (let i = 0; i < n; i++) {
          const e = data.slice(i * classes, (i + 1) * classes).map(Math.exp);
          const total = e.reduce((a, b) => a + b, 0);
          const p = e.map((v) => v / total);
          expect(result.nll[i]).toBeCloseTo(-Math.log(p[labels[i]!]!), 9);
          expect(result.brier[i]).toBeCloseTo(
            p.reduce((sum, v, k) => sum + (v - Number(k === labels[i])) ** 2, 0),
            10,
          );
          expect(result.confidence[i]).toBeCloseTo(Math.max(...p), 10);
          expect(result.correct[i]).toBe(Number(result.prediction[i] === labels[i]));
          // Math.max tells -0 from 0, a prediction does not.
          expect(data[i * classes + result.prediction[i]!]! + 0).toBe(
            Math.max(...data.slice(i * classes, (i + 1) * classes)) + 0,
          );
        }
      }),
    );
  });

  it('top-k counts grow from accuracy to everything', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const counts = Array.from({ length: problem.classes }, (_, k) =>
          inTopK(problem, problem.labels, k + 1).reduce((a, b) => a + b, 0),
        );
        expect(counts[0]).toBe(classify(problem, problem.labels).correct.reduce((a, b) => a + b, 0));
        expect(counts[problem.classes - 1]).toBe(problem.n);
        expect([...counts].sort((a, b) => a - b)).toEqual(counts);
      }),
    );
  });

  it('per-class counts and confusions add up to the whole', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const result = classify(problem, problem.labels);
        const { hits, total } = perClass(result);
        const mistakes = commonConfusions(result, 1000).reduce((sum, { count }) => sum + count, 0);
        expect(total.reduce((a, b) => a + b, 0)).toBe(problem.n);
        expect(hits.reduce((a, b) => a + b, 0) + mistakes).toBe(problem.n);
      }),
    );
  });
});

describe('stability', () => {
  it('survives logits that overflow exp', () => {
    const { nll, brier, confidence } = classify({ n: 2, classes: 2, data: [2000, 0, -1e30, 1e30] }, [1, 1]);
    expect([...nll]).toEqual([2000, 0]);
    expect([...brier]).toEqual([2, 0]);
    expect([...confidence]).toEqual([1, 1]);
    expect(Object.is(nll[1], 0)).toBe(true);
  });

  it('softmax ignores c(x) added to all logits; logsumexp moves by exactly c(x)', () => {
    fc.assert(
      fc.property(
        problems,
        fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 12, maxLength: 12 }),
        (problem, c) => {
          const { n, classes, data } = problem;
          const moved = { n, classes, data: data.map((f, at) => f + c[Math.floor(at / classes)]!) };
          const [p, q] = [softmax(problem), softmax(moved)];
          p.forEach((value, at) => {
            expect(q[at]).toBeCloseTo(value, 12);
          });
          const [a, b] = [logSumExp(problem), logSumExp(moved)];
          a.forEach((value, i) => {
            expect(b[i]! - value).toBeCloseTo(c[i]!, 10);
          });
        },
      ),
    );
  });

  it('log softmax at a temperature is log softmax of the divided logits', () => {
    const data = [1, -2, 0.5, 3, 3, -1];
    const halved = { n: 2, classes: 3, data: data.map((f) => f / 2) };
    logSoftmax({ n: 2, classes: 3, data }, 2).forEach((value, at) => {
      expect(value).toBeCloseTo(logSoftmax(halved)[at]!, 14);
    });
  });
});

describe('bad input', () => {
  const caught = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      if (error instanceof AssayError) return `${error.code} ${error.details.path ?? ''}`.trim();
      throw error;
    }
    return 'nothing';
  };
  it.each([
    ['NaN logit', [0, 1, Number.NaN, 0], [0, 0], 'data-invalid example 1, class 0'],
    ['infinite logit', [0, Number.POSITIVE_INFINITY, 0, 0], [0, 0], 'data-invalid example 0, class 1'],
    ['label too large', [0, 1, 1, 0], [0, 2], 'data-invalid example 1'],
    ['negative label', [0, 1, 1, 0], [-1, 0], 'data-invalid example 0'],
    ['fractional label', [0, 1, 1, 0], [0.5, 0], 'data-invalid example 0'],
    ['too few labels', [0, 1, 1, 0], [0], 'shape-mismatch'],
    ['too few logits', [0, 1, 1], [0, 0], 'shape-mismatch'],
  ])('%s', (_, data, labels, code) => {
    expect(caught(() => classify({ n: 2, classes: 2, data }, labels))).toBe(code);
  });
  it('no examples are no results, not an error', () => {
    expect(classify({ n: 0, classes: 3, data: [] }, []).nll).toHaveLength(0);
  });
});
