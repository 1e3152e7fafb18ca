import { createHash } from 'node:crypto';
import { isAbsent, readText } from '../../bytes/regular-file.js';
import { AssayError } from '../../errors.js';
import { writeAtomically } from '../../report/output.js';
import { writeNew } from '../starting/write-new.js';

/** The last line of a run file that `--preset` wrote: tells whether anybody has edited it since. */
const MARK = '# Edit this file as you like: `--preset` then leaves it alone. As written: ';

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);

const marked = (text: string) => `${text}${MARK}${digestOf(text)}\n`;

function isAsWritten(text: string): boolean {
  const at = text.lastIndexOf(MARK);
  return at >= 0 && text === marked(text.slice(0, at));
}

/**
 * Writes a run file that the user may edit. One that is there is replaced where nobody has edited it, as for another
 * `--limit` or after data sets were added. Errors: `output-unwritable`, also for an edited file that says something else.
 */
export async function writeOwn(file: string, text: string): Promise<void> {
  const whole = marked(text);
  const before = await textOf(file);
  if (before === undefined) return writeNew(file, whole);
  if (before === whole) return;
  if (!isAsWritten(before)) throw edited(file);
  await writeAtomically(file, whole);
}

/** Writes a file; one that is there must say the same. Errors: `output-unwritable`. */
export async function writeSame(file: string, text: string): Promise<void> {
  const before = await textOf(file);
  if (before === undefined) return writeNew(file, text);
  if (before !== text) throw edited(file);
}

const textOf = (file: string): Promise<string | undefined> =>
  readText(file, 'configuration').catch((error) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });

const edited = (file: string) =>
  new AssayError('output-unwritable', 'there is another file in its place', {
    file,
    expected: 'none, or one as `--preset` wrote it',
    found: 'one that was edited, or written by something else',
    hint: 'run it as it is, with `assay run FILE`; or remove it: what is measured is kept',
  });
