import { AssayError } from '../../errors.js';
import type { SystemInfo } from '../../models/system.js';
import type { Catalogue } from '../../suites/catalogue.js';
import { arrayTypes, type Column, type NdArray, type Numbers, type Rows } from '../../suites/columns.js';
import type { Request } from '../../suites/contract.js';
import { requestText } from './request-text.js';
import type { StoredColumn, UnitHead } from './unit-file.js';

/** The columns that the rows of a job have, by name. */
export type JobColumns = ReadonlyMap<string, Column>;

/** The columns that a request gives on its system. Errors: `suite-failed` for ones that no unit can hold. */
export function columnsOf(
  { measurement, params, dataset }: Request,
  system: SystemInfo,
  catalogue: Catalogue,
): JobColumns {
  const declared = Object.entries(measurement.columns(system, params, catalogue));
  const columns = new Map(declared.filter((entry): entry is [string, Column] => entry[1] !== undefined));
  for (const [name, { type, shape }] of columns) {
    const sound = type in arrayTypes && shape.every((size) => Number.isInteger(size) && size >= 0);
    if (sound && !name.startsWith('@')) continue;
    throw new AssayError(
      'suite-failed',
      `the measurement "${measurement.name}" declares a column that cannot be`,
      {
        path: `column "${name}" of ${requestText({ measurement, system: system.name, dataset })}`,
        expected: `a name without "@", one of ${Object.keys(arrayTypes).join(', ')}, and whole numbers as shape`,
        found: `${type} (${shape.join(', ')})`,
        hint: 'write it as `float32(system.classes.length)`, or undefined where a system has no such column',
      },
    );
  }
  return columns;
}

/** Whether stored columns are the declared ones: the same names, types and shapes, with `n` rows. */
function fitsColumns(columns: JobColumns, stored: readonly StoredColumn[], n: number): boolean {
  return (
    stored.length === columns.size &&
    stored.every(({ name, type, shape }) => {
      const column = columns.get(name);
      return column?.type === type && shape.join() === [n, ...column.shape].join();
    })
  );
}

/**
 * Whether a stored unit is one of a job with these columns: it has its length, and these columns or, where every
 * example failed or it is refused, none.
 */
export function fitsUnit(
  { n, columns: stored, failed, refused }: UnitHead,
  { start, end }: { start: number; end: number },
  columns: JobColumns,
): boolean {
  const bare = stored.length === 0 && (refused || failed === n);
  return n === end - start && (bare || fitsColumns(columns, stored, n));
}

/**
 * What `measure` returned for `n` examples as rows in the declared columns. Errors: `suite-failed` where a column is
 * missing, was not declared, or does not hold its type or as many numbers as it should.
 */
export function rowsFrom(
  data: Readonly<Record<string, Numbers | undefined>>,
  columns: JobColumns,
  n: number,
  { measurement, system, dataset }: Request,
): Rows {
  const rows: Record<string, NdArray> = {};
  for (const [name, { type, shape }] of columns) {
    const array = data[name];
    const length = shape.reduce((product, size) => product * size, n);
    if (array instanceof arrayTypes[type] && array.length === length) {
      rows[name] = { shape: [n, ...shape], data: array };
      continue;
    }
    throw otherThanDeclared(
      name,
      `${describe(type, shape, n)}: a ${arrayTypes[type].name} of ${length} numbers`,
      describeFound(array),
    );
  }
  const foreign = Object.keys(data).find((name) => data[name] !== undefined && !columns.has(name));
  if (foreign === undefined) return rows;
  throw otherThanDeclared(foreign, `one of ${[...columns.keys()].join(', ')}`, describeFound(data[foreign]));

  function otherThanDeclared(name: string, expected: string, found: string) {
    return new AssayError('suite-failed', `"${measurement.name}" measured another column than it declares`, {
      path: `column "${name}" of ${requestText({ measurement, system, dataset })}`,
      expected,
      found,
      hint: 'correct `measure` or `columns`: `measure` returns each column as one typed array, row after row',
    });
  }
}

const describe = (type: string, shape: readonly number[], n: number) =>
  `${type} (${[n, ...shape].join(', ')})`;

function describeFound(array: unknown): string {
  if (array === undefined) return 'nothing';
  if (ArrayBuffer.isView(array) && 'length' in array)
    return `a ${array.constructor.name} of ${array.length} numbers`;
  if (Array.isArray(array)) return `a list of ${array.length}`;
  return typeof array;
}
