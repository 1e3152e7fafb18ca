import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { AssayError } from '../../src/errors.js';
import { largestOf, logSumExpOf as logSumExpOnGraph } from '../../src/graph/along-classes.js';
import { GraphBuilder } from '../../src/graph/build.js';
import { compareScores } from '../../src/metrics/ranking/ranking.js';
import { logSumExp } from '../../src/metrics/softmax.js';
import { climbedScores, scores } from '../../src/scores/registry.js';
import type { ScoreInputs } from '../../src/scores/score.js';
import { isMeasured } from '../../src/suites/score-support.js';

const T1 = { temperature: 1, gamma: 0.1, top: 100 };

function inputs(rows: readonly (readonly number[])[], norms?: readonly number[]): ScoreInputs {
  const logits = { n: rows.length, classes: rows[0]?.length ?? 1, data: rows.flat() };
  return { n: rows.length, logits, logPx: logSumExp(logits), logPxGradientNorm: norms ?? rows.map(() => 1) };
}

const logSumExpOf = (f: readonly number[]) => Math.log(f.reduce((sum, v) => sum + Math.exp(v), 0));
const softmaxOf = (f: readonly number[]) => f.map((v) => Math.exp(v - logSumExpOf(f)));

/** Every score as the literature writes it, of moderate logits f of one image and the norm g of its gradient. */
const definitions: Record<string, undefined | ((f: readonly number[], g: number, T: number) => number)> = {
  'log-px': (f) => logSumExpOf(f),
  'max-logit': (f) => Math.max(...f),
  'max-softmax': (f) => Math.max(...softmaxOf(f)),
  energy: (f, _, T) => T * logSumExpOf(f.map((v) => v / T)),
  entropy: (f) => softmaxOf(f).reduce((sum, p) => sum + (p === 0 ? 0 : p * Math.log(p)), 0),
  margin: (f) => {
    const [first, second] = softmaxOf(f).sort((a, b) => b - a) as [number, number];
    return first - second;
  },
  'approximate-mass': (_, g) => -g,
  gen: (f) => {
    const p = softmaxOf(f);
    // 1 - p is the sum of the others: the difference has no digits where p is near 1.
    const others = p.map((_, k) => p.reduce((sum, v, j) => (j === k ? sum : sum + v), 0));
    return -p.reduce((sum, v, k) => sum + (v * others[k]!) ** 0.1, 0);
  },
};

/** Those that need no training images, no features, and ask nothing; the others are in fitted.test.ts and probes.test.ts. */
const unfitted = [...scores].filter((score) => !isMeasured(score));
const ids = unfitted.map(({ id }) => id);

const engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

const of = (id: string, row: readonly number[], temperature = 1) =>
  scores.named(id).compute(inputs([row]), { ...T1, temperature })[0]!;

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
    // 1 - p of the first is 3 e^-40: no digit of 1 reaches that far.
    ['gen', [20, -20, -20, -20], -((3 * Math.exp(-40)) ** 0.1) - 3 * Math.exp(-4)],
    ['gen', [3], 0],
  ])('%s of %j is %f', (id, row, expected) => {
    expect(of(id, row)).toBeCloseTo(expected, 12);
  });
  it('energy at T = 2 is 2 logsumexp(f / 2)', () => {
    expect(of('energy', [2, 0], 2)).toBeCloseTo(2 * Math.log(Math.E + 1), 12);
  });
  it('approximate mass is minus the norm', () => {
    expect([...scores.named('approximate-mass').compute(inputs([[0], [1]], [0.5, 3]), T1)]).toEqual([
      -0.5, -3,
    ]);
  });
  it('log-px of an energy model needs no logits', () => {
    expect([...scores.named('log-px').compute({ n: 2, logPx: [-3, 4] }, T1)]).toEqual([-3, 4]);
  });
});

describe('every score', () => {
  it('has one definition in the table, and no definition is of nothing', () => {
    expect(Object.keys(definitions).sort()).toEqual([...ids].sort());
  });

  const logit = fc.double({ min: -20, max: 20, noNaN: true });
  const cases = fc.tuple(
    fc.array(logit, { minLength: 4, maxLength: 4 }),
    fc.double({ min: 0, max: 100, noNaN: true }),
    fc.double({ min: 0.5, max: 5, noNaN: true }),
  );
  it.each(ids)('%s: the numbers are those of its definition', (id) => {
    fc.assert(
      fc.property(cases, ([f, g, temperature]) => {
        const wanted = definitions[id]?.(f, g, temperature) ?? Number.NaN;
        expect(scores.named(id).compute(inputs([f], [g]), { ...T1, temperature })[0]).toBeCloseTo(wanted, 9);
      }),
    );
  });
});

