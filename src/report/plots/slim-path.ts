type Point = readonly [x: number, y: number];

/** Numbers of a text to a tenth, which is a tenth of a pixel. */
export const rounded = (text: string): string =>
  text.replace(/-?\d*\.\d{2,}(?:e[-+]?\d+)?/g, (number) => String(tenths(Number(number))));

const tenths = (value: number) => Math.round(10 * value) / 10 || 0;

/** Straight lines between absolute points, as Vega draws steps, curves of many points and areas. */
const STRAIGHT = /^(?:[ML]-?[\d.]+(?:e-?\d+)?,-?[\d.]+(?:e-?\d+)?|Z)*$/;

/** The data of a path that looks the same: to a tenth of a pixel, without points on the way of a step. */
export function slimPath(d: string): string {
  if (!STRAIGHT.test(d)) return rounded(d);
  return d.replace(/M[^MZ]*/g, (part) => {
    const points = part
      .slice(1)
      .split('L')
      .map((pair) => pair.split(',').map((number) => tenths(Number(number))) as unknown as Point);
    return lineThrough(withoutStops(points));
  });
}

/** Without points at the same place as the one before, and those between two others on a level or upright line. */
function withoutStops(points: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (const point of points) {
    const [before, last] = [kept.at(-2), kept.at(-1)];
    if (last && last[0] === point[0] && last[1] === point[1]) continue;
    if (before && last && (between(before, last, point, 0) || between(before, last, point, 1))) kept.pop();
    kept.push(point);
  }
  // A line needs an end, and a cap is drawn at a point alone too.
  return kept.length === 1 && points.length > 1 ? [kept[0]!, kept[0]!] : kept;
}

/** Whether b lies between a and c, which differ along this axis only. */
const between = (a: Point, b: Point, c: Point, axis: 0 | 1): boolean =>
  a[1 - axis] === b[1 - axis] && b[1 - axis] === c[1 - axis] && (b[axis] - a[axis]) * (c[axis] - b[axis]) > 0;

function lineThrough(points: readonly Point[]): string {
  return points
    .map(([x, y], i) => {
      if (i === 0) return `M${x},${y}`;
      const [left, top] = points[i - 1]!;
      return y === top ? `H${x}` : x === left ? `V${y}` : `L${x},${y}`;
    })
    .join('');
}
