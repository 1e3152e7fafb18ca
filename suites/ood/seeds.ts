import { AssayError, type DatasetInfo, type SystemInfo, type Table, unknownName } from '../../src/suite.js';
import { estimateOf } from './estimates.js';
import { grouped } from './grouped.js';
import { type Average, averages, type MetricRow, metrics } from './metrics.js';
import type { OodOptions } from './options.js';
import type { Detector } from './result.js';

/** Which models of the run are checkpoints of one, trained from different seeds. */
export type Seeds = NonNullable<OodOptions['seeds']>;

const AT = 'suites: ood.seeds';

/** Errors: `unknown-name` for what is no model of the run; `config-invalid` for one in two places. */
export function checkSeeds(seeds: Seeds | undefined, systems: readonly Pick<SystemInfo, 'name'>[]): void {
  const known = systems.map(({ name }) => name);
  const seen = new Map<string, string>();
  for (const [group, members] of Object.entries(seeds ?? {}))
    for (const member of members) {
      const path = `${AT}.${group}`;
      if (!known.includes(member)) throw unknownName('model', member, known, { path });
      const other = seen.get(member);
      if (other !== undefined)
        throw new AssayError('config-invalid', `"${member}" is a checkpoint of two models`, {
          path,
          expected: 'each model of the run in one list',
          found: `it is among those of "${other}", too`,
          hint: `leave it out of one of the lists`,
        });
      seen.set(member, group);
    }
}

/** A number of each checkpoint: their mean, and the standard deviation over them, divided by how many there are. */
export function overSeeds(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / values.length) };
}

/**
 * Means and deviations over checkpoints, as OpenOOD prints them. Best first by the first column. None where no models are
 * said to be checkpoints of one, or only one of them was measured.
 */
export function seedsTable(
  id: DatasetInfo,
  detectors: readonly Detector[],
  { seeds = {}, conventions }: Pick<OodOptions, 'seeds' | 'conventions'>,
): Table[] {
  const rates = conventions.includes('openood') ? 'fpr95-openood' : 'fpr95-ood-positive';
  const rows = metrics.filter((row) => row.id === 'auroc' || row.id === rates);
  const groups = Object.entries(seeds).flatMap(([name, members]) => {
    const own = detectors.filter(({ system }) => members.includes(system.name));
    return grouped(own, ({ score }) => score.id)
      .filter((of) => of.length > 1)
      .map((of) => ({ name, of }));
  });
  if (groups.length === 0) return [];
  const used = usedAverages(groups.flatMap(({ of }) => of));
  const columns = used.flatMap((average) =>
    rows.map((row) => ({ average, row, key: `${average.id}-${row.id}` })),
  );
  const lines = groups.map(({ name, of }) => ({
    name,
    score: of[0]!.score.title,
    checkpoints: of.length,
    found: columns.map(({ average, row }) =>
      overSeeds(
        of.map(
          ({ averaged }) =>
            estimateOf(
              row,
              averaged.filter(({ ood }) => average.includes(ood.dataset)),
            ).value,
        ),
      ),
    ),
  }));
  const order = Object.keys(seeds);
  lines.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name) || b.found[0]!.mean - a.found[0]!.mean);
  return [
    {
      id: `seeds-${id.name}`,
      title: `Over checkpoints, against ${id.name}`,
      caption: `Mean over the checkpoints of a model ± their standard deviation, divided by their number as OpenOOD prints it: ${Object.entries(
        seeds,
      )
        .map(([name, members]) => `${name}: ${members.join(', ')}`)
        .join('; ')}. The deviation tells of another training, not of other images.`,
      columns: [
        { key: 'model', title: 'Model', format: 'text' },
        { key: 'score', title: 'Score', format: 'text' },
        { key: 'checkpoints', title: 'Checkpoints', format: 'number' },
        ...columns.map(({ average, row, key }) => ({
          key,
          title: `${average.title} ${row.title}`,
          format: row.format,
          better: row.better,
        })),
      ],
      rows: lines.map(({ name, score, checkpoints, found }) => ({
        ...{ model: name, score, checkpoints },
        ...Object.fromEntries(
          columns.map(({ key, row }, c) => [
            key,
            {
              value: Number.isFinite(found[c]!.mean) ? found[c]!.mean : null,
              mark: told(found[c]!.deviation, row),
            },
          ]),
        ),
      })),
    },
  ];
}

/** Near and far, where sets have distances, and otherwise all. */
function usedAverages(detectors: readonly Detector[]): readonly Average[] {
  const sets = detectors.flatMap(({ averaged }) => averaged.map(({ ood }) => ood.dataset));
  const apart = averages.filter((average) => average.id !== 'mean' && sets.some(average.includes));
  return apart.length > 0 ? apart : averages.filter(({ id }) => id === 'mean');
}

const told = (deviation: number, { format }: Pick<MetricRow, 'format'>) =>
  Number.isFinite(deviation)
    ? ` ± ${format === 'percent' ? (100 * deviation).toFixed(1) : deviation.toFixed(3)}`
    : '';
