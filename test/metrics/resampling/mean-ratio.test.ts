import fc from 'fast-check';
import { expect, it } from 'vitest';
import { meanRatioOfDraws } from '../../../src/metrics/resampling/mean-ratio.js';

it('is the mean over columns of ratios of sums, of any draws', () => {
  const table = fc.integer({ min: 1, max: 4 }).chain((columns) =>
    fc.array(
      fc.record({
        x: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: columns, maxLength: columns }),
        y: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: columns, maxLength: columns }),
        times: fc.integer({ min: 0, max: 3 }),
      }),
      { minLength: 1, maxLength: 20 },
    ),
  );
  fc.assert(
    fc.property(table, (rows) => {
      const columns = rows[0]!.x.length;
      const drawn = rows.flatMap((row) => Array.from({ length: row.times }, () => row));
      const ratios = Array.from({ length: columns }, (_, c) => {
        const below = drawn.reduce((sum, { y }) => sum + y[c]!, 0);
        return below === 0 ? Number.NaN : drawn.reduce((sum, { x }) => sum + x[c]!, 0) / below;
      });
      const found = meanRatioOfDraws(
        Float64Array.from(rows.flatMap(({ x }) => x)),
        Float64Array.from(rows.flatMap(({ y }) => y)),
        columns,
      )(Uint8Array.from(rows, ({ times }) => times));
      const expected = ratios.reduce((a, b) => a + b, 0) / columns;
      if (Number.isNaN(expected)) expect(found).toBeNaN();
      else expect(found).toBeCloseTo(expected, 12);
    }),
  );
});
