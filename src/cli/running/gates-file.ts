import { join, resolve } from 'node:path';
import { readRunRecord } from '../../runs/folder/run-record.js';

/** Where the gates of a run folder stand: in the run file, or where there was none, in what keeps them. */
export async function gatesFileOf(directory: string): Promise<string> {
  const record = await readRunRecord(directory);
  return record?.runFile ? resolve(directory, record.runFile.path) : join(directory, 'results.json');
}
