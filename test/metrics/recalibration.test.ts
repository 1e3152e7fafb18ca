import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minimise } from '../../src/metrics/linear-algebra/newton-cg.js';
import { full, multinomial } from '../../src/metrics/recalibration/multinomial.js';
import { odirWeights } from '../../src/metrics/recalibration/odir.js';
import { fitRecalibrator } from '../../src/metrics/recalibration/recalibrator.js';
import { recalibrators } from '../../src/metrics/recalibration/registry.js';
import { type Logits, logSoftmax } from '../../src/metrics/softmax.js';
import { stream } from '../../src/random/stream.js';

interface Some {
  logits: Logits;
  labels: number[];
}

/** 60 examples of three classes by a formula, so that others can fit them too. */
function formula(): Some {
  const [data, labels]: [number[], number[]] = [[], []];
  for (let i = 0; i < 60; i++) {
    const own = [0, 1, 2].map((k) => 2 * Math.sin(1.3 * i + 2.1 * k * k + k));
    const truth = own.map((f, k) => f + 2.5 * Math.sin(0.7 * i * (k + 1) + k));
    data.push(...own);
    labels.push(truth.indexOf(Math.max(...truth)));
  }
  return { logits: { n: 60, classes: 3, data }, labels };
}

function fitted(name: string, { logits, labels }: Some) {
  const fit = fitRecalibrator(recalibrators.named(name), logits, labels);
  if (!fit.fitted) throw new Error(`${name} is refused: ${fit.reason}`);
  return fit;
}

const parameters = (name: string, some: Some) =>
  Object.fromEntries(fitted(name, some).parameters.map((p) => [p.name, p.values]));

function close(found: readonly number[], expected: readonly number[], digits = 5) {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, digits);
}

describe('what others fit to the same examples', () => {
  const some = formula();
  // SciPy 1.17, BFGS to a gradient of 1e-11 on the literal objectives.
  it('temperature', () => close(parameters('temperature', some).T!, [1.33835203], 6));
  it('vector scaling', () => {
    const { scale, bias } = parameters('vector', some);
    close(scale!, [0.79579057, 0.73452519, 0.70428336]);
    // One constant in all of them changes nothing.
    const mean = bias!.reduce((a, b) => a + b, 0) / 3;
    close(
      bias!.map((b) => b - mean),
      [-0.00218679, -0.02315562, 0.0253424],
    );
    expect(fitted('vector', some).nllBefore).toBeCloseTo(0.7824034614987768, 12);
    expect(fitted('vector', some).nllAfter).toBeCloseTo(0.7600748317677756, 12);
  });
  it.each([
    ['of logits', 0.01, 0.7589877857769122],
    ['of logits', 0.1, 0.7591067909409567],
    ['of log-probabilities', 0.01, 0.755851465301624],
    ['of log-probabilities', 0.1, 0.7584215321414671],
  ])('a matrix %s with ODIR, lambda = mu = %d', (of, lambda, objective) => {
    const { logits, labels } = some;
    const inputs = of === 'of logits' ? logits : { ...logits, data: logSoftmax(logits) };
    const f = multinomial(inputs, labels, full(3), odirWeights(3, lambda));
    const { value, converged } = minimise(f, full(3).identity);
    expect(converged).toBe(true);
    expect(value).toBeCloseTo(objective, 11);
  });
  // scikit-learn 1.9 (_SigmoidCalibration on log-odds), its tolerance.
  it('Platt scaling', () => {
    const { slope, intercept } = parameters('platt', some);
    close(slope!, [0.6713863054, 0.660184555, 0.6322464418], 4);
    close(intercept!, [-0.1141371682, -0.1652455272, -0.176507138], 4);
    expect(fitted('platt', some).nllAfter).toBeCloseTo(0.7631564213665787, 6);
    const top = parameters('platt-top', some);
    close(top.slope!, [0.4304734152], 4);
    close(top.intercept!, [0.3348573493], 4);
  });
  // SciPy on the same objective; betacal 1.1 agrees to its tolerance of 1e-3, and drops the negative coefficient of the top label too.
  it('beta calibration', () => {
    const { a, b, c } = parameters('beta', some);
    close(a!, [0.70372492, 1.12847015, 0.53635863]);
    close(b!, [0.85353806, 0.03207854, 1.06547652]);
    close(c!, [-0.2742118, 0.84215942, -0.55012009]);
    const top = parameters('beta-top', some);
    close([...top.a!, ...top.b!, ...top.c!], [0, 0.65239164, -0.12950521]);
  });
  it('isotonic regression, at and between the probabilities that it was fitted on', () => {
    // scikit-learn 1.9, IsotonicRegression(out_of_bounds='clip').predict, of probabilities against class 0.
    const expected = [0.1875, 0.1875, 0.1875, 0.63636364, 0.90909091];
    const [{ logits, labels }, at] = [some, [0.05, 0.2, 0.4, 0.6, 0.9]];
    const p = logSoftmax(logits).map(Math.exp);
    const two = {
      logits: {
        n: 60,
        classes: 2,
        data: Array.from({ length: 60 }, (_, i) => [Math.log(1 - p[3 * i]!), Math.log(p[3 * i]!)]).flat(),
      },
      labels: labels.map((label) => (label === 0 ? 1 : 0)),
    };
    const fit = fitted('isotonic', two);
    const given = at.flatMap((x) => [Math.log(1 - x), Math.log(x)]);
    const out = fit.apply({ n: 5, classes: 2, data: given });
    // Of two classes, both calibrators say the same, and their sum is 1.
    close(
      at.map((_, i) => Math.exp(out[2 * i + 1]!)),
      expected,
      7,
    );
  });
});

