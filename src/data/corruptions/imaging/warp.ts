import type { Border } from './borders.js';
import type { Plane } from './planes.js';

type Point = readonly [x: number, y: number];

/** From where a pixel is taken; `place` counts pixels row by row. */
export type Source = (x: number, y: number, place: number) => Point;

/** A plane whose pixels are taken from elsewhere in it, linearly between neighbours. */
export function sampled({ height, width, values }: Plane, source: Source, border: Border): Float64Array {
  const made = new Float64Array(values.length);
  for (let y = 0, place = 0; y < height; y++)
    for (let x = 0; x < width; x++, place++) {
      const [u, v] = source(x, y, place);
      const [left, top] = [Math.floor(u), Math.floor(v)];
      const [across, down] = [u - left, v - top];
      const [x0, x1] = [border(left, width), border(left + 1, width)];
      const [y0, y1] = [border(top, height) * width, border(top + 1, height) * width];
      const above = values[y0 + x0]! * (1 - across) + values[y0 + x1]! * across;
      const below = values[y1 + x0]! * (1 - across) + values[y1 + x1]! * across;
      made[place] = above * (1 - down) + below * down;
    }
  return made;
}

type Triangle = readonly [Point, Point, Point];

/** The affine map that takes three points to three others; where the first lie on a line, the one that moves nothing. */
export function affineBetween(from: Triangle, to: Triangle): Source {
  const [[ax, ay], [bx, by], [cx, cy]] = from;
  const area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
  if (Math.abs(area) < 1e-9) return (x, y) => [x, y];
  const [a, b, c] = to;
  return (x, y) => {
    const s = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / area;
    const t = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / area;
    return [a[0] + s * (b[0] - a[0]) + t * (c[0] - a[0]), a[1] + s * (b[1] - a[1]) + t * (c[1] - a[1])];
  };
}
