import { join } from 'node:path';
import { hashOfFile } from '../../bytes/file-hash.js';
import { isAbsent, readText } from '../../bytes/regular-file.js';
import { type Sheets, sheetsIn } from '../../comparison/sheets.js';
import { Type } from '../../config/type.js';
import { check } from '../../config/validate.js';
import { AssayError } from '../../errors.js';
import type { JudgedBaseline } from '../../gate/gather.js';
import type { Results } from '../../suites/results.js';
import { keyOf } from './keys.js';
import { readResults } from './read-results.js';

/** The entry that makes a folder a baseline: it names every other file with its content. */
export const BASELINE_RECORD = 'baseline.json';

/** `baseline.json`. */
export const BaselineRecord = Type.Object(
  {
    version: Type.Literal(1),
    created: Type.String({ description: 'ISO 8601 time at which it was blessed' }),
    commit: Type.Optional(Type.String({ description: 'of the folder of the run file, when it was run' })),
    key: Type.String({ description: 'of the run' }),
    files: Type.Record(Type.String(), Type.String(), { description: 'sha256 by path' }),
  },
  { additionalProperties: false },
);
export type BaselineRecord = (typeof BaselineRecord)['static'];

/** Results of an earlier release, with the sheets that comparisons read. */
export interface Baseline {
  directory: string;
  results: Results;
  sheets: Sheets;
  record: BaselineRecord;
}

/** The same for rules. */
export const judgedBaseline = ({ results, sheets, record }: Baseline): JudgedBaseline => ({
  results,
  sheets,
  about: {
    key: record.key,
    created: record.created,
    ...(record.commit !== undefined && { commit: record.commit }),
  },
});

/** What results.json may name, and what it is called there. */
const FILE = /^(results\.json|examples\/[A-Za-z0-9_-]+\.csv)$/;

/**
 * Reads a baseline that `assay bless` wrote, every file of it.
 * Errors: `file-unreadable` where there is none; `baseline-damaged` when a file is missing or not as it was blessed.
 */
export async function readBaseline(directory: string): Promise<Baseline> {
  const record = await readRecord(directory);
  for (const [path, digest] of Object.entries(record.files)) {
    const file = join(directory, path);
    if (!FILE.test(path)) throw damaged(join(directory, BASELINE_RECORD), `it names "${path}"`);
    const found = await hashOfFile(file).catch((cause: Error) => {
      throw damaged(file, cause.message, cause);
    });
    if (found !== digest)
      throw damaged(file, `sha256 ${found.slice(0, 12)} in place of ${digest.slice(0, 12)}`);
  }
  const results = await readResults(directory);
  const lacking = sheetsOf(results).find((sheet) => !(sheet in record.files));
  if (lacking !== undefined) throw damaged(join(directory, BASELINE_RECORD), `it does not name ${lacking}`);
  return { directory, results, sheets: sheetsIn(directory), record };
}

/** The sheets that measures say they are made from. */
export const sheetsOf = ({ measures }: Results): string[] => [
  ...new Set(measures.flatMap(({ rows }) => (rows ? [rows.sheet] : []))),
];

/** A baseline that gates will be held against. */
export interface NamedBaseline {
  directory: string;
  /** The same for the same baseline: a digest. */
  identity: string;
}

/** Reads a baseline through, so that what is wrong with it is told before anything is measured. Errors: as `readBaseline`. */
export async function baselineAt(directory: string): Promise<NamedBaseline> {
  return { directory, identity: keyOf((await readBaseline(directory)).record) };
}

async function readRecord(directory: string): Promise<BaselineRecord> {
  const file = join(directory, BASELINE_RECORD);
  const text = await readText(file, 'results').catch((error: Error) => {
    if (!isAbsent(error)) throw error;
    throw new AssayError('file-unreadable', 'this is not a baseline', {
      file,
      found: 'no such file',
      hint: 'bless the run folder of a release first: `assay bless DIR --to BASELINE`, and give BASELINE',
      cause: error,
    });
  });
  try {
    return check(BaselineRecord, JSON.parse(text), { file, what: 'baseline' });
  } catch (cause) {
    throw damaged(file, (cause as Error).message, cause);
  }
}

const damaged = (file: string, found: string, cause?: unknown) =>
  new AssayError('baseline-damaged', 'the baseline is not as it was blessed', {
    file,
    expected: 'what `assay bless` wrote, all of it',
    found,
    hint: 'fetch it again from where it is kept (with Git: `git checkout -- BASELINE`), or bless the run folder of that release again',
    cause,
  });
