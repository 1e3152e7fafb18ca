import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { withView } from '../../../src/report/plots/open-view.js';
import { createPalette } from '../../../src/report/plots/palette.js';
import { draw, type Plotted } from '../../../src/report/plots/plots.js';
import { slimPath } from '../../../src/report/plots/slim-path.js';
import { slimSvg } from '../../../src/report/plots/slim-svg.js';
import { theme } from '../../../src/report/plots/theme.js';
import { sampleResults } from '../sample.js';

/** Grey values, enlarged by a third. Variables of the page have a value each. */
async function drawn(svg: string): Promise<Buffer> {
  const coloured = svg.replace(
    /var\(--(\w)\w*?(\d?)\)/g,
    (_, letter, digit) => `#${letter.charCodeAt(0)}${digit || 9}`,
  );
  return sharp(Buffer.from(coloured), { density: 96 })
    .flatten({ background: 'white' })
    .greyscale()
    .raw()
    .toBuffer();
}

describe('slim plots', () => {
  const plots = sampleResults()
    .suites.flatMap(({ figures }) => figures)
    .filter((figure): figure is Plotted => figure.kind !== 'images')
    .filter(({ kind }, i, all) => i === all.findIndex((one) => one.kind === kind));

  test.each(plots.map((figure) => [figure.kind, figure] as const))(
    '%s: looks as Vega draws it, in less than two thirds of the bytes',
    async (_, figure) => {
      const { spec } = draw(figure, createPalette([]));
      const svg = await withView(spec, theme, figure.title, (view) => view.toSVG());
      const slim = slimSvg(svg);
      expect(slim.length).toBeLessThan(0.67 * svg.length);
      const [before, after] = [await drawn(svg), await drawn(slim)];
      expect(after.length).toBe(before.length);
      // A tenth of a pixel moves an edge, which is smooth, by a few shades.
      const apart = before.map((shade, i) => Math.abs(shade - after[i]!));
      expect(apart.reduce((worst, one) => Math.max(worst, one), 0)).toBeLessThan(64);
      expect(apart.reduce((sum, one) => sum + one, 0) / apart.length).toBeLessThan(0.5);
    },
  );

  test.each([
    [
      '<svg><g class="a" opacity="1"><g fill="none"><path class="background" d="M0,0h1v1h0Z"/></g></g></svg>',
      '<svg/>',
    ],
    [
      '<g transform="translate(1,2)"><line x2="0" y2="3" stroke="red"/><line x2="0" y2="4" stroke="red"/></g>',
      '<g transform="translate(1,2)" stroke="red"><line y2="3"/><line y2="4"/></g>',
    ],
    // One of them is drawn otherwise.
    [
      '<g fill="none"><path fill="red" d="M0,0"/><path d="M1,1"/></g>',
      '<g fill="none"><path fill="red" d="M0,0"/><path d="M1,1"/></g>',
    ],
    // Shares and factors are no pixels.
    ['<linearGradient x1="0.123" x2="0"/>', '<linearGradient x1="0.123" x2="0"/>'],
    [
      '<path transform="translate(1.23,0) scale(0.123)" d="M0,0"/>',
      '<path transform="translate(1.2,0) scale(0.123)" d="M0,0"/>',
    ],
    [
      '<text aria-label="a &gt; > b">1.2345 &lt; 2</text>',
      '<text aria-label="a &gt; > b">1.2345 &lt; 2</text>',
    ],
  ])('%s is %s', (svg, slim) => {
    expect(slimSvg(svg)).toBe(slim);
  });
});

describe('slim paths', () => {
  test.each([
    ['M0,1.04L2,1.04L2,1.04L4,1.04L4,7Z', 'M0,1H4V7Z'],
    // What turns back is a line of its own.
    ['M0,0L5,0L2,0', 'M0,0H5H2'],
    ['M0,0L0,0', 'M0,0H0'],
    ['M0,0L1e-15,2.25M3,3', 'M0,0V2.3M3,3'],
    ['M0.123,0.456C1.234,2,3,4,5,6.789', 'M0.1,0.5C1.2,2,3,4,5,6.8'],
    ['M0.5,0.5h145.25v3Z', 'M0.5,0.5h145.3v3Z'],
    ['', ''],
  ])('%s is %s', (d, slim) => {
    expect(slimPath(d)).toBe(slim);
  });

  test('has the corners of the path, whatever it is', () => {
    const places = fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 })), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(places, (points) => {
        const d = `M${points.map((point) => point.join(',')).join('L')}`;
        expect(corners(pointsOf(slimPath(d)))).toEqual(corners(points));
      }),
    );
  });
});

/** The points of a path of M, L, H and V. */
function pointsOf(d: string): [number, number][] {
  let [x, y] = [0, 0];
  return [...d.matchAll(/([MLHV])([^MLHV]*)/g)].map(([, command, numbers]) => {
    const [first, second] = numbers!.split(',').map(Number) as [number, number];
    if (command === 'V') y = first;
    else x = first;
    if (command === 'M' || command === 'L') y = second;
    return [x, y];
  });
}

/** Where the direction changes, with both ends: by angles, since no two points of a walk are alike. */
function corners(points: readonly (readonly [number, number])[]): number[][] {
  const walk = points.filter(([x, y], i) => i === 0 || x !== points[i - 1]![0] || y !== points[i - 1]![1]);
  const angle = (i: number) => Math.atan2(walk[i + 1]![1] - walk[i]![1], walk[i + 1]![0] - walk[i]![0]);
  return walk
    .filter((_, i) => i === 0 || i === walk.length - 1 || angle(i - 1) !== angle(i))
    .map((point) => [...point]);
}
