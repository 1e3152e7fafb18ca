import type { Config, TopLevelSpec } from 'vega-lite';
import type { Drawing, LegendEntry } from '../plots/drawing.js';
import { theme } from '../plots/theme.js';

/** A figure apart from the page: what it is drawn from, with colours in place of the page's variables. */
export interface Standalone {
  /** Vega-Lite 6 with data, style and legend in it. */
  spec: TopLevelSpec;
  config: Config;
}

const SCHEMA = 'https://vega.github.io/schema/vega-lite/v6.json';

/** The colours of a page in light, by variable: `--c0: light-dark(#4e58bb, #5eb1ff)`. */
export function lightColours(style: string): Map<string, string> {
  const declared = style.matchAll(/--([\w-]+):\s*light-dark\((#[0-9a-f]{3,8}),/gi);
  return new Map([...declared].map(([, name, colour]) => [name!, colour!]));
}

/** A drawing that stands alone. Its legend, which is HTML on the page, becomes a part of it, below. */
export function standalone(
  { spec, legend }: Drawing,
  description: string,
  colours: ReadonlyMap<string, string>,
): Standalone {
  const paint = <T>(value: T): T => painted(value, colours) as T;
  const config = paint(theme);
  const described = { $schema: SCHEMA, description, config };
  if (legend.length === 0) return { config, spec: { ...described, ...paint(spec) } };
  const { autosize: _, ...plot } = paint(spec) as TopLevelSpec & { autosize?: unknown; width?: unknown };
  const width = typeof plot.width === 'number' ? plot.width : 200;
  const parts = { spacing: 10, vconcat: [plot, legendView(paint(legend), width, config)] };
  // A part of a specification is any of its forms; the compiler judges it.
  return { config, spec: { ...described, ...parts } as TopLevelSpec };
}

/** What pages draw by, and say where the reader points, is of no use elsewhere. */
function painted(value: unknown, colours: ReadonlyMap<string, string>): unknown {
  if (value === 'currentColor') return colours.get('ink');
  if (typeof value === 'string') {
    return value.replace(/var\(--([\w-]+)\)/g, (whole, name) => colours.get(name) ?? whole);
  }
  if (Array.isArray(value)) return value.map((inner) => painted(inner, colours));
  if (typeof value !== 'object' || value === null) return value;
  const { tip: _, ...rest } = value as Record<string, unknown>;
  return Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, painted(inner, colours)]));
}

const LINE = 17;
const SAMPLE = 22;
/** About the width of a letter at 11 pixels, and the room between two entries. */
const LETTER = 6.3;
const GAP = 18;

/** Entries beside each other in lines: pieces of line or patches of colour, with their names. */
function legendView(legend: readonly LegendEntry[], width: number, config: Config) {
  let [x, line] = [0, 0];
  const layer = legend.flatMap((entry) => {
    const room = SAMPLE + 6 + LETTER * entry.name.length + GAP;
    if (x > 0 && x + room - GAP > width) [x, line] = [0, line + 1];
    const marks = entryMarks(entry, x, LINE * line + LINE / 2, config);
    x += room;
    return marks;
  });
  return {
    width,
    height: LINE * (line + 1),
    data: { values: [{}] },
    layer,
  };
}

function entryMarks(
  { name, colour, area, dash, symbol }: LegendEntry,
  x: number,
  y: number,
  { text }: Config,
) {
  const at = (value: number) => ({ value });
  const strokeDash = dash ? dash.split(/[ ,]+/).map(Number) : [];
  const sample = area
    ? {
        mark: { type: 'rect', color: colour, opacity: 0.85 },
        encoding: { x: at(x + 4), x2: at(x + SAMPLE - 4), y: at(y - 5), y2: at(y + 5) },
      }
    : {
        mark: { type: 'rule', color: colour, strokeWidth: 2, strokeDash },
        encoding: { x: at(x), x2: at(x + SAMPLE), y: at(y) },
      };
  const words = (said: string, color: unknown, align: string, left: number, fontSize: number) => ({
    mark: { type: 'text', text: said, color, align, baseline: 'middle', fontSize },
    encoding: { x: at(left), y: at(y) },
  });
  return [
    sample,
    ...(symbol ? [words(symbol, colour, 'center', x + SAMPLE / 2, 10)] : []),
    words(name, text?.color, 'left', x + SAMPLE + 6, 11),
  ];
}
