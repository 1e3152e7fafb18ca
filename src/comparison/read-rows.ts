import { cellText } from '../csv-cell.js';
import { AssayError } from '../errors.js';
import type { Measure, MeasureRows } from '../suites/results.js';
import { columnsIn, type Group, type RowsOfMeasure } from './groups.js';
import type { Sheet, SheetCell, Sheets } from './sheets.js';

/** A measure that says which rows it was made from. */
export type MeasureWithRows = Measure & { rows: MeasureRows };

export const hasRows = (measure: Measure): measure is MeasureWithRows => measure.rows !== undefined;

/** What `where` and `columns` select of a sheet. */
type Selection = Pick<MeasureRows, 'where' | 'columns'>;

/** Column that tells the examples of a data set apart. */
const INDEX = 'index';

/**
 * The rows of measures. Each sheet is read once, row by row; kept are the numbers that are asked for: true is 1, false 0,
 * an empty cell NaN.
 * Errors: `file-malformed` for a sheet or column that is not there, rows that are not, and text that is no number;
 * those of the sheets.
 */
export async function readRows(
  sheets: Sheets,
  measures: readonly MeasureWithRows[],
): Promise<Map<Measure, RowsOfMeasure>> {
  const bySheet = new Map<string, Map<string, Collector>>();
  const collectorOf = (sheet: string, selection: Selection) => {
    const known = bySheet.get(sheet) ?? new Map<string, Collector>();
    bySheet.set(sheet, known);
    // Measures share rows: AUROC and FPR95 are of the same scores.
    const key = JSON.stringify([Object.entries(selection.where), Object.entries(selection.columns)]);
    const collector = known.get(key) ?? new Collector(selection, { file: sheet });
    known.set(key, collector);
    return collector;
  };
  const collectors = measures.map((measure) => {
    const { sheet, and = [], against = [], ...selection } = measure.rows;
    const examples = collectorOf(sheet, selection);
    const more = and.map(({ paired, ...one }) => ({ paired, collector: collectorOf(sheet, one) }));
    return { measure, examples, more, against: against.map((one) => collectorOf(sheet, one)) };
  });
  for (const [file, collectors] of bySheet) await collect(sheets, file, [...collectors.values()]);
  return new Map(
    collectors.map(({ measure, examples, more, against }) => [
      measure,
      {
        examples: joined(
          examples.group(),
          more.map(({ paired, collector }) => ({ paired, group: collector.group() })),
        ),
        against: against.map((one) => one.group()),
      },
    ]),
  );
}

/** More than any index. */
const APART = 2 ** 32;

/** Rows of several data sets as those of one: indices of each set lie apart, so that they tell examples apart. */
function joined(first: Group, more: readonly { paired: boolean; group: Group }[]): Group {
  if (more.length === 0) return first;
  const parts = [{ paired: true, group: first }, ...more];
  const all = (of: (part: (typeof parts)[number], at: number) => number[]) =>
    Float64Array.from(parts.flatMap((part, at) => of(part, at)));
  return {
    indices: all(({ group }, at) => Array.from(group.indices, (index) => index + at * APART)),
    together: all(({ group, paired }, at) =>
      Array.from(group.indices, (index) => (paired ? index : index + at * APART)),
    ),
    columns: Object.fromEntries(
      Object.keys(first.columns).map((role) => [
        role,
        all(({ group }) => Array.from(columnsIn(group, [role])[role]!)),
      ]),
    ),
  };
}

async function collect(sheets: Sheets, file: string, collectors: readonly Collector[]): Promise<void> {
  const sheet = await sheets(file);
  if (!sheet) throw broken({ file }, 'a measure was made from a sheet that the run does not have');
  const at = columnsOf(sheet, file);
  for (const collector of collectors) collector.open(at);
  // Selections by the same columns are found by one look-up.
  const byColumns = new Map<string, { positions: number[]; found: Map<string, Collector[]> }>();
  for (const collector of collectors) {
    const names = Object.keys(collector.selection.where).sort();
    const known = byColumns.get(names.join('\n')) ?? { positions: names.map(at), found: new Map() };
    byColumns.set(names.join('\n'), known);
    const key = names.map((name) => cellText(collector.selection.where[name])).join('\n');
    known.found.set(key, [...(known.found.get(key) ?? []), collector]);
  }
  const groups = [...byColumns.values()];
  const text = remembered();
  for await (const cells of sheet.rows) {
    const listed = listedIn(cells);
    for (const { positions, found } of groups) {
      let key = '';
      for (let p = 0; p < positions.length; p++)
        key += p === 0 ? text(cells[positions[p]!]!) : `\n${text(cells[positions[p]!]!)}`;
      const selected = found.get(key);
      if (selected) for (const collector of selected) collector.add(cells, listed);
    }
  }
}

