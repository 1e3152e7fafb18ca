import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createPalette, PALETTE_SIZE } from '../../../src/report/plots/palette.js';
import { draw, type Plotted } from '../../../src/report/plots/plots.js';
import { classifiers, plainNames, sampleResults } from '../sample.js';
import { apart, contrast, VISIONS } from './colour-vision.js';

const css = readFileSync(new URL('../../../reports/style/base.css', import.meta.url), 'utf8');
/** A variable of the page: its colours in light and in dark. */
function variable(name: string): Record<'light' | 'dark', string> {
  const [, light, dark] = css.match(new RegExp(`--${name}: light-dark\\((#\\w+), (#\\w+)\\)`)) ?? [];
  return { light: light!, dark: dark! };
}

const schemes = ['light', 'dark'] as const;
const colours = Array.from({ length: PALETTE_SIZE }, (_, i) => variable(`c${i}`));

describe.each(schemes)('colours of series, %s', (scheme) => {
  test.each(Object.entries(VISIONS))('no two are alike to %s', (_, vision) => {
    for (const [i, one] of colours.entries())
      for (const other of colours.slice(i + 1))
        expect(
          apart(one[scheme], other[scheme], vision),
          `${one[scheme]} and ${other[scheme]}`,
        ).toBeGreaterThan(0.12);
  });

  test('stand out from the page', () => {
    for (const colour of colours)
      expect(contrast(colour[scheme], variable('page')[scheme])).toBeGreaterThanOrEqual(3);
  });
});

test('two greens that people with normal vision tell apart are alike to others', () => {
  expect(apart('#00875f', '#767a80', VISIONS['normal vision']!)).toBeGreaterThan(0.12);
  expect(apart('#00875f', '#767a80', VISIONS.deuteranopia!)).toBeLessThan(0.12);
});

describe('series of one figure', () => {
  const figures = sampleResults(plainNames)
    .suites.flatMap((suite) => suite.figures)
    .filter((figure): figure is Plotted => figure.kind !== 'images');

  test('look different, by colour, dash or marker', () => {
    for (const figure of figures) {
      const { legend } = draw(figure, createPalette(classifiers(plainNames)));
      const looks = legend.map(({ colour, dash, symbol }) => `${colour} ${dash} ${symbol}`);
      expect(new Set(looks).size, figure.title).toBe(looks.length);
    }
  });

  test('lines differ in grey too', () => {
    for (const points of [false, true]) {
      const series = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ name, points: [{ x: 0, y: 1 }] }));
      const lines: Plotted = { kind: 'lines', id: 'l', title: 'L', xLabel: 'x', yLabel: 'y', points, series };
      const { legend } = draw(lines, createPalette([]));
      expect(new Set(legend.map(({ dash, symbol }) => dash + symbol)).size).toBe(6);
    }
  });

  test('six data sets of a run with four systems have six colours, whichever figures they were in before', () => {
    const sets = ['test', 'near', 'interpolated', 'textures', 'inverted', 'noise'];
    const palette = createPalette(['plain', 'adversarial', 'jem', 'jem-purified'], sets);
    palette.colours(['plain', ...sets.slice(0, 2)]);
    palette.colours(['noise', 'something else']);
    const colours = palette.colours(sets);
    expect(new Set(colours).size).toBe(6);
    expect(palette.colours(sets.toReversed())).toEqual(colours.toReversed());
  });
});

test('many histograms have a row each, few share axes', () => {
  const histogram = (n: number): Plotted => ({
    kind: 'histogram',
    id: 'h',
    title: 'H',
    xLabel: 'x',
    edges: [0, 1, 2],
    series: Array.from({ length: n }, (_, i) => ({ name: `set ${i}`, counts: [0.25, 0.75] })),
  });
  const rows = (n: number) => JSON.stringify(draw(histogram(n), createPalette([])).spec).includes('"base"');
  expect([rows(2), rows(3), rows(4), rows(6)]).toEqual([false, false, true, true]);
});