it('histogram binning by hand: the share of each bin, within what its examples can speak for', () => {
  // Fifteen bins of two: of each confidence twice, once or both times right.
  const confidences = Array.from({ length: 15 }, (_, b) => 0.52 + 0.03 * b);
  const data = confidences.flatMap((p) => [Math.log(p), Math.log(1 - p), Math.log(p), Math.log(1 - p)]);
  const labels = confidences.flatMap((_, b) => (b % 2 === 0 ? [0, 1] : [0, 0]));
  const fit = fitted('histogram-top', { logits: { n: 30, classes: 2, data }, labels });
  const out = fit.apply({ n: 30, classes: 2, data });
  for (let b = 0; b < 15; b++) expect(Math.exp(out[4 * b]!)).toBeCloseTo(b % 2 === 0 ? 1 / 2 : 3 / 4, 12);
});

/** Logits from a grid, so that ties are common, and any labels. */
const some = fc.integer({ min: 2, max: 4 }).chain((classes) =>
  fc
    .array(
      fc.record({
        row: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: classes, maxLength: classes }),
        label: fc.integer({ min: 0, max: classes - 1 }),
      }),
      { minLength: 1, maxLength: 30 },
    )
    .map(
      (examples): Some => ({
        logits: { n: examples.length, classes, data: examples.flatMap(({ row }) => row) },
        labels: examples.map(({ label }) => label),
      }),
    ),
);

const literalNll = (logP: Float64Array, { logits: { classes }, labels }: Some) =>
  labels.reduce((sum, label, i) => sum - logP[i * classes + label]!, 0) / labels.length;

/** Fits that end in a reason say so, and leave nothing to check. */
const everyFit =
  (check: (fit: ReturnType<typeof fitted>, some: Some) => void, numRuns = 40) =>
  (name: string) =>
    fc.assert(
      fc.property(some, (given) => {
        const fit = fitRecalibrator(recalibrators.named(name), given.logits, given.labels);
        if (fit.fitted) check(fit, given);
        else expect(fit.reason.length).toBeGreaterThan(10);
      }),
      { numRuns },
    );

