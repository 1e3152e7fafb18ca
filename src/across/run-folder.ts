import { basename, join, resolve } from 'node:path';
import { AssayError } from '../errors.js';
import { readResults } from '../runs/folder/read-results.js';
import { refuseStopped } from '../runs/judging/judgeable.js';
import { refuseEdited } from '../runs/plan/seal.js';
import { mergeRemedy } from '../runs/shards/shard-record.js';
import type { Results } from '../suites/results.js';

/** A run folder that is compared with others. */
export interface RunFolder {
  /** What reports call it. */
  name: string;
  directory: string;
  results: Results;
}

/** What may be wrong with a folder and still be let through. */
export interface Tolerated {
  /** Results of an interrupted run, or of one with --limit. */
  partial: boolean;
  /** Results that were changed since a run wrote them. */
  edited: boolean;
  /** The options that say so, where there are any: for remedies. */
  options: { partial: string; edited?: string };
}

/**
 * Opens a run folder for a comparison.
 * Errors: those of `readResults`; `results-stopped`; `results-edited` and `results-partial` unless tolerated.
 */
export async function openRunFolder(
  directory: string,
  { partial, edited, options }: Tolerated,
): Promise<RunFolder> {
  const results = await readResults(directory);
  if (!edited)
    refuseEdited(
      directory,
      results,
      `run the same \`assay run\` again: it measures nothing that is stored${options.edited ? `; or take them all the same with ${options.edited}` : ''}`,
    );
  refuseStopped(directory, results);
  if (!partial && results.status === 'partial')
    throw new AssayError('results-partial', 'the results are partial', {
      file: join(directory, 'results.json'),
      found: results.errors[0],
      hint: `${(await mergeRemedy(directory, results)) ?? 'run the same `assay run` again: it measures what is missing'}; or take what is there with ${options.partial}`,
    });
  return { name: basename(resolve(directory)), directory, results };
}

/** What run folders are called: their last parts, and where these are the same the paths as given. */
export function namesApart(directories: readonly string[]): string[] {
  const last = directories.map((directory) => basename(resolve(directory)));
  return directories.map((directory, i) =>
    last.indexOf(last[i]!) === last.lastIndexOf(last[i]!) ? last[i]! : directory,
  );
}
