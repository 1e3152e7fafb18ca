import { compareScores } from '../metrics/ranking/ranking.js';
import { Registry } from '../registry.js';
import type { Group, RowsOfMeasure } from './groups.js';
import type { MeasureWithRows } from './read-rows.js';
import { ofCalibration } from './statistics/of-calibration.js';
import { ofDetection } from './statistics/of-detection.js';
import { ofExamples } from './statistics/of-examples.js';
import { ofSamples } from './statistics/of-samples.js';
import { ofSelection } from './statistics/of-selection.js';
import {
  columnsAgainst,
  columnsFor,
  type ExampleStatistic,
  type Options,
  type Statistic,
} from './statistics/statistic.js';

const rows: readonly Statistic[] = [
  ...ofExamples,
  ...ofCalibration,
  ...ofSelection,
  ...ofSamples,
  ...ofDetection,
];

/** What `rows.statistic` of a measure can be. */
export const statistics = Registry.of<Statistic>('statistic', rows);

/** The rows as the statistic wants them: one for each example. */
export function foldedRows(statistic: Statistic, rows: RowsOfMeasure): RowsOfMeasure {
  if (statistic.kind !== 'examples' || !statistic.fold) return rows;
  return { ...rows, examples: statistic.fold(rows.examples) };
}

/** The value of a measure, from its rows alone. Errors: `unknown-name` for a statistic that there is not. */
export function valueFromRows(measure: MeasureWithRows, rows: RowsOfMeasure): number {
  return valueOfFolded(measure, foldedRows(statistics.named(measure.rows.statistic), rows));
}

/** The same, of rows that are folded already. */
export function valueOfFolded(
  { rows: { statistic: name, options = {} } }: MeasureWithRows,
  rows: RowsOfMeasure,
): number {
  const { examples, against } = rows;
  const statistic = statistics.named(name);
  if (statistic.kind === 'examples') {
    const once = new Uint8Array(examples.indices.length).fill(1);
    return statistic.of(columnsFor(statistic, examples), options)(once);
  }
  const values = against.map((set) => againstOne(statistic, examples, set, options));
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function againstOne(
  statistic: Exclude<Statistic, ExampleStatistic>,
  examples: Group,
  set: Group,
  options: Options,
): number {
  const [own, other] = [columnsFor(statistic, examples), columnsAgainst(statistic, set)];
  if (statistic.kind === 'two-sample') return statistic.of(own.value, other.value);
  if (statistic.kind === 'ranking') return compareScores(own.score, other.score)[statistic.metric];
  if (statistic.test === 'delong') return statistic.placed(own, other).auroc;
  const once = ({ indices }: Group) => new Uint8Array(indices.length).fill(1);
  return statistic.of(own, other, options)(once(examples), once(set));
}
