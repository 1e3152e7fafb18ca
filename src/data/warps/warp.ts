import { type Border, mirror, nearest } from '../corruptions/imaging/borders.js';

type Shape = readonly [channels: number, height: number, width: number];

/** What lies beyond the border: black, the border itself, or the image mirrored there (without repeating the border). */
export const PADDINGS = ['black', 'edge', 'reflect'] as const;
export type Padding = (typeof PADDINGS)[number];

/** A similarity of the plane about the centre of the image. */
export interface Warp {
  /** Turned counter-clockwise, as it is looked at. */
  degrees?: number;
  /** Moved to the right and down, in pixels, after it is turned and scaled. */
  right?: number;
  down?: number;
  /** 2 is twice as large. */
  scale?: number;
}

/**
 * An image turned, scaled and moved, bilinear between pixels whose centres lie at whole numbers; (C, H, W) in and out, in
 * [0, 1]. Turns by quarters of a square image and moves by whole pixels are exact; none at all gives the image itself.
 */
export function warped(
  image: Float32Array,
  [channels, height, width]: Shape,
  { degrees = 0, right = 0, down = 0, scale = 1 }: Warp,
  padding: Padding,
): Float32Array {
  const [cos, sin] = turn(degrees);
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  const out = new Float32Array(image.length);
  const at = PLACES[padding];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // Backwards: from where a pixel is now to where it was.
      const [dx, dy] = [(x - cx - right) / scale, (y - cy - down) / scale];
      const sx = snapped(cx + cos * dx - sin * dy);
      const sy = snapped(cy + sin * dx + cos * dy);
      const [x0, y0] = [Math.floor(sx), Math.floor(sy)];
      const [fx, fy] = [sx - x0, sy - y0];
      const columns = [at(x0, width), at(x0 + 1, width)];
      const lines = [at(y0, height), at(y0 + 1, height)];
      for (let c = 0; c < channels; c++) {
        const plane = c * height * width;
        const pixel = (line: number, column: number) =>
          lines[line]! < 0 || columns[column]! < 0
            ? 0
            : image[plane + lines[line]! * width + columns[column]!]!;
        const above = fx === 0 ? pixel(0, 0) : (1 - fx) * pixel(0, 0) + fx * pixel(0, 1);
        const value =
          fy === 0
            ? above
            : (1 - fy) * above + fy * (fx === 0 ? pixel(1, 0) : (1 - fx) * pixel(1, 0) + fx * pixel(1, 1));
        out[plane + y * width + x] = value;
      }
    }
  }
  return out;
}

/** Exact at quarters, where sines are not. */
function turn(degrees: number): [cos: number, sin: number] {
  const quarter = (((degrees / 90) % 4) + 4) % 4;
  if (Number.isInteger(quarter)) return [[1, 0, -1, 0][quarter], [0, 1, 0, -1][quarter]] as [number, number];
  const radians = (degrees * Math.PI) / 180;
  return [Math.cos(radians), Math.sin(radians)];
}

/** A place that is whole but for rounding. */
const snapped = (place: number): number =>
  Math.abs(place - Math.round(place)) < 1e-9 ? Math.round(place) : place;

/** Where a place along an axis of n pixels is read; -1 for nowhere. */
const PLACES: Readonly<Record<Padding, Border>> = {
  black: (place, n) => (place >= 0 && place < n ? place : -1),
  edge: nearest,
  reflect: mirror,
};
