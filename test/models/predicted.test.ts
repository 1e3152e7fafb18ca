import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PredictedSystem } from '../../src/models/predicted.js';

const system = (more: object = {}) =>
  new PredictedSystem({
    name: 'saved',
    position: 0,
    models: 1,
    classes: ['a', 'b', 'c'],
    probabilities: false,
    normalised: false,
    ...more,
  });

const float = fc.float({ min: -80, max: 80, noNaN: true });

describe('a system of predictions', () => {
  it('gives the rows of its own model, and their logsumexp', async () => {
    const row = fc.array(float, { minLength: 3, maxLength: 3 });
    const rows = fc.array(fc.tuple(row, row), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 0, max: 1 }), async (examples, position) => {
        const pixels = Float32Array.from(examples.flat(2));
        const { logits, logPx, passes } = await system({ models: 2, position }).forward({
          n: examples.length,
          pixels,
        });
        expect(Array.from(logits ?? [])).toEqual(
          examples.flatMap((example) => example[position]).map(Math.fround),
        );
        examples.forEach((example, i) => {
          const sum = example[position].reduce((total, f) => total + Math.exp(f), 0);
          expect(logPx?.[i]).toBeCloseTo(Math.log(sum), 4);
        });
        expect(passes).toEqual({ forward: 0, gradient: 0 });
      }),
    );
  });

  it('moves with what is added to all logits, and neither overflows nor rounds away', async () => {
    const pixels = Float32Array.of(1000, 1000, 1000, -1000, -1000, -2000);
    const { logPx } = await system().forward({ n: 2, pixels });
    expect(logPx?.[0]).toBeCloseTo(1000 + Math.log(3), 3);
    expect(logPx?.[1]).toBeCloseTo(-1000 + Math.log(2), 3);
  });

  it.each([
    ['probabilities', /probabilities/],
    ['normalised', /log-probabilities/],
  ])('has no log p(x) when its rows are %s', async (key, why) => {
    const odd = system({ [key]: true });
    expect([odd.info.offers, odd.info.energy]).toEqual([['logits'], 'none']);
    expect(odd.info.lacks.logPx).toMatch(why);
    expect(odd.info.identity).not.toBe(system().info.identity);
    const outputs = await odd.forward({ n: 1, pixels: new Float32Array(3) });
    expect(outputs.logPx).toBeUndefined();
  });

  it('has no gradients, and takes no images', async () => {
    expect(system().info.lacks.inputGradient).toMatch(/no model to differentiate/);
    const one = { n: 1, pixels: new Float32Array(3) };
    await expect(system().gradient(one, 'cross-entropy')).rejects.toMatchObject({ code: 'op-unsupported' });
    await expect(system().evaluate(one, ['features'])).rejects.toMatchObject({ code: 'op-unsupported' });
    await expect(system().forward({ n: 2, pixels: new Float32Array(5) })).rejects.toMatchObject({
      code: 'shape-mismatch',
    });
  });
});
