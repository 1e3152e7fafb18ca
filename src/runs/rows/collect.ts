import { AssayError } from '../../errors.js';
import { arrayTypes, type Column, type NdArray } from '../../suites/columns.js';
import type { Collected, FailedExample } from '../../suites/contract.js';
import { Refused } from '../../suites/refused.js';
import { StoredColumn, type StoredPart } from '../../suites/stored-column.js';
import type { Job, Unit } from '../plan/plan.js';
import { unitsBetween } from '../plan/read-units.js';
import { fitsUnit } from '../units/fits-columns.js';
import { requestText } from '../units/request-text.js';
import type { UnitStore } from '../units/store.js';
import { headOf } from '../units/unit-file.js';

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
  const within = unitsBetween(job, start, end).map((unit) => ({
    unit,
    from: Math.max(0, start - unit.start),
    to: Math.min(end, unit.end) - unit.start,
  }));
  const n = within.reduce((sum, { from, to }) => sum + to - from, 0);
  const wide = new Set([...job.columns].flatMap(([name, column]) => (isWide(column) ? [name] : [])));
  if (!stored || !store.column) wide.clear();
  const rows: Record<string, NdArray> = {};
  for (const [name, column] of job.columns)
    rows[name] = wide.has(name)
      ? new StoredColumn(
          column.type,
          column.shape,
          within.map((range) => storedPart(store, { job, ...range, name, column })),
        )
      : blank(column, n);
  const indices = new Int32Array(n);
  let labels = n > 0 ? new Int32Array(n) : undefined;
  const failed: FailedExample[] = [];
  let at = 0;
  // Each unit goes to its place as it is read: a column is never there twice.
  for (const { unit, from, to } of within) {
    const record = await store.read(unit.key, ({ name }) => !wide.has(name));
    if (!record || !fitsUnit(headOf(record), unit, job.columns)) throw new UnitLost(job, unit);
    if (record.refused) throw new Refused(record.refused);
    for (const [name, { shape, data }] of Object.entries(record.rows)) {
      if (wide.has(name)) continue;
      const width = sizeOf(shape.slice(1), 1);
      rows[name]!.data.set(data.subarray(from * width, to * width), at * width);
    }
    const own = record.indices.subarray(from, to);
    indices.set(own, at);
    if (record.labels) labels?.set(record.labels.subarray(from, to), at);
    else labels = undefined;
    failed.push(...(record.failed?.filter(({ example }) => own.includes(example)) ?? []));
    at += to - from;
  }
  return { rows, indices, ...(failed.length > 0 && { failed }), ...(labels && { labels }) };
}

/** Images: 100,000 of CIFAR's size are 1.2 GB. */
const isWide = ({ shape }: Column): boolean => shape.length === 3;

interface Place {
  job: Job;
  unit: Unit;
  name: string;
  column: Column;
  from: number;
  to: number;
}

/** Rows of a unit that was read and is whole. `UnitLost` where it no longer is, or has another column of that name. */
function storedPart(
  store: Pick<UnitStore, 'column'>,
  { job, unit, name, column, from, to }: Place,
): StoredPart {
  const width = sizeOf(column.shape, 1);
  return {
    n: to - from,
    read() {
      const found = store.column?.(unit.key, name);
      const n = unit.end - unit.start;
      const fits = found instanceof arrayTypes[column.type] && found.length === n * width;
      if (found !== null && !fits) throw new UnitLost(job, unit);
      return (found ?? blank(column, n).data).subarray(from * width, to * width);
    },
  };
}

const sizeOf = (shape: readonly number[], n: number) => shape.reduce((a, b) => a * b, n);

/** Zeros, for a unit of which every example failed: it has no columns. */
const blank = ({ type, shape }: Column, n: number): NdArray => ({
  shape: [n, ...shape],
  data: new arrayTypes[type](sizeOf(shape, n)),
});
