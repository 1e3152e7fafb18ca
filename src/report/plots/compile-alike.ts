import type { Config, TopLevelSpec } from 'vega-lite';

/** Compiles a Vega-Lite specification to one of Vega. */
export type Compile = (spec: TopLevelSpec) => object;

/** Specifications with holes, compiled, by their text; for every configuration its own. Null: holes are no good there. */
const compiled = new WeakMap<Config, Map<string, object | null>>();

/** Forms that are remembered: those of our plots are some dozens. */
const MOST = 200;

/**
 * Compiles a specification as one of the same form was compiled before: the same but for its data, titles and intervals of
 * numbers as domains, which Vega-Lite hands on as they are. A report has a hundred plots of some thirty forms, and to compile
 * one takes as long as to draw it.
 */
export function compileAlike(spec: TopLevelSpec, config: Config, compile: Compile): object {
  const held: unknown[] = [];
  const form = withHoles(spec, held) as TopLevelSpec;
  const key = JSON.stringify(form);
  const forms = compiled.get(config) ?? new Map<string, object | null>();
  compiled.set(config, forms);
  let found = forms.get(key);
  if (found === undefined) {
    found = compile(form);
    if (!hasWholeHoles(found)) found = null;
    if (forms.size < MOST) forms.set(key, found);
  }
  return found ? (filled(found, held) as object) : compile(spec);
}

/** For private use: no text of ours begins with it. */
const MARK = '\u{10FFFD}';
const hole = (i: number) => `${MARK}${i}`;
/** Whole numbers from here on, of either sign, are holes: two for each interval. */
const FIRST = 2 ** 52;

/** Data, titles and intervals are taken out, into `held`. Titles and intervals that are alike have the same hole. */
function withHoles(value: unknown, held: unknown[], key = ''): unknown {
  if (key === 'data.values' && isRecords(value)) return [{ [hole(held.push(value) - 1)]: 0 }];
  if (key === 'title' && typeof value === 'string' && value !== '') return hole(placeOf(value, held));
  if (key === 'domain' && isInterval(value)) {
    const at = FIRST + 2 * placeOf(value, held);
    // Whether it reaches 0 or beyond is of consequence.
    return value.map((end, i) => Math.sign(end) * (at + i));
  }
  // A name that looks like a hole becomes none: such a form is not used, see `hasWholeHoles`.
  if (typeof value === 'string' && value.startsWith(MARK)) return `${MARK}${value}`;
  if (Array.isArray(value)) return value.map((one) => withHoles(one, held));
  if (typeof value !== 'object' || value === null) return value;
  // Axes and legends have `values` too, which are not handed on as they are: dates become expressions.
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      withHoles(inner, held, key === 'data' ? `data.${name}` : name),
    ]),
  );
}

function placeOf(value: string | readonly number[], held: unknown[]): number {
  const known = held.findIndex((one) =>
    typeof value === 'string' ? one === value : isInterval(one) && one[0] === value[0] && one[1] === value[1],
  );
  return known < 0 ? held.push(value) - 1 : known;
}

/** The same with what was held in the place of its holes. */
function filled(value: unknown, held: readonly unknown[]): unknown {
  if (typeof value === 'string')
    return value.startsWith(MARK) ? held[Number(value.slice(MARK.length))] : value;
  if (typeof value === 'number') {
    const at = Math.abs(value) - FIRST;
    const interval = at < 0 ? undefined : held[Math.floor(at / 2)];
    return isInterval(interval) ? interval[at % 2] : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const [name] = isRecords(value) ? Object.keys(value[0]!) : [];
    return name?.startsWith(MARK) ? filled(name, held) : value.map((one) => filled(one, held));
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, filled(inner, held)]));
}

/** Whether no text has a hole within, such as two titles that were joined. */
function hasWholeHoles(value: unknown): boolean {
  if (typeof value === 'string')
    return value.lastIndexOf(MARK) <= 0 && !/\D/.test(value.split(MARK)[1] ?? '');
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every(hasWholeHoles);
}

const isRecords = (value: unknown): value is readonly object[] =>
  Array.isArray(value) && typeof value[0] === 'object' && value[0] !== null && !Array.isArray(value[0]);

/** Two numbers that are not the first two numbers of a list. */
const isInterval = (value: unknown): value is readonly [number, number] =>
  Array.isArray(value) &&
  value.length === 2 &&
  value.every((end) => typeof end === 'number') &&
  !(value[0] === 0 && value[1] === 1);
