import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { temporaryName } from '../bytes/leftovers.js';
import { AssayError } from '../errors.js';

/**
 * Writes a file so that readers see the old one or the new one, never half, also after a power cut.
 * Errors: `output-unwritable`.
 */
export async function writeAtomically(target: string, content: string | Uint8Array): Promise<void> {
  const temporary = path.join(path.dirname(target), temporaryName(path.basename(target)));
  try {
    await mkdir(path.dirname(target), { recursive: true });
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new AssayError('output-unwritable', 'cannot write a file of the report', {
      file: target,
      found: cause instanceof Error ? cause.message : String(cause),
      hint: 'check permissions and free space, then run `assay report` on the folder: nothing is measured again',
      cause,
    });
  }
}
