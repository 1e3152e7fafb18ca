import { allHold } from '../hold.js';
import { gateSummary } from '../present.js';
import type { Judged } from './reporter.js';

export interface Outcome {
  kind: 'passed' | 'warned' | 'failed' | 'broken' | 'none';
  /** `2 of 3 gates failed` */
  words: string;
}

/** Why runs are partial. */
export const errorsOf = (runs: Judged['runs']): string[] => runs.flatMap(({ errors }) => errors);

/** What runs are called, each name once. */
export const titlesOf = (runs: Judged['runs']): string =>
  [...new Set(runs.map(({ title }) => title))].join(', ');

/** What a set of verdicts comes to: something that could not be measured is worse than a gate that failed. */
export function outcome({ runs, gates }: Judged): Outcome {
  const partial = runs.some(({ status }) => status === 'partial');
  const told = gates.length > 0 ? gateSummary(gates) : 'no gates';
  const words = partial ? `partial, ${told}` : told;
  if (errorsOf(runs).length > 0) return { kind: 'broken', words };
  if (gates.length === 0) return { kind: 'none', words };
  if (!allHold(gates)) return { kind: 'failed', words };
  return { kind: gates.every(({ passed }) => passed) ? 'passed' : 'warned', words };
}
