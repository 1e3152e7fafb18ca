import { readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { readText } from '../bytes/regular-file.js';
import { AssayError } from '../errors.js';
import { checkResults, readResultsFile } from '../runs/folder/read-results.js';
import { sealHolds } from '../runs/plan/seal.js';
import type { Results } from '../suites/results.js';

/** Results of one time. */
export interface PastRun {
  /** Below the folder of the history: `v2`, `2026-11-03.json`. */
  name: string;
  results: Results;
  /** The run folder, where it is one: sheets may lie in it. */
  directory?: string;
  /** Whether nothing was changed since a run wrote them. */
  sealed: boolean;
}

/** How deep run folders may lie: `releases/2026/v2`. */
const DEPTH = 3;

/**
 * All results below a folder, oldest first: those of run folders, and results.json files under any name. The same
 * results twice count once.
 * Errors: those of reading results; `not-comparable` when there are fewer than two.
 */
export async function readHistory(directory: string): Promise<PastRun[]> {
  const runs = new Map<string, PastRun>();
  for (const { file, value } of await resultFiles(directory, DEPTH)) {
    const results = value === undefined ? await readResultsFile(file) : checkResults(value, file);
    const name = relative(directory, file).replace(/[/\\]?results\.json$/, '') || '.';
    const same = JSON.stringify([results.key, results.digest, results.created]);
    if (runs.has(same)) continue;
    const own = value === undefined && { directory: dirname(file) };
    runs.set(same, { name, results, ...own, sealed: sealHolds(results) });
  }
  const ordered = [...runs.values()].sort((a, b) => timeOf(a) - timeOf(b));
  if (ordered.length >= 2) return ordered;
  throw new AssayError('not-comparable', 'there is no history here', {
    file: directory,
    expected: 'results of two runs or more: run folders, or results.json files under names of their own',
    found: ordered.length === 0 ? 'none' : `one: ${ordered[0]!.name}`,
    hint: 'keep the run folder, or its results.json, of every release in one folder, and name that folder',
  });
}

const timeOf = ({ results }: PastRun): number => Date.parse(results.created) || 0;

/** A file of results; what it holds, where that was read to know. */
interface ResultsFile {
  file: string;
  value?: unknown;
}

/** A run folder is not looked into: what lies below it is its own. */
async function resultFiles(directory: string, depth: number): Promise<ResultsFile[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: Error) => {
    throw new AssayError('file-unreadable', 'this folder cannot be read', {
      file: directory,
      found: cause.message,
      hint: 'name a folder that holds run folders, or results.json files',
      cause,
    });
  });
  if (entries.some(({ name }) => name === 'results.json')) {
    const own = { file: join(directory, 'results.json') };
    const others = entries.filter(({ name }) => name === 'run.json').length > 0;
    return others ? [own] : [own, ...(await below(directory, entries, depth))];
  }
  return below(directory, entries, depth);
}

async function below(
  directory: string,
  entries: readonly { name: string; isDirectory(): boolean; isFile(): boolean }[],
  depth: number,
): Promise<ResultsFile[]> {
  const files: ResultsFile[] = [];
  for (const entry of [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && depth > 1) files.push(...(await resultFiles(path, depth - 1)));
    const loose = entry.isFile() && entry.name.endsWith('.json') && entry.name !== 'results.json';
    const value = loose ? await resultsIn(path) : undefined;
    if (value !== undefined) files.push({ file: path, value });
  }
  return files;
}

/** What a file holds, if it looks like results: other JSON may lie beside them. */
async function resultsIn(file: string): Promise<unknown> {
  try {
    const value: unknown = JSON.parse(await readText(file, 'results'));
    return typeof value === 'object' && value !== null && 'measures' in value && 'suites' in value
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}
