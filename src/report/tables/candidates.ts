import type { Sheets } from '../../comparison/sheets.js';
import type { Measure, Results } from '../../suites/results.js';
import type { TableColumn, TableSpec } from './spec.js';

/** Results and where they come from. */
export interface Run {
  /** As given on the command line. */
  folder: string;
  results: Results;
  /** What its measures were made from. */
  sheets?: Sheets;
}

/** A measure of some run, with everything that rows and columns can name. */
export interface Candidate {
  run: Run;
  measure: Measure;
  fields: Readonly<Record<string, string>>;
  /** Which of several seeds it is; empty without. */
  seed: string;
}

/** Every measure of every run. With seeds, the fields that tell seeds apart are the same for all of them. */
export function candidatesOf(runs: readonly Run[], { seeds }: Pick<TableSpec, 'seeds'>): Candidate[] {
  const group = new Map(
    typeof seeds === 'object'
      ? Object.entries(seeds).flatMap(([name, models]) => models.map((model) => [model, name] as const))
      : [],
  );
  return runs.flatMap((run) =>
    run.results.measures.map((measure) => {
      const name = group.get(measure.model);
      const params = Object.entries(measure.params).map(([key, value]) => [key, String(value)] as const);
      const fields = {
        ...Object.fromEntries(params),
        suite: measure.suite,
        dataset: measure.dataset,
        model: name ?? measure.model,
        folder: seeds === 'folders' ? 'all' : run.folder,
      };
      const seed = seeds === 'folders' ? run.folder : name === undefined ? '' : measure.model;
      return { run, measure, fields, seed };
    }),
  );
}

/** Those that a column is about. */
export function fitting(
  { measure, where = {} }: TableColumn,
  only: NonNullable<TableSpec['only']>,
  candidates: readonly Candidate[],
): Candidate[] {
  const allows = (value: string | undefined, allowed: unknown) =>
    value !== undefined && [allowed].flat().map(String).includes(value);
  return candidates.filter(
    ({ measure: m, fields }) =>
      m.measure === measure &&
      Object.entries(where).every(([key, allowed]) => allows(fields[key], allowed)) &&
      Object.entries(only).every(
        ([key, allowed]) => fields[key] === undefined || allows(fields[key], allowed),
      ),
  );
}

/** What tells measures apart, for people: `method (pgd, autoattack)`. */
export function differences(candidates: readonly Candidate[]): string[] {
  const keys = [...new Set(candidates.flatMap(({ fields }) => Object.keys(fields)))];
  return keys.flatMap((key) => {
    const values = [...new Set(candidates.map(({ fields }) => fields[key] ?? '(none)'))];
    return values.length > 1 ? [`${key} (${values.join(', ')})`] : [];
  });
}
