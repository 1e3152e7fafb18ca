import { describe, expect, it } from 'vitest';
import { sealed, sealHolds } from '../../../src/runs/plan/seal.js';
import { sampleResults } from '../../report/sample.js';

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value));
/** Without figures, which have most of the values. */
const sample = copy(sampleResults());
const results = sealed({ ...sample, suites: sample.suites.map((suite) => ({ ...suite, figures: [] })) });

type Spot = { in: Record<string, unknown>; key: string; path: string };

/** Every number, text and truth value inside a value. */
function leavesOf(value: unknown, path = ''): Spot[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = `${path}.${key}`;
    const spot = { in: value as Spot['in'], key, path: at };
    return typeof inner === 'object' && inner !== null ? leavesOf(inner, at) : [spot];
  });
}

/** One of each kind: results have thousands of values. */
function someOf(spots: Spot[]): Spot[] {
  const counts = new Map<string, number>();
  return spots.filter(({ path }) => {
    const part = path.replace(/\d+/g, 'n');
    counts.set(part, (counts.get(part) ?? 0) + 1);
    return counts.get(part) === 1;
  });
}

const changed = (value: unknown): unknown => {
  if (typeof value === 'number') return value + Math.max(1e-9, Math.abs(value) * 2 ** -52);
  return typeof value === 'boolean' ? !value : `${value}.`;
};

/** When it was, and how long it took: the same results may be had at another time. */
const TIMES = /^\.(created|seconds|\$schema)$|^\.costs\.\d+\.seconds$/;

describe('the digest of results', () => {
  it('holds for them as they were written, read and written again', () => {
    expect(sealHolds(copy(results))).toBe(true);
  });

  it('does not hold when any value is another, but for times', () => {
    const edited = copy(results);
    const held = someOf(leavesOf(edited))
      .filter((spot) => {
        const before = spot.in[spot.key];
        spot.in[spot.key] = changed(before);
        const holds = sealHolds(edited);
        spot.in[spot.key] = before;
        return holds;
      })
      .map(({ path }) => path);
    expect(held.filter((path) => !TIMES.test(path))).toEqual([]);
    expect(held).toContain('.created');
  });

  it('does not hold when a measure is left out', () => {
    expect(sealHolds({ ...results, measures: results.measures.slice(1) })).toBe(false);
  });
});
