import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequences } from '../../../src/data/warps/sequences.js';
import { PADDINGS, type Padding, type Warp, warped } from '../../../src/data/warps/warp.js';
import { stream } from '../../../src/random/stream.js';

const image = (...rows: number[][]) => Float32Array.from(rows.flat());
const SHAPE = [1, 3, 3] as const;
const digits = image([1, 2, 3], [4, 5, 6], [7, 8, 9]).map((x) => x / 10);
const tenths = (...rows: number[][]) => image(...rows).map((x) => x / 10);

describe('turned and moved images', () => {
  it.each<[string, Warp, Padding, number[][]]>([
    [
      'nothing',
      {},
      'black',
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ],
    ],
    [
      'a quarter, counter-clockwise',
      { degrees: 90 },
      'black',
      [
        [3, 6, 9],
        [2, 5, 8],
        [1, 4, 7],
      ],
    ],
    [
      'a half',
      { degrees: -180 },
      'black',
      [
        [9, 8, 7],
        [6, 5, 4],
        [3, 2, 1],
      ],
    ],
    [
      'one pixel to the right',
      { right: 1 },
      'black',
      [
        [0, 1, 2],
        [0, 4, 5],
        [0, 7, 8],
      ],
    ],
    [
      'one pixel to the right',
      { right: 1 },
      'edge',
      [
        [1, 1, 2],
        [4, 4, 5],
        [7, 7, 8],
      ],
    ],
    [
      'one pixel to the right',
      { right: 1 },
      'reflect',
      [
        [2, 1, 2],
        [5, 4, 5],
        [8, 7, 8],
      ],
    ],
    [
      'one pixel up',
      { down: -1 },
      'black',
      [
        [4, 5, 6],
        [7, 8, 9],
        [0, 0, 0],
      ],
    ],
    [
      'half a pixel down',
      { down: 0.5 },
      'edge',
      [
        [1, 2, 3],
        [2.5, 3.5, 4.5],
        [5.5, 6.5, 7.5],
      ],
    ],
    [
      'twice as large',
      { scale: 2 },
      'black',
      [
        [3, 3.5, 4],
        [4.5, 5, 5.5],
        [6, 6.5, 7],
      ],
    ],
  ])('%s: %o, %s', (_, warp, padding, expected) => {
    const found = warped(digits, SHAPE, warp, padding);
    tenths(...expected).forEach((value, p) => {
      expect(found[p]).toBeCloseTo(value, 6);
    });
  });

  const warp = fc.record({
    degrees: fc.double({ min: -180, max: 180, noNaN: true }),
    right: fc.double({ min: -9, max: 9, noNaN: true }),
    down: fc.double({ min: -9, max: 9, noNaN: true }),
    scale: fc.double({ min: 0.3, max: 3, noNaN: true }),
  });
  const shape = fc.tuple(
    fc.constantFrom(1, 3),
    fc.integer({ min: 1, max: 7 }),
    fc.integer({ min: 1, max: 7 }),
  );

  it('stay between the smallest and the largest pixel, and one colour stays itself unless black comes in', () => {
    fc.assert(
      fc.property(warp, shape, fc.constantFrom(...PADDINGS), (by, [c, h, w], padding) => {
        const noise = new Float64Array(c * h * w);
        stream({ seed: 1, purpose: 'noise', example: h }).uniforms(noise);
        const made = warped(Float32Array.from(noise), [c, h, w], by, padding);
        const least = padding === 'black' ? 0 : Math.min(...noise);
        for (const value of made) {
          expect(value).toBeGreaterThanOrEqual(least - 1e-6);
          expect(value).toBeLessThanOrEqual(Math.max(...noise) + 1e-6);
        }
        if (padding === 'black') return;
        for (const value of warped(new Float32Array(c * h * w).fill(0.7), [c, h, w], by, padding))
          expect(value).toBeCloseTo(0.7, 6);
      }),
      { numRuns: 60 },
    );
  });

  it('of a plane are the plane, where nothing comes in from beyond: bilinear is exact there', () => {
    const [h, w] = [9, 9];
    const at = (x: number, y: number) => 0.3 + 0.02 * x + 0.03 * y;
    const plane = Float32Array.from({ length: h * w }, (_, p) => at(p % w, Math.floor(p / w)));
    const turn = (25 * Math.PI) / 180;
    const made = warped(plane, [1, h, w], { degrees: 25, right: 0.4 }, 'black');
    for (const [x, y] of [
      [4, 4],
      [5, 3],
      [3, 5],
      [6, 5],
    ] as const) {
      const [dx, dy] = [x - 4.4, y - 4];
      const from = [
        4 + Math.cos(turn) * dx - Math.sin(turn) * dy,
        4 + Math.sin(turn) * dx + Math.cos(turn) * dy,
      ];
      expect(made[y * w + x]).toBeCloseTo(at(from[0]!, from[1]!), 6);
    }
  });
});

describe('sequences', () => {
  const draws = (step: number) => stream({ seed: 2, purpose: 's', example: 0, step });

  it.each([...sequences.values()].map((row) => [row.name, row] as const))(
    '%s: images in [0, 1], with the image itself in the middle or at the start',
    (_, row) => {
      const start = row.against === 'first' ? 0 : 0.5;
      expect([...row.frame(digits, SHAPE, start, 'reflect', draws(0))]).toEqual([...digits]);
      for (const share of [0, 0.25, 1]) {
        const frame = row.frame(digits, SHAPE, share, 'reflect', draws(1));
        expect(frame.length).toBe(digits.length);
        for (const value of frame) expect(value >= 0 && value <= 1).toBe(true);
      }
      expect([...row.frame(digits, SHAPE, 1, 'reflect', draws(1))]).not.toEqual([...digits]);
    },
  );
});
