import { AssayError } from '../errors.js';
import type { Collected, NdArray, Request, Rows } from '../suites/contract.js';
import type { Job, Unit } from './plan.js';
import type { UnitStore } from './store.js';
import type { UnitRecord } from './unit-file.js';

/** A unit whose rows are wanted is not stored, or damaged. */
export class UnitLost extends AssayError {
  constructor(
    readonly job: Job,
    readonly unit: Unit,
  ) {
    const { measurement, system, dataset } = job.request;
    super('suite-failed', `examples ${unit.start} to ${unit.end - 1} are not measured`, {
      path: `${measurement.name} of ${system} on ${dataset}`,
      hint: 'run the same command again: what is missing is measured',
    });
  }
}

/** The examples start to end of a job, in data set order. Errors: `UnitLost` when a unit is missing or damaged. */
export async function collectRange(
  store: UnitStore,
  job: Job,
  start: number,
  end: number,
): Promise<Omit<Collected, 'request'>> {
  const parts: UnitRecord[] = [];
  for (const unit of job.units) {
    if (unit.end <= start || unit.start >= end) continue;
    const record = await store.read(unit.key);
    if (!record) throw new UnitLost(job, unit);
    parts.push(cut(record, Math.max(0, start - unit.start), Math.min(end, unit.end) - unit.start));
  }
  const failed = parts.flatMap((part) => part.failed ?? []);
  // A unit of which every example failed has no columns: those of another stand in for it.
  const model = parts.find((part) => Object.keys(part.rows).length > 0)?.rows ?? {};
  for (const part of parts)
    if (failed.length > 0 && isBare(part)) part.rows = blankRows(model, part.indices.length);
  const names = Object.keys(parts[0]?.rows ?? {});
  const rows = Object.fromEntries(
    names.map((name) => [
      name,
      join(
        parts.map((part) => part.rows[name]),
        name,
        job.request,
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

const isBare = ({ rows, failed = [], indices }: UnitRecord) =>
  Object.keys(rows).length === 0 && failed.length >= indices.length;

/** Zeros in the shape of other rows. */
function blankRows(like: Rows, n: number): Rows {
  return Object.fromEntries(
    Object.entries(like).map(([name, { shape, data }]) => {
      const [, ...rest] = shape;
      const length = n * rest.reduce((a, b) => a * b, 1);
      return [name, { shape: [n, ...rest], data: new (data.constructor as Zeros)(length) }];
    }),
  );
}

type Zeros = new (length: number) => NdArray['data'];

function cut(record: UnitRecord, start: number, end: number): UnitRecord {
  if (start === 0 && end === record.indices.length) return record;
  const rows: Rows = {};
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

/** One array after the other. Errors: `suite-failed` when units disagree about a column's type or shape. */
function join(parts: readonly (NdArray | undefined)[], name: string, request: Request<never>): NdArray {
  const arrays = parts.filter((part) => part !== undefined);
  const [{ shape, data }] = arrays;
  const alike = (other: NdArray) =>
    other.data.constructor === data.constructor && other.shape.slice(1).join() === shape.slice(1).join();
  if (arrays.length < parts.length || !arrays.every(alike))
    throw new AssayError(
      'suite-failed',
      `"${request.measurement.name}" gave other columns for other examples`,
      {
        path: `row "${name}" of ${request.system} on ${request.dataset}`,
        expected: 'the same type and the same shape per example in every unit',
        hint: 'correct the measurement and raise its version',
      },
    );
  if (arrays.length === 1) return arrays[0];
  const length = arrays.reduce((sum, array) => sum + array.data.length, 0);
  const joined = new (data.constructor as new (length: number) => NdArray['data'])(length);
  let at = 0;
  for (const array of arrays) {
    joined.set(array.data, at);
    at += array.data.length;
  }
  return { shape: [arrays.reduce((sum, array) => sum + array.shape[0], 0), ...shape.slice(1)], data: joined };
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