describe('every recalibrator', () => {
  it.each([...recalibrators.names])(
    '%s gives log-probabilities, and does not raise the NLL that it was fitted on',
    everyFit((fit, given) => {
      const { n, classes } = given.logits;
      const logP = fit.apply(given.logits);
      expect(logP.every(Number.isFinite)).toBe(true);
      for (let i = 0; i < n; i++) {
        const row = logP.subarray(i * classes, (i + 1) * classes);
        expect(row.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 9);
      }
      expect(literalNll(logP, given)).toBeCloseTo(fit.nllAfter, 9);
      expect(fit.nllAfter).toBeLessThanOrEqual(fit.nllBefore + 1e-8);
    }),
  );
  it.each([...recalibrators.names])('%s does not depend on the order of the examples', (name) => {
    const { logits, labels } = formula();
    const rows = (order: number[]): Some => ({
      logits: {
        ...logits,
        data: order.flatMap((i) => Array.from({ length: 3 }, (_, k) => logits.data[3 * i + k]!)),
      },
      labels: order.map((i) => labels[i]!),
    });
    const order = labels.map((_, i) => i);
    const of = (o: number[]) => Array.from(fitted(name, rows(o)).apply(logits));
    close(of(order), of([...order].reverse()), 7);
  });
  it.each([...recalibrators.names])('%s says why it is not fitted', (name) => {
    const row = recalibrators.named(name);
    expect(fitRecalibrator(row, { n: 0, classes: 3, data: [] }, [])).toMatchObject({
      fitted: false,
      reason: 'there is no example to fit on',
    });
    expect(fitRecalibrator(row, { n: 2, classes: 1, data: [1, 2] }, [0, 0]).fitted).toBe(false);
    expect(() => fitRecalibrator(row, { n: 1, classes: 2, data: [Number.NaN, 0] }, [0])).toThrow(
      'not finite',
    );
    expect(() => fitRecalibrator(row, { n: 1, classes: 2, data: [1, 0] }, [2])).toThrow('not a class');
  });
  it.each([...recalibrators.names])('%s stands logits that leave nothing to doubt', (name) => {
    const data = Array.from({ length: 40 }, (_, i) => [i % 2 ? 1e4 : -1e4, 0, 1]).flat();
    const labels = Array.from({ length: 40 }, (_, i) => (i % 5 === 0 ? 1 : i % 2 ? 0 : 2));
    const logits = { n: 40, classes: 3, data };
    const fit = fitRecalibrator(recalibrators.named(name), logits, labels);
    if (fit.fitted) expect(fit.apply(logits).every(Number.isFinite)).toBe(true);
    else expect(fit.reason.length).toBeGreaterThan(10);
  });
  it.each(['temperature', 'dirichlet', 'platt', 'beta', 'isotonic', 'platt-top', 'histogram-top'])(
    '%s does not notice a constant in all logits of an example',
    (name) => {
      const given = formula();
      const moved = {
        ...given.logits,
        data: Array.from(given.logits.data, (f, at) => f + 3 * Math.sin(Math.floor(at / 3))),
      };
      const [a, b] = [given.logits, moved].map((logits) => fitted(name, { ...given, logits }).apply(logits));
      close(Array.from(a!), Array.from(b!), 6);
    },
  );
});

/** The derivative of a function of some numbers, by differences. */
function derivative(f: (x: number[]) => number, x: readonly number[], i: number): number {
  const at = (h: number) => f(x.map((value, j) => (j === i ? value + h : value)));
  return (at(1e-5) - at(-1e-5)) / 2e-5;
}

