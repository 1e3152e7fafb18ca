import type { Plane } from './planes.js';

/**
 * The middle of a plane, magnified: cut out, resampled linearly with the corners on the corners (as `zoom` of SciPy with
 * order 1 does), and cut to the size of the plane.
 * @param factor at least 1
 */
export function clippedZoom({ height, width, values }: Plane, factor: number): Float64Array {
  const rows = magnified(height, factor);
  const columns = magnified(width, factor);
  const made = new Float64Array(values.length);
  for (let y = 0, at = 0; y < height; y++) {
    const above = rows.low[y]! * width;
    const below = rows.high[y]! * width;
    const down = rows.share[y]!;
    for (let x = 0; x < width; x++, at++) {
      const [left, right, across] = [columns.low[x]!, columns.high[x]!, columns.share[x]!];
      const top = values[above + left]! * (1 - across) + values[above + right]! * across;
      const bottom = values[below + left]! * (1 - across) + values[below + right]! * across;
      made[at] = top * (1 - down) + bottom * down;
    }
  }
  return made;
}

/** Where the n pixels of a line come from: between `low` and `high`, `share` of the way. */
function magnified(n: number, factor: number) {
  const cut = Math.ceil(n / factor);
  const first = Math.floor((n - cut) / 2);
  const long = roundHalfEven(cut * factor);
  const trimmed = Math.floor((long - n) / 2);
  const step = long > 1 ? (cut - 1) / (long - 1) : 0;
  const low = new Int32Array(n);
  const high = new Int32Array(n);
  const share = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const place = Math.min(cut - 1, (i + trimmed) * step);
    const below = Math.floor(place);
    low[i] = first + below;
    high[i] = first + Math.min(cut - 1, below + 1);
    share[i] = place - below;
  }
  return { low, high, share };
}

/** As Python rounds. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
