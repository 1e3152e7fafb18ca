import { didYouMean } from '../../errors.js';
import type { Better } from '../../suites/results.js';
import { heading } from '../latex/headings.js';
import { type Candidate, fitting } from './candidates.js';
import type { Format } from './cell.js';
import { printedName } from './naming.js';
import type { PaperColumn } from './paper-table.js';
import type { TableColumn, TableSpec } from './spec.js';

/** A column that is printed: one of a file, or one of several that `each` makes of it. */
export interface Expanded {
  spec: TableColumn;
  /** Where it stands in the file. */
  path: string;
  /** What it is of: { epsilon: '8/255' }. */
  of: Record<string, string>;
  candidates: Candidate[];
}

/** A column as it is, or one for each value of what `each` names, in the order of the runs. */
export function expand(
  spec: TableColumn,
  path: string,
  only: NonNullable<TableSpec['only']>,
  all: readonly Candidate[],
): Expanded[] {
  const candidates = spec.fact === undefined ? fitting(spec, only, all) : [];
  const { each = [] } = spec;
  if (each.length === 0 || candidates.length === 0) return [{ spec, path, of: {}, candidates }];
  const groups = new Map<string, Expanded>();
  for (const candidate of candidates) {
    const of = Object.fromEntries(each.map((field) => [field, candidate.fields[field] ?? '']));
    const key = JSON.stringify(of);
    const group = groups.get(key) ?? { spec, path, of, candidates: [] };
    groups.set(key, group);
    group.candidates.push(candidate);
  }
  return [...groups.values()];
}

export const formatOf = ({ spec, candidates }: Expanded): Format =>
  spec.show === 'n' ? 'number' : (spec.format ?? candidates[0]?.measure.format ?? 'number');

/** The heading of a column, and what its values mean. */
export function columnOf(column: Expanded, names: Readonly<Record<string, string>>): PaperColumn {
  const { spec, of, candidates } = column;
  const [first] = candidates;
  const shown = (field: string) => printedName(of[field] ?? first?.fields[field] ?? '', names);
  // Where no measure fits, nothing fills the gaps at the end: "Robust accuracy: ".
  const fill = (text: string) =>
    text.replace(/\{([\w-]+)\}/g, (_, field) => shown(field)).replace(/[\s:,]+$/, '');
  const usual = spec.fact ?? (Object.keys(of).map(shown).join(', ') || first?.measure.title || spec.measure);
  const name = fill(spec.title ?? usual ?? '');
  const isValue = spec.fact === undefined && (spec.show ?? 'value') === 'value';
  const better: Better = isValue ? (first?.measure.better ?? 'none') : 'none';
  return {
    name: spec.group ? `${fill(spec.group)}: ${name}` : name,
    title: heading(name, isValue ? formatOf(column) : 'number', better),
    ...(spec.group && { group: fill(spec.group) }),
    better,
    numeric: isValue || spec.show === 'n',
  };
}

/** Why no measure at all fits a column. */
export function whyNone({ measure = '', where = {} }: TableColumn, all: readonly Candidate[]): string {
  const named = all.filter((candidate) => candidate.measure.measure === measure);
  if (named.length === 0) {
    const guess = didYouMean(measure, [...new Set(all.map((candidate) => candidate.measure.measure))]);
    return `no run has ${measure}${guess ? ` (did you mean "${guess}"?)` : ''}`;
  }
  const misses = Object.entries(where).flatMap(([key, allowed]) => {
    const there = [...new Set(named.map(({ fields }) => fields[key] ?? '(none)'))];
    const names = [allowed].flat().map(String);
    return there.some((value) => names.includes(value))
      ? []
      : [`${key} ${names.join(', ')}: there is ${there.join(', ')}`];
  });
  return `no run has ${measure} with ${misses.join('; ') || 'all that `where` and `only` ask for'}`;
}
