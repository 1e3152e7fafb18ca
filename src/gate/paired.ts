import { differenceOf } from '../comparison/difference.js';
import type { RowsOfMeasure } from '../comparison/groups.js';
import { hasRows, readRows } from '../comparison/read-rows.js';
import type { Sheets } from '../comparison/sheets.js';
import type { Measure, Results } from '../suites/results.js';
import type { Evidence } from './evidence.js';
import { isRelative, limitsOf } from './limits.js';
import type { GateRule } from './rule.js';

/** Results with the sheets that their measures are made from. */
export interface WithSheets {
  results: Results;
  sheets: Sheets;
}

/**
 * What computes differences of measures on the same examples. The rows of all measures that the rules compare are read
 * at once, every sheet once.
 * Errors: those of reading sheets.
 */
export async function pairedDifferences(
  rules: readonly GateRule[],
  run: WithSheets,
  blessed?: WithSheets,
): Promise<Required<Evidence>['differenceOf']> {
  const names = new Set(
    rules.filter((rule) => limitsOf(rule).some(isRelative)).map(({ measure }) => measure),
  );
  const read = ({ results, sheets }: WithSheets) =>
    readRows(
      sheets,
      results.measures.filter(hasRows).filter(({ measure }) => names.has(measure)),
    );
  const [own, others] = [await read(run), blessed && (await read(blessed))];
  return async (measure, other, from) => {
    const a = withRows(measure, own);
    const b = withRows(other, from === 'blessed' ? others : own);
    if (!a || !b) return `"${measure.measure}" is not made from rows of single examples`;
    const difference = differenceOf(a, b, { seed: run.results.seed });
    if (difference.value === null) return difference.note ?? 'it is not defined';
    const { value, n, interval, level, p, test, method } = difference;
    return { value, n, interval, level, method, p, test };
  };
}

function withRows(measure: Measure, read: ReadonlyMap<Measure, RowsOfMeasure> | undefined) {
  const rows = read?.get(measure);
  return rows && hasRows(measure) ? { measure, rows } : undefined;
}
