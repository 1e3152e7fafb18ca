import { remedyOf } from '../../bytes/disk-remedies.js';
import { AssayError } from '../../errors.js';

/** What every failed write becomes. @param kept units that this process has written; undefined: all of them */
export function unwritable(file: string, cause: unknown, kept?: number): AssayError {
  const { message = String(cause) } = cause as NodeJS.ErrnoException;
  return new AssayError('output-unwritable', 'the output cannot be written', {
    file,
    found: message,
    hint: `${remedyOf(cause)}, then run the same command again: ${keptText(kept)}`,
    cause,
  });
}

function keptText(kept: number | undefined): string {
  if (kept === undefined) return 'everything measured is kept';
  if (kept === 0) return 'nothing that was measured is lost';
  return kept === 1 ? 'the unit measured so far is kept' : `the ${kept} units measured so far are kept`;
}
