/** What of Vega's scene graph is read here: marks hold items, and items of groups hold marks. */
interface Mark {
  marktype?: string;
  items?: readonly Item[];
}
interface Item {
  x?: number;
  y?: number;
  width?: number;
  datum?: unknown;
  items?: readonly Mark[];
}

/**
 * Where the data of a plot that have a `tip` are drawn: a line `x y tip` for each, in the units of the SVG. Layers that draw
 * the same datum at the same place count once.
 */
export function tipsOf(root: Mark, [left, top]: readonly [number, number]): string {
  const lines = new Set<string>();
  const visit = (mark: Mark, dx: number, dy: number): void => {
    for (const item of mark.items ?? []) {
      const x = dx + (item.x ?? 0);
      const y = dy + (item.y ?? 0);
      if (mark.marktype === 'group') {
        for (const inner of item.items ?? []) visit(inner, x, y);
        continue;
      }
      // The edges of areas are bounds; what lies between has a line of its own.
      const tip = mark.marktype === 'area' ? '' : tipOf(item.datum);
      const middle = x + (mark.marktype === 'rect' ? (item.width ?? 0) / 2 : 0);
      if (tip !== '' && Number.isFinite(middle) && Number.isFinite(y)) {
        lines.add(`${middle.toFixed(0)} ${y.toFixed(0)} ${tip}`);
      }
    }
  };
  visit(root, left, top);
  return [...lines].join('\n');
}

/**
 * The same lines, each with how many letters it shares with the start of the tip before: `x y shared rest`. Tips of a series
 * begin alike, and a page has ten thousand of them.
 */
export function packedTips(tips: string): string {
  let before = '';
  return tips
    .split('\n')
    .map((line) => {
      const [x, y] = line.split(' ', 2) as [string, string];
      const tip = line.slice(x.length + y.length + 2);
      let shared = 0;
      while (shared < before.length && before[shared] === tip[shared]) shared++;
      before = tip;
      return `${x} ${y} ${shared} ${tip.slice(shared)}`;
    })
    .join('\n');
}

function tipOf(datum: unknown): string {
  if (typeof datum !== 'object' || datum === null || !('tip' in datum)) return '';
  return String(datum.tip ?? '').replace(/\s+/g, ' ');
}
