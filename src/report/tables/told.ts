import { type Candidate, differences, type Run } from './candidates.js';
import type { Content } from './cell.js';
import { type Expanded, whyNone } from './columns.js';
import type { PaperColumn } from './paper-table.js';
import type { Row } from './rows.js';
import { seedsExpected } from './seeds.js';
import type { TableSpec } from './spec.js';

/** What a column lacks: once where it has nothing at all. */
export function lacking(
  name: string,
  { spec, candidates }: Expanded,
  rows: readonly Row[],
  contents: readonly Content[][],
  c: number,
  all: readonly Candidate[],
  needs?: string,
): string[] {
  if (spec.fact === undefined && candidates.length === 0)
    return [`${name}: ${whyNone(spec, all)}${needed(needs)}`];
  return rows.flatMap((row, r) => {
    const content = contents[r]![c]!;
    return 'missing' in content ? [`${name} of ${row.join(', ')}: ${content.missing}`] : [];
  });
}

/** What a run file must ask for, where the table says it. */
export const needed = (needs: string | undefined): string =>
  needs === undefined ? '' : `; it needs ${needs}`;

/** Means that rest on fewer seeds than there are. */
export function incomplete(
  spec: TableSpec,
  runs: readonly Run[],
  rows: readonly Row[],
  contents: readonly Content[][],
  columns: readonly PaperColumn[],
): string[] {
  if (spec.seeds === 'folders' && runs.length === 1) {
    return [`table ${spec.id}: one run folder is one seed, so there is no deviation`];
  }
  const m = (spec.rows ?? ['model']).indexOf('model');
  return rows.flatMap((row, r) =>
    columns.flatMap(({ name }, c) => {
      const content = contents[r]![c]!;
      const seeds = 'data' in content ? content.data.seeds : undefined;
      const expected = seedsExpected(spec, runs, row[m]!);
      return seeds !== undefined && seeds < expected
        ? [`${name} of ${row.join(', ')}: mean of ${seeds} of ${expected} seeds`]
        : [];
    }),
  );
}

/** Of a column whose values were not measured alike: in what they differ, be it parameters or the images. */
export function mixed(name: string, { spec, candidates, of }: Expanded, fields: readonly string[]): string[] {
  if ((spec.show ?? 'value') !== 'value') return [];
  const usual = new Set([...fields, ...Object.keys(of), 'model', 'folder']);
  const told = differences(candidates).filter((text) => !usual.has(text.slice(0, text.indexOf(' ('))));
  const images = new Map<string, Set<string>>();
  for (const { run, measure } of candidates) {
    const print = run.results.datasets.find((dataset) => dataset.name === measure.dataset)?.fingerprint;
    const prints = images.get(measure.dataset) ?? new Set();
    images.set(measure.dataset, prints.add(print ?? ''));
  }
  const others = [...images].filter(([, prints]) => prints.size > 1).map(([dataset]) => dataset);
  return [
    ...(told.length > 0 ? [`${name} mixes values that differ in ${told.join(', ')}`] : []),
    ...others.map(
      (dataset) => `${name} mixes values on different images: ${dataset} is not the same in all runs`,
    ),
  ];
}
