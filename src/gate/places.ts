import { relative, resolve, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { GateResult } from '../suites/results.js';

/** Where a rule stands. */
export interface Place {
  /** From the root of the project, with forward slashes; absolute where it lies outside. */
  file: string;
  /** From 1. */
  line: number;
}

/**
 * Finds the line of a verdict's rule in a file of gates, by what the rule says: the file may have been reordered since it
 * was read. A rule that is not found stands in line 1, as all do where the file cannot be read any more.
 * @param rules what was judged: a verdict says which of them it is of
 * @param root what annotations and code scanning tell paths from: the root of the repository
 */
export async function placesIn(
  file: string,
  rules: readonly unknown[],
  root: string,
): Promise<(verdict: Pick<GateResult, 'gate'>) => Place> {
  const path = pathFrom(root, file);
  // The reader of YAML takes a while to load, and most runs tell nobody where their rules stand.
  const { placedItems } = await import('../config/lines.js');
  const items = await placedItems(file, 'gates').catch(() => []);
  const lines = rules.map((rule) => items.find(({ value }) => isDeepStrictEqual(value, rule))?.line ?? 1);
  return ({ gate }) => ({ file: path, line: gate === undefined ? 1 : (lines[gate] ?? 1) });
}

function pathFrom(root: string, file: string): string {
  const path = relative(resolve(root), resolve(file));
  const outside = path === '..' || path.startsWith(`..${sep}`) || resolve(path) === path;
  return (outside ? resolve(file) : path).split(sep).join('/');
}
