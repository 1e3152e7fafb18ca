import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RowsOfMeasure } from '../comparison/groups.js';
import { hasRows, type MeasureWithRows, readRows } from '../comparison/read-rows.js';
import { type Sheets, sheetsIn } from '../comparison/sheets.js';
import { statistics, valueFromRows } from '../comparison/statistics.js';
import { AssayError } from '../errors.js';
import type { Measure } from '../suites/results.js';
import type { RunFolder } from './run-folder.js';

/** A measure with the rows that it was made from. */
export interface MeasureRead {
  measure: MeasureWithRows;
  rows: RowsOfMeasure;
}

/** Columns that tell what an example is and was taken for, where the sheet of a share has them. */
const TOLD = ['label', 'prediction'] as const;

/** The rows of one run, each sheet read once. Measures of which it has none are left out. */
export async function rowsOfRun(
  { directory, results }: RunFolder,
  measures: readonly Measure[],
  { edited }: { edited: boolean },
): Promise<Map<Measure, MeasureRead>> {
  const sheets = sheetsIn(directory);
  const headers = new Map<string, readonly string[]>();
  const asked = new Map<MeasureWithRows, Measure>();
  for (const measure of new Set(measures)) {
    if (!hasRows(measure) || !existsSync(join(directory, measure.rows.sheet))) continue;
    const { sheet } = measure.rows;
    const header = headers.get(sheet) ?? (await headerOf(sheets, sheet));
    headers.set(sheet, header);
    asked.set(withTold(measure, header), measure);
  }
  const read = await readRows(sheets, [...asked.keys()]);
  return new Map(
    [...asked].flatMap(([one, measure]) => {
      const rows = read.get(one);
      if (!rows) return [];
      if (!edited) refuseOtherRows({ measure: one, rows }, directory, results.key);
      return [[measure, { measure: one, rows }]];
    }),
  );
}

const headerOf = async (sheets: Sheets, file: string): Promise<readonly string[]> =>
  (await sheets(file))?.columns ?? [];

function withTold(measure: MeasureWithRows, header: readonly string[]): MeasureWithRows {
  const { rows } = measure;
  const statistic = statistics.named(rows.statistic);
  const single = statistic.test === 'mcnemar' && !('fold' in statistic && statistic.fold);
  if (!single || !TOLD.every((name) => header.includes(name))) return measure;
  const told = Object.fromEntries(TOLD.map((name) => [name, name]));
  return { ...measure, rows: { ...rows, columns: { ...told, ...rows.columns } } };
}

/** Sheets have no digest: their rows must give the value that results.json has. */
function refuseOtherRows({ measure, rows }: MeasureRead, directory: string, key: string | undefined): void {
  const value = valueFromRows(measure, rows);
  const told = measure.value ?? Number.NaN;
  if (Math.abs(value - told) <= 1e-9 * Math.max(1, Math.abs(told))) return;
  throw new AssayError('results-edited', `the rows of ${measure.title} do not give its value`, {
    file: join(directory, measure.rows.sheet),
    expected: `${told}, as results.json of the run ${key?.slice(0, 12) ?? ''} has it`.replace('  ', ' '),
    found: String(value),
    hint: 'run the same `assay run` again: it writes sheets and results together; or take the rows as they are with --allow edited',
  });
}
