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
    recorded: ['clean'],
    ...more,
  });

describe('a system of predictions', () => {
  it.each([
    ['probabilities', /probabilities/],
    ['normalised', /log-probabilities/],
  ])('has no log p(x) when its rows are %s', (key, why) => {
    const odd = system({ [key]: true });
    expect([odd.info.offers, odd.info.energy]).toEqual([['logits'], 'none']);
    expect(odd.info.lacks.logPx).toMatch(why);
    expect(odd.info.identity).not.toBe(system().info.identity);
  });

  it('can be asked for nothing, and says why', async () => {
    expect(system().info.lacks.inputGradient).toMatch(/no model to differentiate/);
    const one = { n: 1, pixels: new Float32Array(3) };
    for (const asked of [
      system().forward(),
      system().gradient(),
      system().evaluate(one, ['logits']),
      system().evaluate(one, ['features']),
      system().evaluate(one, [], 'cross-entropy'),
    ])
      await expect(asked).rejects.toMatchObject({
        code: 'op-unsupported',
        details: { found: expect.stringMatching(/only its predictions/) },
      });
  });
});