describe('optimality', () => {
  it('vector scaling: no parameter can be moved to lower the NLL', () => {
    everyFit((fit, given) => {
      const { classes, data } = given.logits;
      const x = fit.parameters.flatMap(({ values }) => values);
      const nll = (at: number[]) =>
        literalNll(
          logSoftmax({
            ...given.logits,
            data: Array.from(data, (f, i) => f * at[i % classes]! + at[classes + (i % classes)]!),
          }),
          given,
        );
      for (let i = 0; i < x.length; i++) expect(Math.abs(derivative(nll, x, i))).toBeLessThan(1e-6);
    }, 60)('vector');
  });
  it('Platt scaling: nor can it with smoothed targets', () => {
    const given = formula();
    const { slope, intercept } = parameters('platt', given);
    const p = logSoftmax(given.logits).map(Math.exp);
    for (let k = 0; k < 3; k++) {
      const yes = given.labels.filter((label) => label === k).length;
      const loss = ([a, b]: number[]) =>
        given.labels.reduce((sum, label, i) => {
          const own = p[3 * i + k]!;
          const q = 1 / (1 + Math.exp(-(a! * Math.log(own / (1 - own)) + b!)));
          const target = label === k ? (yes + 1) / (yes + 2) : 1 / (60 - yes + 2);
          return sum - (target * Math.log(q) + (1 - target) * Math.log(1 - q)) / 60;
        }, 0);
      for (const i of [0, 1])
        expect(Math.abs(derivative(loss, [slope![k]!, intercept![k]!], i))).toBeLessThan(1e-7);
    }
  });
});

describe('separable data', () => {
  /** Every answer right. */
  const right = (n: number): Some => ({
    logits: {
      n,
      classes: 3,
      data: Array.from({ length: n }, (_, i) =>
        [0, 1, 2].map((k) => (i % 3 === k ? 2 + (i % 7) / 7 : (k * i) % 2)),
      ).flat(),
    },
    labels: Array.from({ length: n }, (_, i) => i % 3),
  });
  it('has no best slopes: temperature and vector scaling are refused', () => {
    for (const name of ['temperature', 'vector']) {
      const { logits, labels } = right(60);
      const fit = fitRecalibrator(recalibrators.named(name), logits, labels);
      expect(fit).toMatchObject({ fitted: false });
      expect(!fit.fitted && fit.reason).toMatch(/every answer is right/);
    }
  });
  it('Platt and beta count examples as a little less than sure, and beta says so', () => {
    expect(fitted('platt', right(60)).parameters[0]!.values.every((slope) => slope > 1 && slope < 100)).toBe(
      true,
    );
    const beta = fitted('beta', right(60));
    expect(beta.notes?.[0]).toBe('classes 0, 1, 2 separated: fitted with the targets of Platt');
    expect(beta.parameters.flatMap(({ values }) => values).every((v) => Math.abs(v) < 100)).toBe(true);
  });
  it('a class without examples has no best bias', () => {
    const { logits, labels } = formula();
    const fit = fitRecalibrator(
      recalibrators.named('vector'),
      logits,
      labels.map((label) => label % 2),
    );
    expect(!fit.fitted && fit.reason).toContain('class 2 has no example');
  });
  it('a matrix of very many classes is refused before it is fitted', () => {
    const [n, classes] = [30, 1000];
    const logits = { n, classes, data: new Float32Array(n * classes) };
    const fit = fitRecalibrator(recalibrators.named('dirichlet'), logits, new Int32Array(n));
    expect(!fit.fitted && fit.reason).toContain('30 examples of 1000 classes are too many for a matrix');
  });
});

it('vector scaling undoes a distortion that it can undo', () => {
  const [n, classes, scale, bias] = [4000, 3, [0.5, 1, 2], [0, 1, -1]];
  const [data, labels]: [number[], number[]] = [[], []];
  for (let i = 0; i < n; i++) {
    const draws = stream({ seed: 0, purpose: 'test/vector', example: i });
    const f = Array.from({ length: classes }, () => 2 * draws.normal());
    const p = logSoftmax({ n: 1, classes, data: f.map((z, k) => scale[k]! * z + bias[k]!) }).map(Math.exp);
    let rest = draws.uniform();
    data.push(...f);
    labels.push(
      Math.max(
        0,
        p.findIndex((share) => (rest -= share) < 0),
      ),
    );
  }
  const found = parameters('vector', { logits: { n, classes, data }, labels });
  for (const k of [0, 1, 2]) expect(Math.abs(found.scale![k]! - scale[k]!)).toBeLessThan(0.2);
});
