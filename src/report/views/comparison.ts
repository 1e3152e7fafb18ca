import type { Results } from '../../suites/results.js';
import { type ComparisonColumn, compareHeadlines, DAGGER, legendOf, testNotes } from '../comparison.js';
import type { RowsLink } from '../examples/link.js';
import { formatEstimate, NONE, seenText } from '../format.js';
import type { Colours } from './colours.js';
import { direction, sharedTitle } from './headings.js';

/** The comparison at the top: columns grouped by suite, best values marked. */
export function comparisonView(results: Results, colours: Colours, link: RowsLink) {
  const comparison = compareHeadlines(results);
  const { columns, rows } = comparison;
  const groups: { title: string; span: number }[] = [];
  columns.forEach((column, i) => {
    if (i > 0 && columns[i - 1]!.suite === column.suite) groups[groups.length - 1]!.span++;
    else groups.push({ title: sharedTitle(results.suites, column.suite), span: 1 });
  });
  const unable = new Set(results.notApplicable.map((entry) => JSON.stringify([entry.model, entry.suite])));
  const lacking = (system: string, suite: string) =>
    unable.has(JSON.stringify([system, suite])) ? 'not applicable' : 'not measured';
  const starts = columns.map((column, i) => i > 0 && columns[i - 1]!.suite !== column.suite);
  return {
    groups: groups.map((group, i) => ({ ...group, first: i > 0 })),
    columns: columns.map((column, i) => ({
      // A sign stays with its number.
      title: column.title.replaceAll(' %', '\u00a0%'),
      dataset: column.dataset,
      first: starts[i],
      ...direction(column.better),
    })),
    rows: rows.map(({ system, cells }) => ({
      system,
      defence: results.systems.find((s) => s.name === system)?.defence ?? '',
      colour: colours.get(system) ?? '',
      cells: cells.map(({ measure, standing, dagger }, i) => ({
        ...formatEstimate(measure?.value ?? null, measure?.interval, columns[i]!.format),
        standing,
        dagger: dagger ? DAGGER : '',
        first: starts[i],
        label: labelOf(columns[i]!),
        n: measure ? seenText(measure) : '',
        note: measure?.note ?? (measure ? '' : lacking(system, columns[i]!.suite)),
        empty: (measure?.value ?? null) === null,
        sort: measure?.value ?? '',
        link: measure ? link(measure) : '',
      })),
    })),
    marked: rows.some((row) => row.cells.some((cell) => cell.standing !== 'other')),
    dagger: legendOf(comparison, results.comparisons),
    notes: testNotes(comparison),
    level: levelOf(results),
    links: columns.length > 0 && results.measures.some((measure) => link(measure) !== ''),
    none: NONE,
  };
}

/** What a cell is, beside it where the table has no room for its headings. */
function labelOf({ title, dataset, better }: ComparisonColumn): string {
  return [dataset ? `${title} (${dataset})` : title, direction(better).arrow].join(' ').trim();
}

/** Coverage of the intervals in percent; mixed levels are named as such. */
function levelOf(results: Results): string {
  const levels = [...new Set(results.measures.filter((m) => m.interval).map((m) => m.level))];
  return levels.map((level) => `${Math.round(1000 * level) / 10}%`).join(' or ') || '95%';
}
