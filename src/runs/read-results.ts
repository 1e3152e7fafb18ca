import { join } from 'node:path';
import { isAbsent, readText } from '../bytes/regular-file.js';
import { type TUnsafe, Type } from '../config/type.js';
import { check } from '../config/validate.js';
import { AssayError } from '../errors.js';
import { resultsSchema } from '../report/schema.js';
import type { Results } from '../suites/results.js';

/** Reads the results of a run folder. Errors: `file-unreadable`, `file-malformed`, `config-invalid`. */
export async function readResults(directory: string): Promise<Results> {
  return readResultsFile(join(directory, 'results.json'));
}

/** Reads results wherever they lie. Errors: as `readResults`. */
export async function readResultsFile(file: string): Promise<Results> {
  const text = await readText(file, 'results').catch((error: Error) => {
    if (!isAbsent(error)) throw error;
    throw new AssayError('file-unreadable', 'this is not the folder of a finished run', {
      file,
      found: 'no such file',
      hint: 'give the folder that `assay run` named, or run it first',
      cause: error,
    });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AssayError('file-malformed', 'the results are not valid JSON', {
      file,
      found: (cause as Error).message,
      hint: 'run the same `assay run` again: it rewrites them from what is stored',
      cause,
    });
  }
  return checkResults(value, file);
}

/** What a file holds, as results. Errors: `config-invalid`. */
export function checkResults(value: unknown, file: string): Results {
  published ??= Type.Unsafe<Results>(resultsSchema());
  return check(published, value, { file, what: 'results' });
}

/** One for all folders that are read: a validator is compiled for each schema. */
let published: TUnsafe<Results> | undefined;
