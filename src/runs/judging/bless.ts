import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { openFile, pieces } from '../../bytes/byte-source.js';
import { disk } from '../../bytes/disk.js';
import { makeFolder, syncFolder, writeDurably } from '../../bytes/durable.js';
import { hashOfFile } from '../../bytes/file-hash.js';
import { removeLeftovers, temporaryName } from '../../bytes/leftovers.js';
import { AssayError } from '../../errors.js';
import { literalPattern } from '../../pattern.js';
import type { Results } from '../../suites/results.js';
import { BASELINE_RECORD, type BaselineRecord, sheetsOf } from '../folder/baseline.js';
import { readResults } from '../folder/read-results.js';
import { saveJson } from '../folder/save-json.js';
import { unwritable } from '../folder/unwritable.js';
import { refuseUnfit } from './judgeable.js';

/** What was blessed. */
export interface Blessing {
  directory: string;
  results: Results;
  record: BaselineRecord;
}

/**
 * Makes a baseline of a run folder: results.json and the sheets that measures are made from, with the commit and the
 * date. It takes the place of an earlier baseline as a whole.
 * Errors: those of `refuseUnfit`: only complete and current results are blessed; `output-unwritable`, also where
 * `to` holds something else.
 */
export async function bless(directory: string, to: string): Promise<Blessing> {
  const results = await readResults(directory);
  await refuseUnfit(directory, results, { allowPartial: undefined });
  const target = resolve(to);
  await refuseOther(target, to);
  const parent = dirname(target);
  const name = basename(target);
  const aside = join(parent, temporaryName(`.${name}`));
  try {
    await makeFolder(join(aside, 'examples'));
    await removeLeftovers(parent, new RegExp(`^\\.${literalPattern(name)}\\.[^.]+\\.tmp$`)).catch(
      () => undefined,
    );
    const files: Record<string, string> = {};
    for (const path of ['results.json', ...sheetsOf(results)]) {
      await copy(join(directory, path), join(aside, path));
      files[path] = await hashOfFile(join(aside, path));
    }
    const { git } = results.environment;
    const record: BaselineRecord = {
      version: 1,
      created: new Date().toISOString(),
      ...(git !== undefined && { commit: git }),
      key: results.key ?? '',
      files,
    };
    await saveJson(join(aside, BASELINE_RECORD), record);
    await putInPlace(aside, target);
    return { directory: target, results, record };
  } catch (cause) {
    if (cause instanceof AssayError) throw cause;
    throw unwritable(to, cause);
  } finally {
    await disk()
      .remove(aside)
      .catch(() => undefined);
  }
}

/** Errors: `output-unwritable` where a folder holds what is no baseline: it would be lost. */
async function refuseOther(target: string, to: string): Promise<void> {
  const names = await readdir(target).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw unwritable(to, error);
  });
  if (names.length === 0 || names.includes(BASELINE_RECORD)) return;
  throw new AssayError('output-unwritable', 'this folder is no baseline, and what it holds would be lost', {
    file: to,
    expected: 'a new folder, an empty one, or an earlier baseline',
    found: names.slice(0, 5).join(', '),
    hint: 'name another folder with `--to`',
  });
}

async function copy(from: string, to: string): Promise<void> {
  const source = await openFile(from);
  try {
    await writeDurably(to, pieces(source));
  } finally {
    await source.close();
  }
}

/** Folders cannot be exchanged at once: where the second step fails, the first is taken back. */
async function putInPlace(aside: string, target: string): Promise<void> {
  const parent = dirname(target);
  const old = join(parent, temporaryName(`.${basename(target)}`));
  const replaced = await disk()
    .rename(target, old)
    .then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return false;
        throw error;
      },
    );
  try {
    await disk().rename(aside, target);
  } catch (error) {
    if (replaced) await disk().rename(old, target);
    throw error;
  }
  await syncFolder(parent);
  await disk().remove(old);
}
