import { allHold } from '../hold.js';
import { gateSummary } from '../present.js';
import type { Judged } from './reporter.js';

export interface Outcome {
  kind: 'passed' | 'warned' | 'failed' | 'broken' | 'none';
  /** `2 of 3 gates failed` */
  words: string;
}

/** What a set of verdicts comes to: something that could not be measured is worse than a gate that failed. */
export function outcome({ results, gates }: Judged): Outcome {
  const words = gates.length > 0 ? gateSummary(gates) : 'no gates';
  if (results.status === 'partial')
    return { kind: 'broken', words: gates.length > 0 ? `partial, ${words}` : 'partial' };
  if (gates.length === 0) return { kind: 'none', words };
  if (!allHold(gates)) return { kind: 'failed', words };
  return { kind: gates.every(({ passed }) => passed) ? 'passed' : 'warned', words };
}
