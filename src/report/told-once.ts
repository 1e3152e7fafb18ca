import type { NotApplicable, Warning } from '../suites/results.js';

/** A warning as several suites, systems or data sets raise it. */
export interface ToldOnce extends Warning {
  /** Names of the systems, then of the data sets. */
  about: string[];
  suites: string[];
}

const named = (names: readonly (string | undefined)[]): string[] => [
  ...new Set(names.filter((name) => name !== undefined)),
];

/** Those that share what `key` gives, together, in the order of the first of each. */
function alike<T>(all: readonly T[], key: (one: T) => readonly unknown[]): (readonly [T, ...T[]])[] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const one of all) {
    const of = JSON.stringify(key(one));
    const group = groups.get(of);
    if (group) group.push(one);
    else groups.set(of, [one]);
  }
  return [...groups.values()];
}

/** Warnings in the same words once, with all that they are about. */
export const warningsOnce = (warnings: readonly Warning[]): ToldOnce[] =>
  alike(warnings, ({ code, severity, message, why, fix }) => [code, severity, message, why, fix]).map(
    (group) => ({
      ...group[0],
      about: named([...group.map(({ model }) => model), ...group.map(({ dataset }) => dataset)]),
      suites: named(group.map(({ suite }) => suite)),
    }),
  );

/** What several systems lack for the same reason once, with their names. */
export const lacksOnce = (
  entries: readonly NotApplicable[],
): (Omit<NotApplicable, 'model'> & { models: string[] })[] =>
  alike(entries, ({ suite, what, reason }) => [suite, what, reason]).map((group) => {
    const { model: _, ...rest } = group[0];
    return { ...rest, models: named(group.map(({ model }) => model)) };
  });
