import { unknownName } from '../../errors.js';
import type { Run } from './candidates.js';
import type { Content } from './cell.js';
import type { Expanded } from './columns.js';
import type { PaperColumn } from './paper-table.js';
import type { TableSpec } from './spec.js';

/** What a row is of: the values of the fields that name rows. */
export type Row = readonly string[];

/** What the measures are of, in the order of the runs. Where a list says which rows, its order counts. */
export function rowsOf(
  columns: readonly Expanded[],
  fields: readonly string[],
  only: NonNullable<TableSpec['only']>,
): Row[] {
  const rows = new Map<string, Row>();
  for (const { fields: of } of columns.flatMap(({ candidates }) => candidates)) {
    if (fields.some((field) => of[field] === undefined)) continue;
    const row = fields.map((field) => of[field]!);
    rows.set(JSON.stringify(row), row);
  }
  const orders = fields.map((field, f) => {
    const values = only[field]?.map(String) ?? [...new Set([...rows.values()].map((row) => row[f]))];
    return new Map(values.map((value, i) => [value, i]));
  });
  return [...rows.values()].sort((a, b) => {
    const f = fields.findIndex((_, i) => a[i] !== b[i]);
    return f < 0 ? 0 : (orders[f]!.get(a[f]) ?? 0) - (orders[f]!.get(b[f]) ?? 0);
  });
}

/**
 * The order rows are printed in, best first where the table says by what: a heading as it is printed, or as it is in the
 * file, which means the first of the columns that `each` makes of it. Errors: `unknown-name`.
 */
export function rowOrder(
  { sort }: TableSpec,
  contents: readonly Content[][],
  columns: readonly PaperColumn[],
  written: readonly string[],
  place: { file: string; path: string },
): number[] {
  const order = contents.map((_, r) => r);
  if (sort === undefined) return order;
  const names = columns.map(({ name }) => name);
  const c = names.includes(sort) ? names.indexOf(sort) : written.indexOf(sort);
  if (c < 0) throw unknownName('column', sort, names, place);
  const sign = columns[c]!.better === 'lower' ? 1 : -1;
  const value = (r: number) => {
    const content = contents[r]![c]!;
    return 'data' in content ? sign * content.data.value : Number.POSITIVE_INFINITY;
  };
  return order.sort((a, b) => (value(a) === value(b) ? a - b : value(a) - value(b)));
}

/** Systems without a row, and why. */
export function leftOut(runs: readonly Run[], spec: TableSpec, rows: readonly Row[]): string[] {
  const m = (spec.rows ?? ['model']).indexOf('model');
  if (m < 0 || spec.only?.model) return [];
  const shown = new Set(rows.map((row) => row[m]));
  const seeds = new Set(typeof spec.seeds === 'object' ? Object.values(spec.seeds).flat() : []);
  const absent = runs.flatMap(({ results }) =>
    results.systems
      .filter(({ name }) => !shown.has(name) && !seeds.has(name))
      .map(({ name }) => {
        const reason = results.notApplicable.find(({ model }) => model === name)?.reason;
        return `${name} has no row: none of these measures is of it${reason ? `; ${reason}` : ''}`;
      }),
  );
  return [...new Set(absent)];
}
