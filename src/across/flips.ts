import { aligned, columnsIn, type Group } from '../comparison/groups.js';
import { foldedRows, statistics } from '../comparison/statistics.js';
import type { MeasureRead } from './paired-rows.js';
import type { FlippedExample } from './run-comparison.js';

/** The examples of a share whose outcome differs between two sides, by index. */
export function flipsOf(before: MeasureRead, after: MeasureRead): Omit<FlippedExample, 'row'>[] {
  const statistic = statistics.named(after.measure.rows.statistic);
  const folded = ({ rows }: MeasureRead) => foldedRows(statistic, rows).examples;
  const [ofBefore, ofAfter] = aligned(folded(before), folded(after));
  // Of a share that should be low, an outcome of 1 is what went wrong.
  const right = after.measure.better === 'lower' ? 0 : 1;
  const told = ({ columns }: Group, role: string, i: number) => {
    const value = columns[role]?.[i];
    return value === undefined || Number.isNaN(value) ? null : value;
  };
  const outcomeOf = (group: Group) => columnsIn(group, ['outcome']).outcome;
  const [outcomeBefore, outcomeAfter] = [outcomeOf(ofBefore), outcomeOf(ofAfter)];
  const flips = Array.from(ofAfter.indices).flatMap((index, i): Omit<FlippedExample, 'row'>[] => {
    const [was, is] = [outcomeBefore[i], outcomeAfter[i]];
    if (was === is) return [];
    return [
      {
        index,
        direction: is === right ? 'gained' : 'lost',
        label: told(ofAfter, 'label', i),
        before: told(ofBefore, 'prediction', i),
        after: told(ofAfter, 'prediction', i),
      },
    ];
  });
  return flips.sort((one, other) => one.index - other.index);
}
