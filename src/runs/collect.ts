import { AssayError } from '../errors.js';
import { arrayTypes, type Column, type NdArray } from '../suites/columns.js';
import type { Collected } from '../suites/contract.js';
import { Refused } from '../suites/refused.js';
import { StoredColumn, type StoredPart } from '../suites/stored-column.js';
import { fitsUnit } from './fits-columns.js';
import type { Job, Unit } from './plan.js';
import { requestText } from './request-text.js';
import type { UnitStore } from './store.js';
import { headOf, type UnitRecord } from './unit-file.js';

/** A unit whose rows are wanted is not stored, or damaged. */
export class UnitLost extends AssayError {
  constructor(
    readonly job: Job,
    readonly unit: Unit,
  ) {
    super('suite-failed', `examples ${unit.start} to ${unit.end - 1} are not measured`, {
      path: requestText(job.request),
      hint: 'run the same command again: it measures what is missing',
    });
  }
}

/**
 * The examples start to end of a job, in data set order.
 * @param stored columns of images and the like stay in the store, and are read when they are looked at
 * Errors: `UnitLost` when a unit is missing or damaged; `Refused` when one holds a refusal in place of rows.
 */
export async function collectRange(
  store: Pick<UnitStore, 'read' | 'column'>,
  job: Job,
  start: number,
  end: number,
  { stored = false }: { stored?: boolean } = {},
): Promise<Omit<Collected, 'request'>> {
  const parts: UnitRecord[] = [];
  const wide = stored && store.column ? [...job.columns].filter(([, column]) => isWide(column)) : [];
  const places = new Map(wide.map(([name]) => [name, [] as StoredPart[]]));
  for (const unit of job.units) {
    if (unit.end <= start || unit.start >= end) continue;
    const record = await store.read(unit.key);
    if (!record || !fitsUnit(headOf(record), unit, job.columns)) throw new UnitLost(job, unit);
    if (record.refused) throw new Refused(record.refused);
    const [from, to] = [Math.max(0, start - unit.start), Math.min(end, unit.end) - unit.start];
    for (const [name, column] of wide)
      places.get(name)?.push(storedPart(store, { job, unit, name, column, from, to }));
    parts.push(cut(without(record, places), from, to));
  }
  const failed = parts.flatMap((part) => part.failed ?? []);
  const rows = Object.fromEntries(
    [...job.columns].map(([name, column]) => [
      name,
      places.has(name)
        ? new StoredColumn(column.type, column.shape, places.get(name) ?? [])
        : join(
            parts.map(({ rows, indices }) => rows[name] ?? blank(column, indices.length)),
            column,
          ),
    ]),
  );
  const labelled = parts.every((part) => part.labels);
  return {
    rows,
    indices: joinInts(parts.map((part) => part.indices)),
    ...(failed.length > 0 && { failed }),
    ...(labelled && parts.length > 0 && { labels: joinInts(parts.flatMap((part) => part.labels ?? [])) }),
  };
}

/** Images: 100,000 of CIFAR's size are 1.2 GB. */
const isWide = ({ shape }: Column): boolean => shape.length === 3;

/** A record without some of its columns. */
const without = (record: UnitRecord, names: ReadonlyMap<string, unknown>): UnitRecord => ({
  ...record,
  rows: Object.fromEntries(Object.entries(record.rows).filter(([name]) => !names.has(name))),
});

interface Place {
  job: Job;
  unit: Unit;
  name: string;
  column: Column;
  from: number;
  to: number;
}

/** Rows of a unit that was read and is whole. Reading it again: `UnitLost`. */
function storedPart(
  store: Pick<UnitStore, 'column'>,
  { job, unit, name, column, from, to }: Place,
): StoredPart {
  const width = sizeOf(column.shape, 1);
  return {
    n: to - from,
    read() {
      const found = store.column?.(unit.key, name);
      if (found === undefined) throw new UnitLost(job, unit);
      return (found ?? blank(column, unit.end - unit.start).data).subarray(from * width, to * width);
    },
  };
}

const sizeOf = (shape: readonly number[], n: number) => shape.reduce((a, b) => a * b, n);

/** Zeros, for a unit of which every example failed: it has no columns. */
const blank = ({ type, shape }: Column, n: number): NdArray => ({
  shape: [n, ...shape],
  data: new arrayTypes[type](sizeOf(shape, n)),
});

function cut(record: UnitRecord, start: number, end: number): UnitRecord {
  if (start === 0 && end === record.indices.length) return record;
  const rows: Record<string, NdArray> = {};
  for (const [name, { shape, data }] of Object.entries(record.rows)) {
    const width = shape.slice(1).reduce((a, b) => a * b, 1);
    rows[name] = { shape: [end - start, ...shape.slice(1)], data: data.slice(start * width, end * width) };
  }
  const indices = record.indices.slice(start, end);
  const failed = record.failed?.filter(({ example }) => indices.includes(example));
  return {
    ...record,
    rows,
    indices,
    ...(failed && { failed }),
    labels: record.labels?.slice(start, end),
  };
}

/** One array after the other. */
function join(parts: readonly NdArray[], { type, shape }: Column): NdArray {
  if (parts.length === 1) return parts[0];
  const n = parts.reduce((sum, part) => sum + part.shape[0], 0);
  const data = new arrayTypes[type](sizeOf(shape, n));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { shape: [n, ...shape], data };
}

function joinInts(parts: readonly Int32Array[]): Int32Array {
  const joined = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
