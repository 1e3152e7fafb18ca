import { compile, type TopLevelSpec } from 'vega-lite';
import { describe, expect, test } from 'vitest';
import { compileAlike } from '../../../src/report/plots/compile-alike.js';
import { createPalette } from '../../../src/report/plots/palette.js';
import { draw, type Plotted } from '../../../src/report/plots/plots.js';
import { theme } from '../../../src/report/plots/theme.js';
import { classifiers, plainNames, sampleResults } from '../sample.js';

const palette = createPalette(classifiers(plainNames));
const figures = sampleResults()
  .suites.flatMap((suite) => suite.figures)
  .filter((figure): figure is Plotted => figure.kind !== 'images');

const plainly = (spec: TopLevelSpec) => asRead(compile(spec, { config: theme }).spec);
const asRead = (spec: object) => JSON.parse(JSON.stringify(spec));

/** Compiles as reports do, and counts what is compiled in truth. */
function counting() {
  const config = { ...theme };
  let times = 0;
  const alike = (spec: TopLevelSpec) =>
    asRead(
      compileAlike(spec, config, (one) => {
        times++;
        return compile(one, { config }).spec;
      }),
    );
  return { alike, times: () => times };
}

/** The same with other titles, intervals and numbers. */
function other(value: unknown, key = ''): unknown {
  if (key === 'title' && typeof value === 'string' && value !== '') return `${value}, other`;
  if (key === 'domain' && Array.isArray(value) && value.length === 2 && value[1] > 1)
    return [2 * value[0], 3 * value[1] + 0.5];
  if (Array.isArray(value))
    return (typeof value[0] === 'object' && key === 'values' ? value.slice(1) : value).map((one) =>
      other(one),
    );
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, other(inner, name)]));
}

describe('specifications of one form', () => {
  test.each(figures.map((figure) => [`${figure.kind} ${figure.id}`, figure] as const))(
    '%s: the second is compiled as it would be alone',
    (_, figure) => {
      const { spec } = draw(figure, palette);
      const { alike, times } = counting();
      expect(alike(spec)).toEqual(plainly(spec));
      const second = other(spec) as TopLevelSpec;
      expect(alike(second)).toEqual(plainly(second));
      expect(times()).toBe(1);
    },
  );

  const bars = (domain: number[], more: object = {}) =>
    ({
      data: { values: [{ x: 1, y: 2 }] },
      mark: 'bar',
      encoding: {
        x: { field: 'x', type: 'ordinal' },
        y: { field: 'y', type: 'quantitative', title: 'Y', scale: { domain } },
      },
      ...more,
    }) as TopLevelSpec;

  test('have domains that reach 0 or not, as one', () => {
    const { alike, times } = counting();
    for (const domain of [
      [0, 5],
      [0, 7],
      [-3, 5],
      [-4, 6],
      [1, 5],
      [2, 7],
      [-7, -2],
      [-9, -1],
      [0, 1],
    ])
      expect(alike(bars(domain))).toEqual(plainly(bars(domain)));
    expect(times()).toBe(5);
  });

  test('are compiled by themselves where Vega-Lite makes one title of two', () => {
    const { alike } = counting();
    const layer = ['one', 'two'].map((title) => ({
      mark: 'point' as const,
      encoding: { y: { field: 'y', type: 'quantitative' as const, title } },
    }));
    const spec: TopLevelSpec = { data: { values: [{ y: 1 }] }, layer };
    expect(JSON.stringify(alike(spec))).toContain('one, two');
    expect(alike(spec)).toEqual(plainly(spec));
  });

  test('may have names that look like what is left out', () => {
    const { alike } = counting();
    const color = { field: 'x', type: 'nominal', scale: { domain: ['\u{10FFFD}0', '\u{10FFFD}1', 'b'] } };
    const spec = bars([0, 5]) as unknown as { encoding: object };
    const named = { ...spec, encoding: { ...spec.encoding, color } } as TopLevelSpec;
    for (const one of [named, other(named) as TopLevelSpec]) expect(alike(one)).toEqual(plainly(one));
  });

  test('may have dates on their axes', () => {
    const { alike } = counting();
    const dated = (year: number) =>
      ({
        data: { values: [{ when: '2026-01-01' }] },
        mark: 'tick',
        encoding: { x: { field: 'when', type: 'temporal', axis: { values: [{ year }] } } },
      }) as TopLevelSpec;
    for (const year of [2025, 2026]) expect(alike(dated(year))).toEqual(plainly(dated(year)));
  });

  test('may hold large numbers of their own', () => {
    const { alike } = counting();
    const spec = bars([0, 5], { params: [{ name: 'large', value: 2 ** 52 + 8 }] });
    expect(alike(spec)).toEqual(plainly(spec));
  });
});
