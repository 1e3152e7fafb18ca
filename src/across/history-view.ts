import { discrepancyText } from '../comparison/conditions.js';
import { uniqueSlugs } from '../report/names.js';
import { createPalette } from '../report/plots/palette.js';
import { renderPlot } from '../report/plots/render-svg.js';
import { figureView } from '../report/views/figures.js';
import type { LineFigure } from '../suites/results.js';
import type { History, HistorySeries } from './history.js';
import { historyRows } from './history-text.js';

/** Everything the page of a history prints, formatted; figures are drawn. */
export async function historyView(history: History) {
  const { runs } = history;
  const models = [...new Set(history.series.map(({ model }) => model))];
  const palette = createPalette(models);
  const ids = uniqueSlugs();
  for (const id of ['summary', 'changes', 'runs']) ids(id);
  const figures = [];
  for (const figure of historyFigures(history))
    figures.push(await figureView(figure, ids(figure.id), '.', { palette, plotter: { draw: renderPlot } }));
  return {
    title: 'History',
    subtitle: [
      `${runs.length} runs`,
      `${day(runs[0]!.created)} to ${day(runs[runs.length - 1]!.created)}`,
      models.join(', '),
    ],
    rows: historyRows(history),
    figures,
    runs: runs.map(({ sealed, ...run }, i) => ({
      ...run,
      number: i + 1,
      created: run.created.slice(0, 16).replace('T', ' '),
      git: run.git ?? '',
      status: sealed ? run.status : `${run.status}, edited`,
    })),
  };
}

const day = (created: string) => created.slice(0, 10);

/** One figure for each measure, a line for each model; broken where the values stop being of the same thing. */
export function historyFigures({ runs, series }: History): LineFigure[] {
  const groups = new Map<string, HistorySeries[]>();
  for (const one of series) {
    const key = JSON.stringify([one.suite, one.measure, one.dataset, one.title]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group): LineFigure => {
    const { title, dataset, format } = group[0]!;
    const broken = new Set(group.flatMap(({ breaks }) => breaks.map(breakText(runs))));
    return {
      kind: 'lines',
      id: `history-${title}-${dataset}`,
      title: `${title} on ${dataset}`,
      ...(broken.size > 0 && { caption: `Lines begin anew: ${[...broken].join('; ')}.` }),
      xLabel: 'Run',
      yLabel: title,
      yFormat: format,
      xTicks: runs.map(({ created }, i) => ({ value: i + 1, label: day(created).slice(2) })),
      points: true,
      series: group.flatMap(stretches),
    };
  });
}

const breakText =
  (runs: History['runs']) =>
  ({ run, discrepancies }: HistorySeries['breaks'][number]): string =>
    `${runs[run]!.name} has ${discrepancies.map(discrepancyText).join(', ')}`;

/** The parts of a series that can be compared, each a line of its own. */
function stretches({ model, points, breaks }: HistorySeries): LineFigure['series'] {
  const starts = [points[0]!.run, ...breaks.map(({ run }) => run)];
  return starts.flatMap((start, i) => {
    const end = starts[i + 1] ?? Number.POSITIVE_INFINITY;
    const own = points.filter(({ run, value }) => run >= start && run < end && value !== null);
    if (own.length === 0) return [];
    return [
      {
        name: i === 0 ? model : `${model}, line ${i + 1}`,
        points: own.map(({ run, value, interval }) => ({
          x: run + 1,
          y: value ?? 0,
          ...(interval && { lo: interval[0], hi: interval[1] }),
        })),
      },
    ];
  });
}
