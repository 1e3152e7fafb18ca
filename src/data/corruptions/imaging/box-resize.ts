import type { Plane } from './planes.js';

/**
 * A plane of another size: every new pixel is the mean of those whose middle lies in its area, as `Image.BOX` of Pillow
 * has it, to the nearest byte after each of the two directions.
 * @param plane of bytes, 0 to 255
 */
export function boxResize(plane: Plane, height: number, width: number): Plane {
  const across = alongRows(plane, spans(plane.width, width));
  return turned(alongRows(turned(across), spans(across.height, height)));
}

/** Which pixels of a line of n make those of a line of another length: from the first up to but without the last. */
function spans(n: number, length: number): [first: number, end: number][] {
  const scale = n / length;
  const reach = 0.5 * Math.max(1, scale);
  return Array.from({ length }, (_, i) => {
    const middle = (i + 0.5) * scale;
    const from = Math.max(0, Math.trunc(middle - reach + 0.5));
    const to = Math.min(n, Math.trunc(middle + reach + 0.5));
    // Of those that touch the area, the ones whose middle is in it; the left edge does not count.
    const inside = Array.from({ length: to - from }, (_, k) => from + k).filter((k) => {
      const place = (k + 0.5 - middle) / Math.max(1, scale);
      return place > -0.5 && place <= 0.5;
    });
    return [inside[0]!, inside[inside.length - 1]! + 1];
  });
}

function alongRows({ height, width, values }: Plane, lines: readonly [number, number][]): Plane {
  const made = new Float64Array(height * lines.length);
  for (let y = 0, at = 0; y < height; y++)
    for (const [first, end] of lines) {
      let sum = 0;
      for (let x = first; x < end; x++) sum += values[y * width + x]!;
      made[at++] = Math.round(sum / (end - first));
    }
  return { height, width: lines.length, values: made };
}

function turned({ height, width, values }: Plane): Plane {
  const made = new Float64Array(values.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) made[x * height + y] = values[y * width + x]!;
  return { height: width, width: height, values: made };
}
