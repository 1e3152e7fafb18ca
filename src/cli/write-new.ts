import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AssayError } from '../errors.js';

/** Errors: `output-unwritable`, also when the file exists: nothing is overwritten. */
export async function writeNew(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new AssayError(
      'output-unwritable',
      exists ? 'the file exists already' : 'the file cannot be written',
      {
        file,
        found: exists ? undefined : (cause as Error).message,
        hint: exists ? 'remove it, or name another folder' : 'check the folder and its permissions',
        cause,
      },
    );
  }
}
