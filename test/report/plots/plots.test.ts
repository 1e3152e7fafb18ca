import { describe, expect, test } from 'vitest';
import { createPalette } from '../../../src/report/plots/palette.js';
import { draw, type Plotted } from '../../../src/report/plots/plots.js';
import { renderPlot, renderSvg } from '../../../src/report/plots/render-svg.js';
import { packedTips } from '../../../src/report/plots/tips.js';
import { hostileNames } from '../run-folder.js';
import { classifiers, plainNames, sampleResults } from '../sample.js';

function plotted(names = plainNames): Plotted[] {
  const figures = sampleResults(names).suites.flatMap((suite) => suite.figures);
  return figures.filter((figure): figure is Plotted => figure.kind !== 'images');
}

describe('palette', () => {
  const palette = createPalette(['jem', 'jem-purified', 'baseline']);

  test('a system has one colour everywhere, in any order', () => {
    expect(palette.colours(['baseline', 'jem'])).toEqual(['var(--c2)', 'var(--c0)']);
  });

  test('a series named after a system has its colour; the longest name wins', () => {
    expect(palette.colours(['jem-purified, transfer'])).toEqual(['var(--c1)']);
    expect(palette.colours(['jem (clean)', 'jem'])[1]).toBe('var(--c0)');
    expect(palette.colours(['jem (clean)', 'jem'])[0]).not.toBe('var(--c0)');
    expect(palette.colours(['jem: a', 'jem: b'], { sharing: true })).toEqual(['var(--c0)', 'var(--c0)']);
    expect(palette.colours(['jemima'])).not.toEqual(['var(--c0)']);
  });

  test('names that are no systems keep their colour from figure to figure', () => {
    const [letters] = palette.colours(['letters', 'noise']);
    expect(palette.colours(['textures', 'letters'])[1]).toBe(letters);
  });

  test('eight series of one figure have eight colours', () => {
    const names = Array.from({ length: 8 }, (_, i) => `set ${i}`);
    expect(new Set(createPalette(['jem']).colours(names)).size).toBe(8);
  });
});

