import { realpathSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { AssayError } from '../../errors.js';
import type { WorkOptions } from '../asked/work-options.js';
import type { Listener } from '../measuring/progress.js';
import { openPerformer } from '../opening/performer.js';
import { refuseOther } from '../opening/run-identity.js';
import type { Announcement } from './announcements.js';

export interface Acceptance {
  /** Run files in this folder are measured for, and no others. */
  folder: string;
  /** Where descriptions are kept. */
  out: string;
  /** How the worker has rows travel, as announcements say it. */
  rows: string;
  threads?: number | undefined;
  sessions?: number | undefined;
  /** Told of what is fetched for it. */
  notify?: Listener;
  /** Ends the fetching. */
  signal?: AbortSignal;
}

/**
 * Whether this machine can measure units of a run: it plans the run and compares. Returns the run file, here.
 * Errors: `queue-failed` with what differs; `file-unreadable` for a run file elsewhere; those of opening it.
 */
export async function accept(run: Announcement, place: Acceptance): Promise<string> {
  const { folder, out, rows, threads, sessions, notify, signal } = place;
  if (run.rows !== rows) throw otherWay(run, rows);
  const file = inside(run.file, folder);
  const performer = await openPerformer({
    file,
    options: optionsHere(run, { threads, sessions }),
    out,
    notify,
    signal,
  });
  await performer.close();
  refuseOther(run.identity, performer.identity, {
    ...{ code: 'queue-failed', file },
    where: `where "${run.title}" was submitted`,
  });
  return file;
}

/** The options of a run, with those that are the machine's own. */
export const optionsHere = (
  { options }: Announcement,
  { threads, sessions, processes }: Pick<Acceptance, 'threads' | 'sessions'> & { processes?: number },
): WorkOptions => ({
  ...options,
  ...(threads !== undefined && { threads }),
  ...(sessions !== undefined && { sessions }),
  ...(processes !== undefined && { processes }),
});

/** The path of a run file, at the end of links. Errors: `file-unreadable` outside of the folder. */
function inside(file: string, folder: string): string {
  const root = realOf(folder);
  const real = realOf(file);
  const path = relative(root, real);
  if (path !== '' && !path.startsWith(`..${sep}`) && resolve(root, path) === real) return real;
  throw new AssayError('file-unreadable', 'a run file outside of the folder of this worker', {
    file,
    expected: `a run file in ${root}`,
    hint: 'a worker measures for run files in one folder: start it there, or name that folder: `assay worker FOLDER --queue ...`',
  });
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    throw new AssayError('file-unreadable', 'this is not on this machine', {
      file: path,
      expected: 'the same path as where the run was submitted',
      hint: 'mount the folder that holds it at the same path on this machine',
      cause,
    });
  }
}

const WAYS: Readonly<Record<string, { run: string; worker: string; hint: string }>> = {
  queue: {
    run: 'the queue itself',
    worker: 'a worker without --store',
    hint: 'give `assay run` the same --store, or start the worker without',
  },
  folder: {
    run: 'a folder that all share (--store DIR)',
    worker: 'a worker with --store DIR',
    hint: 'give the worker the same folder: --store DIR',
  },
};

const otherWay = ({ title, rows }: Announcement, ours: string) =>
  new AssayError('queue-failed', `"${title}" takes its rows another way`, {
    expected: WAYS[rows]?.run ?? `--store ${rows}`,
    found: WAYS[ours]?.worker ?? `a worker with --store ${ours}`,
    hint: WAYS[rows]?.hint ?? 'start the worker with the --store and the --endpoint of the run',
  });
