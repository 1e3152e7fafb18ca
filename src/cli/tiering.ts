import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 optimise functions that run for long, and no others. Its usual budget (66 KiB of bytecode between two looks) has a
 * command of seconds optimise hundreds of functions that are soon needed no more: a quarter of its processor time. With
 * this one a hot function waits some milliseconds longer. For every thread of the process; what is computed stays the same.
 */
export function optimiseWhatStays(): void {
  if (hasBudget(process.versions.v8)) setFlagsFromString('--interrupt-budget=1000000');
}

/** V8 12 (Node 22 and later) counts calls in its place, and complains on stderr of flags that it does not know. */
export const hasBudget = (v8: string): boolean => v8.startsWith('11.3.');
