import { stringify } from 'csv-stringify/sync';
import { discrepancyText } from '../comparison/conditions.js';
import { cast } from '../csv-cell.js';
import { oneLine } from '../one-line.js';
import { formatEstimate, NONE, shownP } from '../report/format.js';
import { textTable } from '../report/text-table.js';
import type { History, HistorySeries } from './history.js';
import { formatDifference } from './present.js';

/** A row of a history as people read it. */
export interface HistoryRow {
  series: HistorySeries;
  title: string;
  first: string;
  previous: string;
  latest: string;
  interval: string;
  sincePrevious: string;
  sinceFirst: string;
  /** Where the line is broken, and why. */
  breaks: string[];
}

/** Series that hang together: by model, in the order of the runs' tables. */
export function historyRows(history: History): HistoryRow[] {
  const { runs, series } = history;
  const datasets = new Set(series.map(({ dataset }) => dataset));
  return series.map((one) => {
    const { points, format, breaks } = one;
    const last = points[points.length - 1]!;
    const write = (point: (typeof points)[number] | undefined) =>
      point ? formatEstimate(point.value, null, format).value : NONE;
    const { value, interval } = formatEstimate(last.value, last.interval, format);
    const where = datasets.size > 1 ? ` (${one.dataset})` : '';
    const ended = last.run < runs.length - 1 ? `, last in ${runs[last.run]!.name}` : '';
    const sinceFirst = one.sinceFirst
      ? `${formatDifference(one.sinceFirst.difference, null, format).value}${one.sinceFirst.run === points[0]!.run ? '' : ` since ${runs[one.sinceFirst.run]!.name}`}`
      : NONE;
    return {
      series: one,
      title: `${one.model}: ${one.title}${where}${ended}`,
      first: write(points[0]),
      previous: write(points.at(-2)),
      latest: value,
      interval,
      sincePrevious: `${formatDifference(one.sincePrevious, null, format).value}${one.sincePrevious === null ? '' : testText(last.p)}`,
      sinceFirst,
      breaks: breaks.map(
        ({ run, discrepancies }) =>
          `new line from ${runs[run]!.name}: ${discrepancies.map(discrepancyText).join('; ')}`,
      ),
    };
  });
}

/** `, p = 0.012`; nothing where there is no test. */
const testText = (p: number | null): string => (p === null ? '' : `, ${shownP(p)}`);

/** A history for a terminal. */
export function historyText(history: History): string {
  const { runs } = history;
  const rows = historyRows(history);
  const [header, ...lines] = textTable(
    [
      ['', 'first', 'previous', 'latest', 'interval', 'to previous', 'to first'],
      ...rows.map(({ title, first, previous, latest, interval, sincePrevious, sinceFirst }) => [
        title,
        first,
        previous,
        latest,
        interval,
        sincePrevious,
        sinceFirst,
      ]),
    ],
    [0, 6],
  );
  return [
    ...textTable(
      runs.map(({ name, created, title, assay, git, status, sealed }) => [
        name,
        created.slice(0, 16).replace('T', ' '),
        title,
        `Assay ${assay}`,
        git ?? '',
        [...(status === 'complete' ? [] : [status]), ...(sealed ? [] : ['edited'])].join(', '),
      ]),
      [0, 1, 2, 3, 4, 5],
    ),
    '',
    header,
    ...lines.flatMap((line, i) => [line, ...rows[i]!.breaks.map((why) => `    ${oneLine(why)}`)]),
    '',
    'A change is latest minus earlier, and – where data or conditions differ in between. p: of the paired test to the previous run,',
    'where both still have their examples, not corrected for the number of measures: `assay compare` tests two runs with correction.',
  ].join('\n');
}

/** A row per value, oldest run first, at full precision. `line` counts the stretches that can be compared. */
export function historyCsv({ runs, series }: History): string {
  const rows = series.flatMap(({ points, breaks, ...of }) =>
    points.map(({ run, value, n, interval, p }) => ({
      run: runs[run]!.name,
      created: runs[run]!.created,
      assay: runs[run]!.assay,
      git: runs[run]!.git,
      model: of.model,
      suite: of.suite,
      measure: of.measure,
      title: of.title,
      dataset: of.dataset,
      params: JSON.stringify(of.params),
      better: of.better,
      format: of.format,
      value,
      lo: interval?.[0],
      hi: interval?.[1],
      n,
      p,
      line: 1 + breaks.filter((one) => one.run <= run).length,
    })),
  );
  return stringify(rows, { header: true, cast });
}
