import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openFile, pieces } from '../bytes/byte-source.js';
import { removeLeftovers, temporaryName } from '../bytes/leftovers.js';
import { hashOfFile } from '../checkpoints/file-hash.js';
import { AssayError } from '../errors.js';
import { literalPattern } from '../pattern.js';
import type { Results } from '../suites/results.js';
import { BASELINE_RECORD, type BaselineRecord, sheetsOf } from './baseline.js';
import { refuseUnfit } from './judgeable.js';
import { readResults } from './read-results.js';
import { saveJson } from './save-json.js';
import { unwritable } from './store.js';

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
  await refuseUnfit(directory, results, { allowPartial: false });
  const target = resolve(to);
  await refuseOther(target, to);
  const parent = dirname(target);
  const name = basename(target);
  const aside = join(parent, temporaryName(`.${name}`));
  try {
    await mkdir(join(aside, 'examples'), { recursive: true });
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
    await rm(aside, { recursive: true, force: true }).catch(() => undefined);
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
    await pipeline(pieces(source), createWriteStream(to, { flags: 'wx', flush: true }));
  } finally {
    await source.close();
  }
}

/** Folders cannot be exchanged at once: where the second step fails, the first is taken back. */
async function putInPlace(aside: string, target: string): Promise<void> {
  const old = join(dirname(target), temporaryName(`.${basename(target)}`));
  const replaced = await rename(target, old).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
  try {
    await rename(aside, target);
  } catch (error) {
    if (replaced) await rename(old, target);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}
