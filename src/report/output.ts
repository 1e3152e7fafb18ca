import { dirname } from 'node:path';
import { remedyOf } from '../bytes/disk-remedies.js';
import { type Content, makeFolder, writeDurably } from '../bytes/durable.js';
import { AssayError } from '../errors.js';

/**
 * Writes a file so that readers see the old one or the new one, never half, also after a power cut.
 * Errors: `output-unwritable`.
 */
export async function writeAtomically(target: string, content: Content): Promise<void> {
  try {
    await makeFolder(dirname(target));
    await writeDurably(target, content);
  } catch (cause) {
    throw new AssayError('output-unwritable', 'cannot write a file of the report', {
      file: target,
      found: cause instanceof Error ? cause.message : String(cause),
      hint: `${remedyOf(cause)}, then run the same command again: nothing is measured again`,
      cause,
    });
  }
}
