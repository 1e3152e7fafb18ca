import { join } from 'node:path';
import { readText } from '../../bytes/regular-file.js';
import { writeAtomically } from '../../report/output.js';
import type { Results } from '../../suites/results.js';
import { canonicalJson } from '../folder/keys.js';
import { SEAL, stands, type Written, writtenNow } from '../folder/outputs.js';
import { type RunRecord, readRunRecord } from '../folder/run-record.js';
import { sealHolds } from '../plan/seal.js';

interface Note extends Written {
  /** Of the baseline that gates compared with. */
  blessed?: string | undefined;
}

const fileIn = (out: string) => join(out, 'inventory', 'concluded.json');

/** What `assay report` wrote: the results may be those of an earlier program. */
const renderedIn = (out: string) => join(out, 'inventory', 'rendered.json');

/** Notes what was written of complete results. To lose the note costs another summary. */
export async function noteConcluded(
  out: string,
  { digest, status }: Results,
  blessed?: string,
): Promise<void> {
  if (digest === undefined || status !== 'complete') return;
  const note: Note = { ...writtenNow(out, digest), blessed };
  await writeAtomically(fileIn(out), JSON.stringify(note)).catch(() => undefined);
}

/** What a run comes to that measures nothing. */
interface Wanted {
  /** Of the run. */
  record: typeof RunRecord.static;
  /** The run file as resolved. */
  config: unknown;
  /** The baseline, by its record. */
  blessed?: string | undefined;
}

/**
 * The results in a run folder where the same program wrote them from the same units for the same run file, gates too,
 * and every file of the report is as it was written; undefined where they must be written anew.
 */
export async function concludedBefore(
  out: string,
  { record, config, blessed }: Wanted,
): Promise<Results | undefined> {
  try {
    const note: Note = JSON.parse(await readText(fileIn(out), 'results'));
    if (note.blessed !== blessed || !stands(note, out)) return undefined;
    const { key, runFile } = (await readRunRecord(out)) ?? {};
    if (!alike({ key, runFile }, record)) return undefined;
    // The seal says that it is what was written: it need not be checked against the schema.
    const results: Results = JSON.parse(await readText(join(out, SEAL), 'results'));
    const same =
      results.key === record.key && results.digest === note.digest && alike(results.config, config);
    return same && results.status === 'complete' && sealHolds(results) ? results : undefined;
  } catch {
    return undefined;
  }
}

/** Notes that the outputs of complete results were rendered. To lose the note costs another rendering. */
export async function noteRendered(out: string, { digest, status }: Results): Promise<void> {
  if (digest === undefined || status !== 'complete') return;
  const note: Written = writtenNow(out, digest);
  await writeAtomically(renderedIn(out), JSON.stringify(note)).catch(() => undefined);
}

/**
 * Whether every output is as this program wrote it from these results: rendering them again would change nothing.
 * @param results whose seal holds
 */
export async function isRendered(out: string, results: Results): Promise<boolean> {
  for (const file of [fileIn(out), renderedIn(out)])
    try {
      const note: Written = JSON.parse(await readText(file, 'results'));
      if (note.digest === results.digest && stands(note, out)) return true;
    } catch {}
  return false;
}

const plain = (value: unknown) => canonicalJson(JSON.parse(JSON.stringify(value)));
const alike = (a: unknown, b: unknown): boolean => plain(a) === plain(b);
