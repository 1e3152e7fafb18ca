import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { skce } from '../../../src/metrics/calibration/skce.js';
import { debiasedPlugIn, scalesOf, tCal, tCalSimulations } from '../../../src/metrics/calibration/t-cal.js';
import { stream } from '../../../src/random/stream.js';
import { hasReference, reference, spread } from './known-calibration.js';

describe('debiased plug-in', () => {
  it.each([
    ['over-confident', (f: number) => f * f, [0.0272218, 0.0308286, 0.0274137]],
    ['calibrated', (f: number) => f, [-0.0003383, -0.0011718, -0.0049673]],
  ])('known answers: %s', (_, chance, expected) => {
    const { p, y } = spread(chance);
    expect(debiasedPlugIn(p, y, 2)).toBeCloseTo(expected[0]!, 7);
    expect(debiasedPlugIn(p, y, 8)).toBeCloseTo(expected[1]!, 7);
    expect(debiasedPlugIn(p, y, 32)).toBeCloseTo(expected[2]!, 7);
  });
  it.skipIf(!hasReference)('is that of the authors on a trained network', () => {
    const { p, y, values } = reference('unscaled');
    for (const bins of [10, 15, 20])
      expect(debiasedPlugIn(p, y, bins)).toBeCloseTo(
        values[`tcal_debiased_plugin_p2_${bins}_equal_width`],
        9,
      );
  });
  it('is the sum over pairs of a bin', () => {
    const rows = fc.array(fc.tuple(fc.nat({ max: 16 }), fc.nat({ max: 1 })), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 9 }), (some, bins) => {
        const [p, y] = [some.map(([k]) => k / 16), some.map(([, o]) => o)];
        const bin = p.map((v) => Math.min(bins - 1, Math.floor(v * bins)));
        let expected = 0;
        for (let i = 0; i < p.length; i++)
          for (let j = 0; j < p.length; j++)
            if (i !== j && bin[i] === bin[j])
              expected +=
                ((y[i]! - p[i]!) * (y[j]! - p[j]!)) / bin.filter((b) => b === bin[i]).length / p.length;
        expect(debiasedPlugIn(p, y, bins)).toBeCloseTo(expected, 12);
      }),
    );
  });
});

/** Confidences and outcomes that are right with chance p^sharpness. */
function predictions(n: number, seed: number, sharpness = 1) {
  const draws = stream({ seed, purpose: 'test/t-cal', example: 0 });
  const p = Float64Array.from({ length: n }, () => 0.3 + 0.7 * draws.uniform());
  return { p, y: Uint8Array.from(p, (v) => Number(draws.uniform() < v ** sharpness)) };
}

describe('T-Cal', () => {
  it('simulates fewer sets of more examples, and never fewer than 100', () => {
    expect([0, 2, 1e4, 1e5, 1e6, 1e8].map(tCalSimulations)).toEqual([3000, 3000, 3000, 300, 100, 100]);
  });
  it('tries as many scales as the paper', () => {
    expect([0, 1, 2, 10, 1000].map(scalesOf)).toEqual([0, 0, 2, 5, 17]);
  });
  it('looks at the scale with the smallest p, whose estimate is the plug-in', () => {
    const { p, y } = predictions(300, 1, 3);
    const found = tCal(p, y, { seed: 0, simulations: 200 });
    expect(found.error).toBeCloseTo(debiasedPlugIn(p, y, found.bins), 12);
    expect(found.p).toBeLessThanOrEqual(found.scales / 201);
  });
  it('shows a large error for what it is, also with fewer simulations than scales ask for', () => {
    const { p, y } = predictions(20_000, 1, 3);
    const found = tCal(p, y, { seed: 0, simulations: 19 });
    expect(found.scales / 20).toBeGreaterThan(1);
    expect(found.p).toBeLessThan(0.01);
    // Cantelli's bound does not reject what simulations do not.
    const calm = predictions(20_000, 1);
    expect(tCal(calm.p, calm.y, { seed: 0, simulations: 19 }).p).toBe(1);
  });
  it('can reach a level of 1 % with as many examples as usual test sets hold', () => {
    for (const n of [100, 1000, 10_000]) expect(scalesOf(n) / (tCalSimulations(n) + 1)).toBeLessThan(0.01);
  });
  it('rejects calibrated models at most as often as it says, and others nearly always', () => {
    const rejected = (sharpness: number) =>
      Array.from({ length: 60 }, (_, seed) => {
        const { p, y } = predictions(200, seed, sharpness);
        return tCal(p, y, { seed, simulations: 199 }).p <= 0.1;
      }).filter(Boolean).length;
    // Under a level of 10 %, 13 or more of 60 have a chance below 1 %.
    expect(rejected(1)).toBeLessThan(13);
    expect(rejected(3)).toBeGreaterThan(55);
  });
  it('does not depend on the order of examples', () => {
    const { p, y } = predictions(80, 3, 2);
    expect(tCal([...p].reverse(), [...y].reverse(), { seed: 5, simulations: 99 })).toEqual(
      tCal(p, y, { seed: 5, simulations: 99 }),
    );
  });
  it.each([
    ['none', [], [], 1],
    ['one', [0.4], [1], 1],
    ['certain and right', [1, 1, 1], [1, 1, 1], 1],
    ['certain and wrong', [1, 1, 1, 1], [0, 0, 0, 0], scalesOf(4) / 100],
  ])('%s', (_, p, y, expected) => {
    expect(tCal(p, y, { seed: 0, simulations: 99 }).p).toBeCloseTo(expected, 12);
  });
});

