import { join, resolve } from 'node:path';
import { AssayError } from '../../errors.js';
import { stoppedText } from '../../report/stopped-text.js';
import type { Results } from '../../suites/results.js';
import { currentDigest, readRunRecord } from '../folder/run-record.js';
import { refuseEdited } from '../plan/seal.js';
import { mergeRemedy } from '../shards/shard-record.js';

const AGAIN = 'run the same `assay run` again: it measures nothing that is stored';

/**
 * Refuses to judge results that say less than they seem to. Models and data are not opened: whether those have
 * changed, only another run can tell.
 * @param allowPartial judge what is there of results that are partial or limited; undefined where nothing allows it
 * @param allowStopped judge results of a run that stopped when its gates were decided: gates can be
 * Errors: `results-edited` when they were changed since they were written; `results-stale` when they are not those
 * of the run that was begun last in the folder, or the run file says something else by now; `results-partial`.
 */
export async function refuseUnfit(
  directory: string,
  results: Results,
  { allowPartial, allowStopped = false }: { allowPartial: boolean | undefined; allowStopped?: boolean },
): Promise<void> {
  const file = join(directory, 'results.json');
  refuseEdited(directory, results, AGAIN);
  const record = await readRunRecord(directory);
  if (record && record.key !== results.key)
    throw new AssayError('results-stale', 'the results are those of an earlier run', {
      file,
      expected: `the run that was begun last in this folder (key ${short(record.key)} in run.json)`,
      found: `key ${short(results.key)}`,
      hint: 'that run did not finish: run the same command again, and it continues where it stopped',
    });
  if (record?.runFile) {
    const now = await currentDigest(directory, record.runFile.path);
    if (now !== undefined && now !== record.runFile.digest)
      throw new AssayError('results-stale', 'the run file has changed since it was run', {
        file: resolve(directory, record.runFile.path),
        expected: 'what it said then, gates and limits apart',
        hint: 'run it again: only what the change touches is measured',
      });
  }
  if (!allowStopped) refuseStopped(directory, results);
  if (allowPartial) return;
  const allTheSame = allowPartial === undefined ? '' : '; or take what is there with --allow-partial';
  if (results.status === 'partial')
    throw new AssayError('results-partial', 'the results are partial', {
      file,
      found: results.errors[0],
      hint: `${(await mergeRemedy(directory, results)) ?? AGAIN}${allTheSame}`,
    });
  const limit = limitOf(results.config);
  if (limit !== undefined)
    throw new AssayError('results-partial', 'the results are those of a part of every data set', {
      file,
      path: 'config.limit',
      found: `--limit ${limit}`,
      hint: `run it again without --limit${allTheSame}`,
    });
}

/**
 * Errors: `results-stopped` for results of a run that measured only until its gates were decided. How many examples it has
 * depends on what they showed, which nothing but a confidence sequence allows for.
 */
export function refuseStopped(directory: string, { stopped, measures }: Results): void {
  // Partial results of such a run say it of their measures only.
  if (!stopped && measures.every(({ of }) => of === undefined)) return;
  throw new AssayError('results-stopped', 'measuring stopped when the gates were decided', {
    file: join(directory, 'results.json'),
    path: stopped ? 'stopped' : 'measures',
    expected:
      'results of all examples: where a run stops depends on what it saw, so that its values are for its gates only',
    found: stopped && stoppedText(stopped).lines[0],
    hint: 'run the same `assay run` again without --until-decided: what is measured is used again',
  });
}

const short = (key: string | undefined) => key?.slice(0, 12) ?? 'none';

function limitOf(config: unknown): unknown {
  return (config as { limit?: unknown } | null)?.limit;
}
