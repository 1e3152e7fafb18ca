import { nearest } from './borders.js';
import { correlate, tapsOf } from './correlate.js';
import type { Plane } from './planes.js';

const SOBEL_X = tapsOf([-1, 0, 1, -2, 0, 2, -1, 0, 1]);
const SOBEL_Y = tapsOf([-1, -2, -1, 0, 0, 0, 1, 2, 1]);

/**
 * Edges by Canny 1986, as OpenCV's `Canny` finds them: Sobel filters of 3x3, |dx| + |dy|, the highest across the edge
 * in one of four directions, and hysteresis.
 * @param plane of bytes, 0 to 255
 * Returns 1 where there is an edge, 0 elsewhere, (H, W).
 */
export function canny(plane: Plane, low: number, high: number): Uint8Array {
  const dx = correlate(plane, SOBEL_X, nearest);
  const dy = correlate(plane, SOBEL_Y, nearest);
  const crests = crestsOf(plane, dx, dy, low);
  return connected(plane, crests, high);
}

/** The strength of the gradient where it is above `low` and the highest across the edge; 0 elsewhere. */
function crestsOf({ height, width }: Plane, dx: Float64Array, dy: Float64Array, low: number): Float64Array {
  const strength = dx.map((value, p) => Math.abs(value) + Math.abs(dy[p]!));
  const at = (y: number, x: number) =>
    y < 0 || y >= height || x < 0 || x >= width ? 0 : strength[y * width + x]!;
  return strength.map((value, p) => {
    if (value <= low) return 0;
    const [y, x] = [Math.floor(p / width), p % width];
    const [right, down, tie] = directionOf(dx[p]!, dy[p]!);
    const before = at(y - down, x - right);
    const after = at(y + down, x + right);
    return value > before && (tie ? value >= after : value > after) ? value : 0;
  });
}

const TAN_22_5 = Math.SQRT2 - 1;

/** The neighbour across the edge, and whether one just as strong behind it may follow. */
function directionOf(dx: number, dy: number): readonly [right: number, down: number, tie: boolean] {
  const [across, along] = [Math.abs(dx), Math.abs(dy)];
  if (along < across * TAN_22_5) return [1, 0, true];
  if (along > across * (TAN_22_5 + 2)) return [0, 1, true];
  return [dx < 0 !== dy < 0 ? -1 : 1, 1, false];
}

/** Crests above `high`, and those that touch them, and so on. */
function connected({ height, width }: Plane, crests: Float64Array, high: number): Uint8Array {
  const edges = new Uint8Array(crests.length);
  const open: number[] = [];
  const mark = (p: number) => {
    if (edges[p]) return;
    edges[p] = 1;
    open.push(p);
  };
  crests.forEach((value, p) => {
    if (value > high) mark(p);
  });
  for (let p = open.pop(); p !== undefined; p = open.pop()) {
    const [y, x] = [Math.floor(p / width), p % width];
    for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++)
      for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++)
        if (crests[v * width + u]! > 0) mark(v * width + u);
  }
  return edges;
}
