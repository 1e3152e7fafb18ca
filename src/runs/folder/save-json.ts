import { dirname } from 'node:path';
import { type Content, makeFolder, writeDurably } from '../../bytes/durable.js';
import { unwritable } from './unwritable.js';

/** Writes a file of a run. Errors: `output-unwritable`, with the remedy of a run: to run it again. */
export async function save(file: string, content: Content): Promise<void> {
  try {
    await makeFolder(dirname(file));
    await writeDurably(file, content);
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

/** Errors: as `save`. */
export const saveJson = (file: string, value: unknown): Promise<void> => save(file, jsonText(value));

/** Made while it is written: a value too long for a text fails as what cannot be written. */
function* jsonText(value: unknown): Generator<string> {
  yield `${JSON.stringify(value, null, 2)}\n`;
}