describe('every score that attackers climb', () => {
  const rows = [
    [1.5, -0.5, 0.25],
    [-2, 3, 2.5],
    [0, 0, 0],
    [7, -7, 1],
  ];

  /** Its graph form, run by the engine. */
  async function emitted({ climbed: { emit } }: ReturnType<typeof climbedScores>[number]): Promise<number[]> {
    const b = new GraphBuilder();
    const logits = b.input('logits', 'float32', ['N', 3]);
    const logPx = logSumExpOnGraph(b, logits);
    b.outputAs(emit({ b, logits, logPx, top: () => largestOf(b, logits) }), 'score', 'float32', ['N']);
    const program = await engine.compile(b.build());
    const feeds = {
      logits: { type: 'float32', dims: [4, 3], data: Float32Array.from(rows.flat()) },
    } as const;
    const score = (await program.run(feeds)).score!;
    await program.release();
    return Array.from(score.data as Float32Array);
  }

  it.each(climbedScores(scores).map((score) => [score.id, score] as const))(
    '%s: graph, numbers and score agree',
    async (_, score) => {
      const { climbed } = score;
      const values = score.compute(inputs(rows), T1);
      const graph = await emitted(score);
      rows.forEach((logits, i) => {
        const wanted = climbed.of ? climbed.of(values[i]!) : values[i]!;
        const at = { logits, logPx: logSumExpOf(logits), top: () => Math.max(...logits) };
        expect(climbed.value(at)).toBeCloseTo(wanted, 10);
        expect(graph[i]).toBeCloseTo(wanted, 5);
      });
    },
  );
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
  const needsLogits = unfitted.filter(({ needs }) => needs.includes('logits'));
  it.each(needsLogits.map(({ id }) => id))('%s refuses NaN and infinite logits', (id) => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(() =>
        scores.named(id).compute({ n: 1, logits: { n: 1, classes: 2, data: [0, bad] } }, T1),
      ).toThrow(/not finite/);
    }
  });
  it.each(ids)('%s says what it lacks', (id) => {
    expect(() => scores.named(id).compute({ n: 1 }, T1)).toThrow(AssayError);
  });
  it.each(ids)('%s of nothing is nothing', (id) => {
    expect(scores.named(id).compute(inputs([]), T1)).toHaveLength(0);
  });
  it('a misspelt score is guessed', () => {
    expect(() => scores.named('max-softmx')).toThrow(
      expect.objectContaining({
        code: 'unknown-name',
        details: expect.objectContaining({ hint: 'did you mean "max-softmax"?' }),
      }),
    );
  });
});

/**
 * Half-integer logits of 80 + 80 examples and six classes, most of which tie. Values by scikit-learn 1.9.1:
 * roc_auc_score, average_precision_score of either class, roc_curve without dropping thresholds.
 */
describe('tied scores, as scikit-learn counts them', () => {
  const rows = (logit: (i: number, k: number) => number) =>
    Array.from({ length: 80 }, (_, i) => Array.from({ length: 6 }, (_, k) => logit(i, k)));
  const id = rows((i, k) => (((i * i * (k + 2) + k * k + i * k) % 9) - 4) / 2);
  const ood = rows((i, k) => Math.floor((((i * i * (k + 5) + 2 * k * k + i * k) % 9) - 4) / 2) / 2);
  it.each([
    ['energy', 0.7734375, 0.86875, 0.677289069652, 1, 0.325],
    ['log-px', 0.7734375, 0.86875, 0.677289069652, 1, 0.325],
    ['max-softmax', 0.640703125, 0.690363159041, 0.735911627275, 0.6625, 0.7875],
    ['entropy', 0.955703125, 0.952419921314, 0.958955899533, 0.225, 0.3375],
    ['margin', 0.42625, 0.597177419355, 0.4584523021, 1, 0.7875],
  ])('%s, whatever the order of the classes', (score, auroc, auprIn, auprOut, idPositive, oodPositive) => {
    for (let first = 0; first < 6; first++) {
      const turned = (f: number[]) => [...f.slice(first), ...f.slice(0, first)];
      const [a, b] = [id, ood.map(turned)].map((fs) => scores.named(score).compute(inputs(fs), T1));
      const metrics = compareScores(a!, b!);
      expect(metrics.auroc).toBeCloseTo(auroc, 11);
      expect(metrics.auprIn).toBeCloseTo(auprIn, 11);
      expect(metrics.auprOut).toBeCloseTo(auprOut, 11);
      expect(metrics.fpr95IdPositive).toBeCloseTo(idPositive, 11);
      expect(metrics.fpr95OodPositive).toBeCloseTo(oodPositive, 11);
    }
  });
});

const row = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 3, maxLength: 3 });
const rows = fc.array(row, { minLength: 1, maxLength: 12 });
const SOFTMAX_SCORES = ['max-softmax', 'entropy', 'margin', 'gen'];
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
  it('the order of the examples does not matter', () => {
    fc.assert(
      fc.property(rows, (fs) => {
        for (const id of [...SOFTMAX_SCORES, ...SHIFTED_SCORES]) {
          const plain = scores.named(id).compute(inputs(fs), T1);
          const examples = scores.named(id).compute(inputs([...fs].reverse()), T1);
          expect([...examples].reverse()).toEqual([...plain]);
        }
      }),
    );
  });
  // Half-integer logits of many classes tie often, and ties are where a last bit changes AUROC and FPR95.
  it.each([...SOFTMAX_SCORES, ...SHIFTED_SCORES])(
    '%s is the same to the last bit for equal logits in any order of the classes',
    (id) => {
      const half = fc.integer({ min: -12, max: 12 }).map((v) => v / 2);
      const logit = fc.oneof(half, fc.double({ min: -30, max: 30, noNaN: true }));
      const keyed = fc.array(fc.tuple(logit, fc.nat()), { minLength: 1, maxLength: 40 });
      fc.assert(
        fc.property(keyed, fc.double({ min: 0.1, max: 10, noNaN: true }), (classes, temperature) => {
          const permuted = [...classes].sort((a, b) => a[1] - b[1]);
          const [plain, moved] = [classes, permuted].map((f) =>
            of(
              id,
              f.map(([v]) => v),
              temperature,
            ),
          );
          expect(moved).toBe(plain);
        }),
        { numRuns: 500 },
      );
    },
  );
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
    for (const score of unfitted) {
      expect(compareScores(score.compute(peaked, T1), score.compute(flat, T1)).auroc, score.id).toBe(1);
    }
  });
});