describe('plots', () => {
  test.each(plotted().map((figure) => [`${figure.kind} ${figure.id}`, figure] as const))(
    '%s is drawn without NaN, with its title and numbers',
    async (_, figure) => {
      const { spec, data } = draw(figure, createPalette(classifiers(plainNames)));
      const { svg, tips } = await renderPlot(spec, 'f1', figure.title);
      expect(svg).toContain(`role="img" aria-label="${figure.title}"`);
      expect(svg).toMatch(/viewBox="0 0 [\d.]+ [\d.]+"/);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      expect(svg).not.toMatch(/(?:fill|stroke)="(?:#|black|white)/);
      expect(svg).not.toMatch(/ id="(?!f1-)|url\(#(?!f1-)/);
      expect(svg).not.toMatch(/role="graphics|aria-roledescription/);
      for (const line of tips.split('\n')) expect(line).toMatch(/^-?\d+ -?\d+ \S/);
      expect(data.rows.length).toBeGreaterThan(0);
      expect(data.rows.every((row) => row.length === data.columns.length)).toBe(true);
    },
  );

  test('curves of one system say which they are; those that are dashed alone are, whatever their order', () => {
    const points = [{ x: 0, y: 0.5 }];
    const series = ['jem', 'plain'].flatMap((name) => [
      { name, variant: 'as published', dashed: true, points },
      { name, variant: 'as it should be', points },
    ]);
    const figure: Plotted = { kind: 'lines', id: 'l', title: 't', xLabel: 'x', yLabel: 'y', series };
    const { legend, data } = draw(figure, createPalette(['jem', 'plain']));
    expect(legend.map(({ name, colour, dash }) => [name, colour, dash])).toEqual([
      ['jem, as published', 'var(--c0)', '7 4'],
      ['jem, as it should be', 'var(--c0)', ''],
      ['plain, as published', 'var(--c1)', '7 4'],
      ['plain, as it should be', 'var(--c1)', ''],
    ]);
    expect(data.rows[0]![0]).toBe('jem, as published');
    // Two solid ones of a system: the second has dashes that none of its others has.
    const more = [...series.slice(0, 2), { name: 'jem', variant: 'another', points }];
    const dashes = draw({ ...figure, series: more }, createPalette(['jem'])).legend.map(({ dash }) => dash);
    expect(dashes.slice(0, 2)).toEqual(['7 4', '']);
    expect(new Set(dashes).size).toBe(3);
  });

  test('a band between curves has their colour, and leaves intervals to whiskers, or to a fainter shade', async () => {
    const figure = plotted().find(({ id }) => id === 'sides');
    if (figure?.kind !== 'lines') throw new Error('no figure with a band');
    const { legend, data } = draw(figure, createPalette(classifiers(plainNames)));
    expect(legend.filter(({ area }) => area).map(({ name }) => name)).toEqual(['neither proved nor broken']);
    expect(data.rows.filter(([name]) => name === 'robust-pgd, neither proved nor broken')[2]).toEqual([
      'robust-pgd, neither proved nor broken',
      '4/255',
      '68.0% to 87.0%',
      '',
    ]);
    const drawn = async (change: object) => {
      const { spec } = draw({ ...figure, ...change }, createPalette(classifiers(plainNames)));
      const svg = await renderSvg(spec, 'f', 'F');
      const areas = [
        ...svg.matchAll(/fill="var\(--c(\d)\)">(?:<g[^>]*>)?<path d="[^"]*Z" opacity="([\d.]+)"/g),
      ];
      return {
        areas: areas.map(([, colour, opacity]) => `${colour} ${opacity}`),
        whiskers: svg.match(/<line[^>]* opacity="0\.6"/g)?.length ?? 0,
      };
    };
    const bands = ['0 0.16', '1 0.16', '2 0.16'];
    const intervals = (opacity: number) => [0, 0, 1, 1, 2, 2].map((colour) => `${colour} ${opacity}`);
    expect(await drawn({})).toEqual({ areas: bands, whiskers: 6 * 4 });
    expect(await drawn({ points: false })).toEqual({ areas: [...bands, ...intervals(0.06)], whiskers: 0 });
    expect(await drawn({ band: undefined })).toEqual({ areas: intervals(0.16), whiskers: 0 });
  });

  test('whiskers of many curves at one place stay between the ends of the axis', async () => {
    const figure = plotted().find(({ id }) => id === 'sides');
    if (figure?.kind !== 'lines') throw new Error('no figure with a band');
    const series = ['a', 'b'].flatMap((which) =>
      figure.series.map((one) => ({ ...one, variant: `${one.variant}, ${which}` })),
    );
    const { spec } = draw({ ...figure, series }, createPalette(classifiers(plainNames)));
    const svg = await renderSvg(spec, 'f', 'F');
    const places = [...svg.matchAll(/<line transform="translate\(([-\d.]+),[^>]* opacity="0\.6"/g)].map(
      ([, x]) => Number(x),
    );
    const width = Number(/<line transform="[^"]*" x2="([\d.]+)"/.exec(svg)?.[1]);
    expect(places).toHaveLength(12 * 4);
    expect(Math.min(...places)).toBeGreaterThan(0);
    expect(Math.max(...places)).toBeLessThan(width);
  });

  test('a point says what it is, where it is drawn', async () => {
    const figure: Plotted = {
      kind: 'lines',
      id: 'l',
      title: 'L',
      xLabel: 'epsilon',
      yLabel: 'accuracy',
      xDomain: [0, 1],
      yDomain: [0, 1],
      yFormat: 'percent',
      series: [
        {
          name: 'jem',
          points: [
            { x: 0, y: 1 },
            { x: 0.5, y: 0.25, lo: 0.2, hi: 0.3 },
          ],
        },
      ],
    };
    const { svg, tips } = await renderPlot(draw(figure, createPalette([])).spec, 'f', 'L');
    const found = tips.split('\n').map((line) => line.match(/^(\d+) (\d+) (.*)$/)?.slice(1) ?? []);
    expect(found.map(([, , text]) => text)).toEqual([
      'jem: 100.0% at epsilon 0',
      'jem: 25.0% [20.0, 30.0] at epsilon 0.500',
    ]);
    const [, width, height] = svg.match(/viewBox="0 0 ([\d.]+) ([\d.]+)"/) ?? [];
    const at = (k: number) => found[k]!.slice(0, 2).map(Number) as [number, number];
    const [[x0, y0], [x1, y1]] = [at(0), at(1)];
    expect(x0).toBeLessThan(x1);
    expect(x1).toBeLessThan(Number(width));
    expect(y0).toBeLessThan(y1);
    expect(y1).toBeLessThan(Number(height));
  });

  test('tips are packed by what they share with the one before', () => {
    expect(packedTips('1 2 jem: 3%\n-4 5 jem: 31%\n6 7 a b\n8 9 a b')).toBe(
      '1 2 0 jem: 3%\n-4 5 6 1%\n6 7 0 a b\n8 9 3 ',
    );
  });

  test('hostile names are text, not markup', async () => {
    const palette = createPalette(classifiers(hostileNames));
    for (const figure of plotted(hostileNames)) {
      const svg = await renderSvg(draw(figure, palette).spec, 'f', figure.title);
      expect(svg).not.toMatch(/<script|<img|<svg onload/);
    }
  });

  test('ticks are the epsilons as written', async () => {
    const figure = plotted().find((f) => f.id === 'epsilon');
    expect(figure).toBeDefined();
    if (!figure) return;
    const svg = await renderSvg(draw(figure, createPalette([])).spec, 'f', 'x');
    for (const label of ['2/255', '8/255', '16/255']) expect(svg).toContain(`>${label}<`);
  });

  test('empty figures are drawn as empty axes', async () => {
    const empty: Plotted[] = [
      { kind: 'lines', id: 'a', title: 'A', xLabel: 'x', yLabel: 'y', series: [] },
      { kind: 'bars', id: 'b', title: 'B', xLabel: 'x', yLabel: 'y', categories: [], series: [] },
      { kind: 'histogram', id: 'c', title: 'C', xLabel: 'x', edges: [0, 1], series: [] },
      { kind: 'reliability', id: 'd', title: 'D', system: 's', bins: [] },
      { kind: 'heatmap', id: 'e', title: 'E', xLabel: 'x', yLabel: 'y', columns: [], rows: [] },
      {
        ...{ kind: 'heatmap', id: 'f', title: 'F', xLabel: '', yLabel: '', columns: ['a'] },
        rows: [{ label: 'b', values: [{ value: null }] }],
      },
    ];
    for (const figure of empty) {
      const svg = await renderSvg(draw(figure, createPalette([])).spec, 'f', figure.title);
      expect(svg).not.toMatch(/NaN|Infinity/);
    }
  });
});

describe('heat maps', () => {
  const heat = (values: (number | null)[], more: object = {}): Plotted => ({
    ...{ kind: 'heatmap', id: 'h', title: 'H', xLabel: 'x', yLabel: 'y', columns: ['a', 'b', 'c'] },
    rows: [{ label: 'r', values: values.map((value) => ({ value })) }],
    ...more,
  });
  const shades = (figure: Plotted) => {
    const { values } = draw(figure, createPalette([])).spec.data as { values: Record<string, unknown>[] };
    return values.map(({ shade, less }) => (less ? -Number(shade) : shade));
  };

  test.each([
    ['from the smallest to the largest', [2, 3, 4], {}, [0, 0.5, 1]],
    ['within the domain, cut at its ends', [-1, 0.25, 2], { domain: [0, 1] }, [0, 0.25, 1]],
    ['from a middle both ways', [-0.5, 0, 1], { domain: [-1, 1], middle: 0 }, [-0.5, 0, 1]],
    ['of equal numbers alike', [3, 3, 3], {}, [0, 0, 0]],
    ['of what is not there none', [null, 1, 2], {}, [0, 0, 1]],
  ])('shades go %s', (_, values, more, expected) => {
    expect(shades(heat(values, more))).toEqual(expected);
  });

  test('a long name of the last column leaves the cells their room', async () => {
    const long = 'temperature-scaled max softmax';
    const names = ['kNN', 'log p(x)', 'ODIN (tuned)', long];
    const figure = heat([], {
      columns: names,
      rows: names.map((label) => ({ label, values: names.map(() => ({ value: 0.5 })) })),
    });
    const svg = await renderSvg(draw(figure, createPalette([])).spec, 'f', 'F');
    const widths = [...svg.matchAll(/<path[^>]*d="M([\d.]+)[, ][\d.]+h([\d.]+)/g)].map(([, , width]) =>
      Number(width),
    );
    expect(widths.length).toBeGreaterThan(15);
    expect(Math.min(...widths.filter((width) => width < 200))).toBeGreaterThan(34);
    expect(svg).toContain('0.500');
  });

  test('numbers stand in cells that have room for them', async () => {
    const svg = async (columns: number) => {
      const names = Array.from({ length: columns }, (_, c) => `c${c}`);
      const figure = heat(
        names.map(() => 0.25),
        { columns: names, format: 'percent' },
      );
      return renderSvg(draw(figure, createPalette([])).spec, 'f', 'H');
    };
    expect(await svg(5)).toContain('>25.0%<');
    expect(await svg(60)).not.toContain('>25.0%<');
  });
});

describe('free-form specifications', () => {
  const figure = (spec: Record<string, unknown>): Plotted => ({
    kind: 'vega-lite',
    id: 'v',
    title: 'V',
    spec,
  });
  const point = { mark: 'point', encoding: { x: { field: 'a', type: 'quantitative' } } };

  test.each([
    ['data from the network', { ...point, data: { url: 'https://example.org/data.json' } }],
    ['data from a file', { ...point, data: { url: '/etc/hostname', format: { type: 'csv' } } }],
    ['nonsense', { data: { values: [{ a: 1 }] }, mark: 'no-such-mark', encoding: {} }],
  ])('%s is refused', async (_, spec) => {
    const drawing = draw(figure(spec), createPalette([]));
    await expect(renderSvg(drawing.spec, 'f', 'V')).rejects.toMatchObject({ code: 'data-invalid' });
  });

  test('links and outside images are left out', async () => {
    const data = { values: [{ a: 1, url: 'https://example.org/x.png' }] };
    const encoding = { ...point.encoding, href: { field: 'url' }, url: { field: 'url' } };
    for (const mark of ['point', 'image']) {
      const drawing = draw(figure({ data, mark, encoding }), createPalette([]));
      const svg = await renderSvg(drawing.spec, 'f', 'V').catch(() => '');
      expect(svg).not.toContain('example.org');
    }
  });

  test('systems have their colours', () => {
    const data = { values: [{ a: 1, s: 'two' }] };
    const spec = { ...point, data, encoding: { ...point.encoding, color: { field: 's', type: 'nominal' } } };
    const drawing = draw(figure(spec), createPalette(['one', 'two']));
    expect(JSON.stringify(drawing.spec)).toContain('"domain":["two"],"range":["var(--c1)"]');
  });
});
