import { writeAtomically } from '../report/output.js';
import { unwritable } from './unwritable.js';

/** Errors: `output-unwritable`, with the remedy of a run: to run it again. */
export async function saveJson(file: string, value: unknown): Promise<void> {
  try {
    await writeAtomically(file, `${JSON.stringify(value, null, 2)}\n`);
  } catch (error) {
    throw unwritable(file, error instanceof Error ? (error.cause ?? error) : error);
  }
}