function columnsOf({ columns }: Sheet, file: string): (name: string) => number {
  return (name) => {
    const at = columns.indexOf(name);
    if (at >= 0) return at;
    throw broken({ file }, `the sheet has no column "${name}"`, { found: columns.join(', ') });
  };
}

/** The parts of the cells of a row that list something, each cut up once: many measures read the same list. */
function listedIn(cells: readonly SheetCell[]): (column: number) => readonly string[] {
  const known: string[][] = [];
  return (column) => {
    const cell = cells[column];
    known[column] ??= typeof cell === 'string' ? cell.split(' ') : [cellText(cell)];
    return known[column];
  };
}

/** `cellText`, looking at the same names of models once. */
function remembered(): (cell: SheetCell) => string {
  const known = new Map<string, string>();
  return (cell) => {
    if (typeof cell !== 'string') return cellText(cell);
    const text = known.get(cell) ?? cellText(cell);
    known.set(cell, text);
    return text;
  };
}

/** What a role is made from. */
interface Source {
  role: string;
  /** Position of the column. */
  at: number;
  /** 1 where the cell is this, else 0. */
  is?: string;
  /** Of a cell that lists numbers: which of them. */
  places?: readonly number[];
  values: number[];
}

function sourceOf(
  role: string,
  column: MeasureRows['columns'][string],
  at: (name: string) => number,
): Source {
  if (typeof column === 'string') return { role, at: at(column), values: [] };
  const source = { role, at: at(column.column), values: [] };
  if ('is' in column) return { ...source, is: cellText(column.is) };
  return { ...source, places: typeof column.at === 'number' ? [column.at] : column.at };
}

/** Gathers the rows of one selection. */
class Collector {
  private readonly indices: number[] = [];
  private columns: Source[] = [];
  private index = 0;
  /** One for all measures of these rows. */
  private made: Group | undefined;

  constructor(
    readonly selection: Selection,
    private readonly place: { file: string },
  ) {}

  open(at: (name: string) => number): void {
    this.index = at(INDEX);
    this.columns = Object.entries(this.selection.columns).map(([role, column]) => sourceOf(role, column, at));
  }

  /** @param listed the numbers of a cell that lists some, by its column */
  add(cells: readonly SheetCell[], listed: (column: number) => readonly string[]): void {
    this.indices.push(Number(cells[this.index]));
    for (const { role, at, is, places, values } of this.columns) {
      if (is !== undefined) values.push(cellText(cells[at]) === is ? 1 : 0);
      else if (places) for (const place of places) values.push(this.numberIn(listed(at)[place] ?? '', role));
      else if (typeof cells[at] !== 'string')
        values.push(cells[at] === null ? Number.NaN : Number(cells[at]));
      else for (const part of listed(at)) values.push(this.numberIn(part, role));
    }
  }

  private numberIn(text: string, role: string): number {
    if (text === '' || text === 'NaN') return Number.NaN;
    if (text === 'true' || text === 'false') return text === 'true' ? 1 : 0;
    const value = Number(text);
    if (!Number.isNaN(value)) return value;
    throw broken(this.place, `a cell is no number, for the ${role} of a measure`, {
      found: text.slice(0, 40),
    });
  }

  group(): Group {
    this.made ??= this.taken();
    return this.made;
  }

  private taken(): Group {
    if (this.indices.length === 0)
      throw broken(this.place, 'the sheet has no row that a measure was made from', {
        expected: `a row with ${JSON.stringify(this.selection.where)}`,
      });
    return {
      indices: Int32Array.from(this.indices),
      columns: Object.fromEntries(this.columns.map(({ role, values }) => [role, Float64Array.from(values)])),
    };
  }
}

const broken = (place: { file: string }, message: string, details = {}) =>
  new AssayError('file-malformed', message, {
    ...place,
    hint: 'sheets and results.json of a run belong together and are not to be edited: run `assay run` again',
    ...details,
  });
