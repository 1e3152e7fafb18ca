/** Where two values of plain JSON differ, and in what. */
export interface Difference {
  /** Such as `suites[0].attack.steps`. */
  path: string;
  /** As JSON; undefined where it is absent. */
  a: string | undefined;
  b: string | undefined;
}

/** The differences of two values of plain JSON, in the order of keys. */
export function valueDifferences(a: unknown, b: unknown, path = ''): Difference[] {
  if (isOpen(a) && isOpen(b) && Array.isArray(a) === Array.isArray(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys.flatMap((key) => valueDifferences(a[key], b[key], placeOf(path, key, Array.isArray(a))));
  }
  const [left, right] = [textOf(a), textOf(b)];
  return left === right ? [] : [{ path, a: left, b: right }];
}

const isOpen = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const textOf = (value: unknown): string | undefined =>
  value === undefined ? undefined : JSON.stringify(value);

const placeOf = (path: string, key: string, list: boolean): string =>
  list ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
