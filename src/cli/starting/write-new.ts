import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../../bytes/durable.js';
import { AssayError } from '../../errors.js';

/**
 * Errors: `output-unwritable`, also when the file exists: nothing is overwritten.
 * @param elsewhere how the user says that it is to lie somewhere else
 */
export async function writeNew(file: string, text: string, elsewhere = 'name another folder'): Promise<void> {
  try {
    await makeFolder(dirname(file));
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new AssayError(
      'output-unwritable',
      exists ? 'the file exists already' : 'the file cannot be written',
      {
        file,
        found: exists ? undefined : (cause as Error).message,
        hint: exists ? `remove it, or ${elsewhere}` : 'check the folder and its permissions',
        cause,
      },
    );
  }
}
