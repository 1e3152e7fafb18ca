import { describe, expect, it } from 'vitest';
import { fitTemperature, TEMPERATURE_BOUNDS } from '../../../src/metrics/calibration/temperature.js';
import { classify } from '../../../src/metrics/classification.js';
import { stream } from '../../../src/random/stream.js';

/** Logits `scale * g` whose labels are drawn from softmax(g): the right temperature is `scale`. */
function sampled(n: number, classes: number, scale: number, seed: number) {
  const draws = stream({ seed, purpose: 'test', example: 0 });
  const data = new Float64Array(n * classes);
  const labels = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const g = Array.from({ length: classes }, () => 2 * draws.normal());
    const total = g.reduce((sum, v) => sum + Math.exp(v), 0);
    let left = draws.uniform() * total;
    labels[i] = classes - 1;
    for (let k = 0; k < classes; k++) {
      left -= Math.exp(g[k]!);
      if (left < 0) {
        labels[i] = k;
        break;
      }
    }
    for (let k = 0; k < classes; k++) data[i * classes + k] = scale * g[k]!;
  }
  return { logits: { n, classes, data }, labels };
}

const meanNll = (problem: ReturnType<typeof sampled>, temperature: number) =>
  classify(problem.logits, problem.labels, temperature).nll.reduce((a, b) => a + b, 0) / problem.logits.n;

describe('fitTemperature', () => {
  it.each([0.1, 0.5, 1, 2.5, 20])('recovers the temperature %f, and covers it', (scale) => {
    const fit = fitTemperature(...(Object.values(sampled(4000, 5, scale, 3)) as [never, never]));
    if (!fit.fitted) throw new Error(fit.reason);
    expect(fit.temperature / scale).toBeGreaterThan(0.93);
    expect(fit.temperature / scale).toBeLessThan(1.07);
    const [lo, hi] = fit.interval as [number, number];
    expect(lo).toBeLessThan(fit.temperature);
    expect(hi).toBeGreaterThan(fit.temperature);
    expect(hi / lo).toBeLessThan(1.2);
    expect(fit.evaluations).toBeLessThan(30);
    expect(fit.tolerance).toBeLessThanOrEqual(1e-10);
  });

  it('covers the true temperature about 95 times in 100', () => {
    let covered = 0;
    for (let seed = 0; seed < 100; seed++) {
      const { logits, labels } = sampled(300, 3, 2, seed);
      const fit = fitTemperature(logits, labels);
      if (fit.fitted && fit.interval && fit.interval[0] <= 2 && fit.interval[1] >= 2) covered++;
    }
    expect(covered).toBeGreaterThan(86);
  });

  it('finds the minimum that a grid finds, and reports its NLL', () => {
    const problem = sampled(300, 4, 3, 9);
    const fit = fitTemperature(problem.logits, problem.labels);
    if (!fit.fitted) throw new Error(fit.reason);
    expect(fit.nllAfter).toBeCloseTo(meanNll(problem, fit.temperature), 12);
    expect(fit.nllBefore).toBeCloseTo(meanNll(problem, 1), 12);
    expect(fit.nllAfter).toBeLessThanOrEqual(fit.nllBefore);
    for (let u = -4; u <= 4; u += 0.01) {
      expect(meanNll(problem, fit.temperature * Math.exp(u))).toBeGreaterThanOrEqual(fit.nllAfter - 1e-12);
    }
  });

  it('does not notice c(x) added to all logits', () => {
    const { logits, labels } = sampled(200, 3, 2, 1);
    const moved = { ...logits, data: logits.data.map((f, at) => f + 100 * Math.sin(Math.floor(at / 3))) };
    const [a, b] = [fitTemperature(logits, labels), fitTemperature(moved, labels)];
    if (!a.fitted || !b.fitted) throw new Error('both fit');
    expect(b.temperature).toBeCloseTo(a.temperature, 8);
  });
});

describe('refused', () => {
  const two = (data: number[]) => ({ n: data.length / 2, classes: 2, data });
  it.each([
    ['every answer right', two([3, 0, 0, 2]), [0, 1], `T = ${TEMPERATURE_BOUNDS[0]}`],
    ['every answer wrong', two([3, 0, 0, 2]), [1, 0], `T = ${TEMPERATURE_BOUNDS[1]}`],
    ['logits that say nothing', two([1, 1, 2, 2]), [0, 1], 'chance'],
    ['no examples', two([]), [], 'no example'],
  ])('%s', (_, logits, labels, reason) => {
    const fit = fitTemperature(logits, labels);
    expect(fit.fitted).toBe(false);
    if (!fit.fitted) expect(fit.reason).toContain(reason);
  });
  it('NaN logits', () => {
    expect(() => fitTemperature(two([Number.NaN, 0]), [0])).toThrow(/not finite/);
  });
});
