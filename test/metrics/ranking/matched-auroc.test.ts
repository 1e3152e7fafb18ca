import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aurocEstimate } from '../../../src/metrics/ranking/auroc-estimate.js';
import { placements } from '../../../src/metrics/ranking/delong.js';
import { matchedAuroc, matchedDifference } from '../../../src/metrics/ranking/matched-auroc.js';

const score = fc.integer({ min: -4, max: 4 });
const pairs = fc
  .array(fc.tuple(score, score, score), { minLength: 2, maxLength: 30 })
  .map((rows) => ({ id: rows.map((r) => r[0]), one: rows.map((r) => r[1]), two: rows.map((r) => r[2]) }));

describe('AUROC of images against changed forms of themselves', () => {
  it('of one setting is that of clustered data, of any scores and ties', () => {
    fc.assert(
      fc.property(pairs, ({ id, one }) => {
        const of = id.map((_, i) => i);
        const { value, interval } = aurocEstimate({ values: id, of }, { values: one, of });
        const found = matchedAuroc([{ id, ood: one }]);
        expect(found.value).toBeCloseTo(value, 12);
        expect(found.interval === null).toBe(interval === null);
        found.interval?.forEach((end, k) => {
          expect(end).toBeCloseTo(interval?.[k] ?? Number.NaN, 9);
        });
      }),
    );
  });

  it('of several settings is their mean; its error is that of the mean of what images add', () => {
    fc.assert(
      fc.property(pairs, ({ id, one, two }) => {
        const settings = [one, two].map((ood) => ({ id, ood }));
        const aurocs = settings.map((setting) => matchedAuroc([setting]).value);
        expect(matchedAuroc(settings).value).toBeCloseTo((aurocs[0]! + aurocs[1]!) / 2, 12);
        expect(matchedAuroc([settings[0]!, settings[0]!])).toEqual(matchedAuroc([settings[0]!]));
      }),
    );
  });

  it('differences of a model to itself are nothing, and swap their sign with the models', () => {
    fc.assert(
      fc.property(pairs, ({ id, one, two }) => {
        const [a, b] = [[placements(id, one)], [placements(id, two)]];
        expect(matchedDifference(a, a)).toEqual({ value: 0, error: 0 });
        const [ab, ba] = [matchedDifference(a, b), matchedDifference(b, a)];
        expect(ab.value).toBeCloseTo(-ba.value, 12);
        expect(ab.error).toBeCloseTo(ba.error, 12);
      }),
    );
  });

  it.each([
    ['no images', [], [], null],
    ['one image', [1], [0], null],
    ['scores that are all alike', [1, 1, 1], [1, 1, 1], null],
  ])('%s: no interval', (_, id, ood, interval) => {
    expect(matchedAuroc([{ id, ood }]).interval).toBe(interval);
  });
});