/** Rows of three probabilities and labels drawn from p^sharpness. */
function classed(n: number, seed: number, sharpness = 1) {
  const draws = stream({ seed, purpose: 'test/skce', example: 0 });
  const data: number[] = [];
  const labels: number[] = [];
  for (let i = 0; i < n; i++) {
    const raw = [0, 1, 2].map(() => Math.exp(2 * draws.normal()));
    const total = raw.reduce((a, b) => a + b, 0);
    const sharp = raw.map((v) => v ** sharpness);
    let rest = draws.uniform() * sharp.reduce((a, b) => a + b, 0);
    const label = sharp.findIndex((v) => (rest -= v) < 0);
    data.push(...raw.map((v) => v / total));
    labels.push(label < 0 ? 2 : label);
  }
  return { p: { n, classes: 3, data }, labels };
}

describe('SKCE', () => {
  it.skipIf(!hasReference)('is that of the reference', () => {
    const { classed: p, labels, values } = reference('unscaled');
    const found = skce(p, labels, { seed: 0, simulations: 50 });
    expect(found.bandwidth).toBeCloseTo(values.skce_bandwidth_median_tv, 9);
    expect(found.estimate.value).toBeCloseTo(values.skce_unbiased_quadratic, 9);
    expect(found.blocks).toBe(1);
  });
  it('is the mean over pairs, written out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 15 }), fc.nat({ max: 999 }), (n, seed) => {
        const { p, labels } = classed(n, seed, 0.5);
        const row = (i: number) => p.data.slice(3 * i, 3 * i + 3);
        let sum = 0;
        for (let i = 0; i < n; i++)
          for (let j = 0; j < i; j++) {
            const tv = row(i).reduce((s, v, k) => s + Math.abs(v - row(j)[k]!), 0) / 2;
            const residual = (e: number) => row(e).map((v, k) => Number(labels[e] === k) - v);
            sum += Math.exp(-tv / 0.4) * residual(i).reduce((s, v, k) => s + v * residual(j)[k]!, 0);
          }
        const found = skce(p, labels, { seed, simulations: 9, bandwidth: 0.4 });
        expect(found.estimate.value).toBeCloseTo((2 * sum) / (n * (n - 1)), 12);
      }),
    );
  });
  it('its blocks are a mean of estimates, dealt by index and not by order', () => {
    const { p, labels } = classed(30, 2, 0.5);
    const indices = labels.map((_, i) => i + 100);
    const order = labels.map((_, i) => i).reverse();
    const turned = { ...p, data: order.flatMap((i) => p.data.slice(3 * i, 3 * i + 3)) };
    const options = { seed: 4, simulations: 49, block: 12, bandwidth: 0.5 };
    const plain = skce(p, labels, { ...options, indices });
    const reversed = skce(
      turned,
      order.map((i) => labels[i]!),
      { ...options, indices: order.map((i) => indices[i]!) },
    );
    expect(plain.blocks).toBe(3);
    expect(reversed.estimate.value).toBeCloseTo(plain.estimate.value, 12);
    expect(reversed.p).toBe(plain.p);
  });
  it('rejects calibrated models at most as often as it says, and others nearly always', () => {
    const rejected = (sharpness: number) =>
      Array.from({ length: 60 }, (_, seed) => {
        const { p, labels } = classed(120, seed, sharpness);
        return skce(p, labels, { seed, simulations: 99 }).p <= 0.1;
      }).filter(Boolean).length;
    expect(rejected(1)).toBeLessThan(13);
    expect(rejected(0.2)).toBeGreaterThan(55);
  });
  it.each([
    ['one example', [0.5, 0.5], [0]],
    ['no example', [], []],
  ])('%s: nothing to test', (_, data, labels) => {
    const found = skce({ n: labels.length, classes: 2, data }, labels, { seed: 0 });
    expect(found).toMatchObject({ estimate: { value: Number.NaN }, p: 1 });
  });
  it('constant and certain predictions', () => {
    const data = new Array(10).fill([1, 0]).flat();
    const p = { n: 10, classes: 2, data };
    expect(skce(p, new Array(10).fill(0), { seed: 0 })).toMatchObject({ estimate: { value: 0 }, p: 1 });
    expect(skce(p, new Array(10).fill(1), { seed: 0, simulations: 99 }).p).toBeCloseTo(0.01, 12);
  });
});
