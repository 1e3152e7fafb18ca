import { textCell } from '../latex/grid.js';
import { candidatesOf, type Run } from './candidates.js';
import { type Content, cellOf, contentOf, markColumn } from './cell.js';
import { columnOf, type Expanded, expand, formatOf, whyNone } from './columns.js';
import { printedName, rowTitle } from './naming.js';
import type { PaperColumn, PaperTable } from './paper-table.js';
import { leftOut, type Row, rowOrder, rowsOf } from './rows.js';
import { checkSeeds } from './seeds.js';
import type { TableSpec } from './spec.js';
import { incomplete, lacking, mixed, needed } from './told.js';

/** A table, and what it lacks, in words. */
export interface Built {
  /** Absent where none of its measures is there. */
  table?: PaperTable;
  missing: string[];
}

/**
 * Fills a table from runs. Rows are what the measures of its columns are of, in the order of the runs. A measure
 * without one of the fields that make a row, such as accuracy where rows are scores, is the same in all of those rows.
 * @param file the file that describes the table, and `at` the place in it, for errors
 * Errors: `config-invalid` where several measures fit one cell, or runs are no seeds; `unknown-name` for a column to
 * sort by that is not there.
 */
export function buildTable(spec: TableSpec, runs: readonly Run[], file: string, at: string): Built {
  const { rows: fields = ['model'], only = {}, names = {}, intervals = 'off' } = spec;
  checkSeeds(spec, runs, { file, path: `${at}.seeds` });
  const all = candidatesOf(runs, spec);
  const expanded = spec.columns.flatMap((column, i) => expand(column, `${at}.columns[${i}]`, only, all));
  const rows = rowsOf(expanded, fields, only);
  if (rows.length === 0) {
    const reasons = new Set(spec.columns.flatMap((c) => (c.fact === undefined ? [whyNone(c, all)] : [])));
    return { missing: [`table ${spec.id} is left out: ${[...reasons].join('; ')}${needed(spec.needs)}`] };
  }
  const columns = expanded.map((column) => columnOf(column, names));
  const contents = rows.map((row) => expanded.map((column) => contentAt(column, row, spec, runs, file)));
  const written = expanded.map(({ spec: { group, title = '' } }) => (group ? `${group}: ${title}` : title));
  const order = rowOrder(spec, contents, columns, written, { file, path: `${at}.sort` });
  const cells = order.map((r) =>
    contents[r]!.map((content, c) => {
      const column = expanded[c]!.spec;
      return cellOf(content, formatOf(expanded[c]!), column, column.intervals ?? intervals, names);
    }),
  );
  if (spec.marks ?? true) {
    for (const [c, { better }] of columns.entries()) {
      markColumn(
        cells.map((row) => row[c]!),
        better,
      );
    }
  }
  return {
    missing: [
      ...expanded.flatMap((column, c) => [
        ...lacking(columns[c]!.name, column, rows, contents, c, all, spec.needs),
        ...mixed(columns[c]!.name, column, fields),
      ]),
      ...incomplete(spec, runs, rows, contents, columns),
      ...leftOut(runs, spec, rows),
    ],
    table: {
      id: spec.id,
      caption: spec.caption ?? '',
      label: spec.label ?? '',
      width: spec.width ?? 'text',
      stub: fields.length,
      columns: [
        ...fields.map(
          (name): PaperColumn => ({ title: rowTitle(name), name, better: 'none', numeric: false }),
        ),
        ...columns,
      ],
      rows: order.map((r, i) => [
        ...rows[r]!.map((name) => textCell(printedName(name, names))),
        ...cells[i]!,
      ]),
      remarks: remarksOf(spec, runs),
    },
  };
}

function contentAt(
  { spec: column, path, candidates }: Expanded,
  row: Row,
  { rows: fields = ['model'], facts = {}, deviation }: TableSpec,
  runs: readonly Run[],
  file: string,
): Content {
  const model = row[fields.indexOf('model')]!;
  if (column.fact !== undefined) {
    const fact = facts[model]?.[column.fact];
    if (fact !== undefined) return { texts: [fact === true ? 'yes' : fact === false ? 'no' : String(fact)] };
    return { missing: `no such fact, add \`facts: { ${model}: { ${column.fact}: ... } }\` to the table` };
  }
  const fits = candidates.filter(({ fields: of }) =>
    fields.every((field, i) => of[field] === undefined || of[field] === row[i]),
  );
  if (fits.length > 0) return contentOf(column, fits, { file, path, row: row.join(', ') }, deviation);
  const suites = new Set(candidates.map(({ measure }) => measure.suite));
  const reason = runs
    .flatMap(({ results }) => results.notApplicable)
    .find((entry) => entry.model === model && suites.has(entry.suite))?.reason;
  return { missing: reason ?? 'not measured' };
}

function remarksOf(
  { marks = true, intervals = 'off', seeds, deviation, columns }: TableSpec,
  runs: readonly Run[],
): string[] {
  const styles = new Set(columns.map((column) => column.intervals ?? intervals));
  const levels = new Set(runs.flatMap(({ results }) => results.measures.map(({ level }) => 100 * level)));
  const level = `${[...levels].join(' or ')} % intervals`;
  return [
    ...(marks ? ['Bold: best of the column; underlined: second best.'] : []),
    ...(seeds !== undefined && !(seeds === 'folders' && runs.length === 1)
      ? [
          `Mean ± standard deviation over seeds, with ${deviation === 'population' ? 'n' : 'n − 1'} as divisor.`,
        ]
      : []),
    ...(seeds === undefined && styles.has('brackets') ? [`In brackets: ${level}.`] : []),
    ...(seeds === undefined && styles.has('plus-minus') ? [`±: half the width of ${level}.`] : []),
    ...runs.map(({ folder, results: { key = 'without a key', status } }) =>
      [`Run: ${folder}`, key, ...(status === 'partial' ? ['not finished'] : [])].join(', '),
    ),
  ];
}
