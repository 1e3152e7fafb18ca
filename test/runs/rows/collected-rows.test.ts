import { describe, expect, it } from 'vitest';
import { collectedRows } from '../../../src/runs/rows/collected-rows.js';
import { float32 } from '../../../src/suites/columns.js';
import { type Collected, defineMeasurement, type Request, request } from '../../../src/suites/contract.js';

interface Params {
  scale: number;
  shift?: number;
}
const measurement = (name: string) =>
  defineMeasurement({
    name,
    version: 1,
    needs: [],
    unitSize: 4,
    columns: { value: float32() },
    async measure(_, __: Params) {
      return { value: new Float32Array() };
    },
  });
const [base, other] = [measurement('base'), measurement('other')];
const on = { system: 'a', dataset: 'test', params: { scale: 1, shift: 2 } };
const plain = { measurement: base, ...on };
const rowsOf = (one: Request, value: number): Collected => ({
  request: one,
  rows: { value: { shape: [1], data: Float32Array.of(value) } },
  indices: Int32Array.of(0),
});

/** Requests that differ in one thing only. */
const read = request({ measurement: other, ...on });
const requests: Record<string, Request> = {
  plain: request(plain),
  'another measurement': request({ ...plain, measurement: other }),
  'another system': request({ ...plain, system: 'b' }),
  'another data set': request({ ...plain, dataset: 'validation' }),
  'other parameters': request({ ...plain, params: { scale: 2, shift: 2 } }),
  'fewer examples': request({ ...plain, first: 5 }),
  'more examples': request({ ...plain, first: 6 }),
  'with inputs': { ...request(plain), inputs: [read] },
  'with other inputs': { ...request(plain), inputs: [request({ measurement: other, ...on, first: 3 })] },
  'with a reference': { ...request(plain), reference: [read] },
};
const planned = Object.values(requests);
const collected = collectedRows(
  planned.map((one, value) => rowsOf(one, value)),
  planned,
);
const numberOf = (one: Request | undefined) => one && collected.get(one)?.rows.value?.data[0];

describe('rows of a request', () => {
  it.each(Object.keys(requests))('are its own: %s', (name) => {
    expect(numberOf(requests[name])).toBe(Object.keys(requests).indexOf(name));
  });

  it('are found by an equal request made again, whatever the order of its parameters', () => {
    expect(numberOf(request({ ...plain, params: { shift: 2, scale: 1 } }))).toBe(0);
    expect(numberOf(request({ ...plain, first: undefined }))).toBe(0);
  });

  it('are undefined where a system gives none', () => {
    const none = request({ ...plain, system: 'c' });
    expect(collectedRows([], [none]).get(none)).toBeUndefined();
  });

  it('of what was not planned are an error that says what was', () => {
    const wrong = request({ ...plain, params: { scale: 3 } });
    expect(() => collected.get(wrong)).toThrow(
      expect.objectContaining({
        code: 'suite-failed',
        details: expect.objectContaining({
          path: 'base of a on test',
          found: expect.stringMatching(/^planned of base: a on test, b on test, .*, 4 more$/),
        }),
      }),
    );
    expect(() => collected.get(request({ ...plain, measurement: measurement('absent') }))).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ found: 'planned of absent: nothing' }) }),
    );
    expect(collectedRows([], undefined).get(wrong)).toBeUndefined();
  });

  it('of a measurement come in the order of the plan, each request once', () => {
    const twice = collectedRows(
      [rowsOf(requests.plain!, 7), rowsOf(requests['fewer examples']!, 8), rowsOf(requests.plain!, 7)],
      undefined,
    );
    expect(twice.all(base).map(({ rows }) => rows.value.data[0])).toEqual([7, 8]);
    expect(twice.all(other)).toEqual([]);
  });
});
