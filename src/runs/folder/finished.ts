import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { lookAgain } from '../../bytes/evidence.js';
import type { Evidence } from '../../bytes/read-log.js';
import { readText } from '../../bytes/regular-file.js';
import { writeAtomically } from '../../report/output.js';
import type { Results } from '../../suites/results.js';
import { SEAL, type Stamps, sameStamps, stampsOf, stands, type Written, writtenNow } from './outputs.js';

/** What a run was asked, and all that was read to understand it. */
export interface Question {
  /** The run file, by its path, and the options: a digest. */
  asked: string;
  /** The engine, as it describes itself. */
  engine: string;
  read: Evidence;
}

/** What is kept of a run that ended well. */
interface Note extends Written, Question {
  /** Of results.json: what a digest of its bytes tells, its own tells too, in ten times the time. */
  sha256: string;
  /** What the folder keeps besides the outputs: what says which run was begun last, and the units. */
  kept: Stamps;
  units: number;
}

const fileIn = (out: string) => join(out, 'inventory', 'finished.json');

/**
 * Notes that complete results answer a question. To lose the note costs the time to find out again.
 * @param units files, from the run folder
 */
export async function noteFinished(
  out: string,
  { digest, status }: Results,
  question: Question | undefined,
  units: readonly string[],
): Promise<void> {
  if (digest === undefined || status !== 'complete' || !question) return;
  try {
    const note: Note = {
      ...question,
      ...writtenNow(out, digest),
      kept: stampsOf(out, ['run.json', ...units]),
      units: units.length,
      sha256: sha256(await readText(join(out, SEAL), 'results')),
    };
    await keep(out, note);
  } catch {
    // Another process writes to the folder, or nothing can be written.
  }
}

/**
 * The results of a run that was asked the same, and how many units they rest on: where this program wrote them, and every file
 * that was read, every unit and every output is as it was then. Undefined where the run must look for itself. It is asked
 * before anything is loaded that reads run files or knows suites.
 * @param describe the engine
 */
export async function finishedBefore(
  out: string,
  asked: string,
  describe: () => Promise<string>,
): Promise<{ results: Results; units: number } | undefined> {
  try {
    const note: Note = JSON.parse(await readText(fileIn(out), 'results'));
    if (note.asked !== asked || !stands(note, out)) return undefined;
    if (!sameStamps(note.kept, stampsOf(out, Object.keys(note.kept)))) return undefined;
    const read = await lookAgain(note.read);
    if ('changes' in read) return undefined;
    const text = await readText(join(out, SEAL), 'results');
    if (sha256(text) !== note.sha256 || (await describe()) !== note.engine) return undefined;
    const results: Results = JSON.parse(text);
    // Another process may have put its own there before the note was made.
    if (results.digest !== note.digest) return undefined;
    // Files that were written again with the same content are not to be read again the next time.
    if (read.evidence !== note.read) await keep(out, { ...note, read: read.evidence }).catch(() => undefined);
    return { results, units: note.units };
  } catch {
    return undefined;
  }
}

const keep = (out: string, note: Note) => writeAtomically(fileIn(out), JSON.stringify(note));

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
