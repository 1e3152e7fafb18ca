import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAbsent, readText } from '../../bytes/regular-file.js';
import { type TUnsafe, Type } from '../../config/type.js';
import { check } from '../../config/validate.js';
import { AssayError } from '../../errors.js';
import { resultsSchema } from '../../report/schema.js';
import type { Results } from '../../suites/results.js';

/** Reads the results of a run folder. Errors: `file-unreadable`, `file-malformed`, `config-invalid`. */
export async function readResults(directory: string): Promise<Results> {
  return readResultsFile(join(directory, 'results.json'));
}

/** Reads results wherever they lie. Errors: as `readResults`. */
export async function readResultsFile(file: string): Promise<Results> {
  return checkResults(parsed(await presentText(file), file), file);
}

const presentText = (file: string): Promise<string> =>
  textOf(file).catch((error: Error) => {
    if (!isAbsent(error)) throw error;
    throw new AssayError('file-unreadable', 'this is not the folder of a finished run', {
      file,
      found: 'no such file',
      hint: 'give the folder that `assay run` named, or run it first',
      cause: error,
    });
  });

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AssayError('file-malformed', 'the results are not valid JSON', {
      file,
      found: (cause as Error).message,
      hint: 'run the same `assay run` again: it rewrites them from what is stored',
      cause,
    });
  }
}

/**
 * Refuses what was read of a folder whose results have changed since: files of two states may have been mixed.
 * Errors: `results-stale`; those of `readResults` but for the schema.
 */
export async function refuseReplaced(directory: string, { digest }: Results): Promise<void> {
  const file = join(directory, 'results.json');
  // It was checked against the schema when it was read.
  const now = parsed(await presentText(file), file) as Pick<Results, 'digest'> | null;
  if (now?.digest === digest) return;
  throw new AssayError('results-stale', 'a run has replaced the results while they were read', {
    file,
    path: 'digest',
    expected: 'the results that were there at first',
    found: 'others, so that some files may have been read of each',
    hint: 'run the same command again',
  });
}

/** How long a run may take to put its files in the place of those of an earlier one, in looks of so many ms. */
const LOOKS = 40;
const LOOK_MS = 50;

/** Between one state of a run folder and the next there are no results, for as long as some files take to be renamed. */
async function textOf(file: string): Promise<string> {
  for (let look = 0; ; look++) {
    try {
      return await readText(file, 'results');
    } catch (error) {
      if (!isAbsent(error as Error) || look === LOOKS || !(await isBeingReplaced(dirname(file)))) throw error;
    }
    await sleep(LOOK_MS);
  }
}

const isBeingReplaced = async (directory: string): Promise<boolean> =>
  (await readdir(directory).catch(() => [])).some((name) => /^\.next\..*\.tmp$/.test(name));

/** What a file holds, as results. Errors: `config-invalid`. */
export function checkResults(value: unknown, file: string): Results {
  published ??= Type.Unsafe<Results>(resultsSchema());
  return check(published, value, { file, what: 'results' });
}

/** One for all folders that are read: a validator is compiled for each schema. */
let published: TUnsafe<Results> | undefined;
