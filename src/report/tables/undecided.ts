import { conditions } from '../../comparison/conditions.js';
import type { RowsOfMeasure } from '../../comparison/groups.js';
import { hasRows, readRows } from '../../comparison/read-rows.js';
import { LEVEL, type Side, testColumns } from '../../comparison/test-columns.js';
import { AssayError } from '../../errors.js';
import type { Measure } from '../../suites/results.js';
import { DAGGER, daggerMeaning } from '../comparison.js';
import type { Run } from './candidates.js';
import type { CellData, PaperCell, PaperTable } from './paper-table.js';

type Origin = NonNullable<CellData['from']>;

/**
 * Puts a dagger behind every value that the data do not tell from the best of its column, and a remark that says by
 * which tests, corrected over the whole table. Tested are values with rows, on the same images, of one run or several;
 * means over seeds are not. Columns that were not tested are told in a remark too.
 */
export async function markUndecided(table: PaperTable): Promise<PaperTable> {
  const columns = table.columns.flatMap((column, c) => {
    const cells = table.rows.map((row) => row[c]!);
    return column.better !== 'none' && cells.some(({ data }) => data?.from) ? [{ ...column, c, cells }] : [];
  });
  const rows = await rowsOf(columns.flatMap(({ cells }) => cells.flatMap(({ data }) => data?.from ?? [])));
  const sides = columns.map(({ better, cells }) => ({ better, sides: sidesOf(cells, rows) }));
  const tested = testColumns(sides, 0);
  const undecided = new Map(columns.map(({ c }, i) => [c, tested.columns[i]!.standings]));
  const daggers = tested.columns.some(({ standings }) => standings.includes('indistinguishable'));
  const meaning = daggers ? daggerMeaning({ level: LEVEL, ...tested }) : undefined;
  const untested = columns.flatMap(({ name }, i) => {
    const reason = tested.columns[i]!.pairs[0]?.note;
    return tested.columns[i]!.test === null && reason ? [`${name}: not tested, since ${reason}`] : [];
  });
  return {
    ...table,
    rows: table.rows.map((row, r) =>
      row.map((cell, c) =>
        undecided.get(c)?.[r] === 'indistinguishable' ? { ...cell, text: cell.text + DAGGER } : cell,
      ),
    ),
    remarks: [...table.remarks, ...(meaning ? [`${DAGGER}: ${meaning}.`] : []), ...untested],
  };
}

type ReadRows = ReadonlyMap<Measure, RowsOfMeasure | string>;

/** The rows of measures, the sheets of each run read once; why not, where they cannot be read. */
async function rowsOf(origins: readonly Origin[]): Promise<ReadRows> {
  const read = new Map<Measure, RowsOfMeasure | string>();
  for (const run of new Set(origins.map((origin) => origin.run))) {
    const measures = origins.flatMap((origin) => (origin.run === run ? [origin.measure] : []));
    for (const [measure, rows] of await readable(run, measures)) read.set(measure, rows);
  }
  return read;
}

async function readable(
  { sheets }: Run,
  measures: readonly Measure[],
): Promise<ReadonlyMap<Measure, RowsOfMeasure | string>> {
  if (!sheets) return new Map();
  try {
    return await readRows(sheets, measures.filter(hasRows));
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return new Map(measures.map((measure) => [measure, error.message]));
  }
}

function sidesOf(cells: readonly PaperCell[], rows: ReadRows): Side[] {
  const first = cells.find(({ data }) => data?.from)?.data?.from;
  return cells.map(({ data }): Side => {
    const value = data?.value ?? null;
    if (!data?.from) return { value, of: { untested: 'it is no value of one run' } };
    const { measure } = data.from;
    const own = rows.get(measure);
    if (!hasRows(measure) || own === undefined)
      return { value, of: { untested: 'it does not say which rows it was made from' } };
    if (typeof own === 'string') return { value, of: { untested: own } };
    if (first && dataOf(first) !== dataOf(data.from))
      return { value, of: { untested: 'it is of other images' } };
    return { value, of: { measure, rows: own } };
  });
}

/** Equal for values on the same images. */
function dataOf({ run: { results }, measure }: Origin): string {
  const of = { results, measure, entry: undefined };
  return JSON.stringify(conditions.data.facts(of, of).map(({ what, key }) => [what, key]));
}
