import { mkdir, readdir, rename, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CLAIMS } from '../bytes/claims.js';
import { makeFolder, syncFolder } from '../bytes/durable.js';
import { hashOfFile } from '../bytes/file-hash.js';
import { removeLeftovers, temporaryName } from '../bytes/leftovers.js';
import { AssayError } from '../errors.js';
import { download } from '../fetch/download.js';
import { claimFetch } from '../fetch/fetch-claim.js';
import { addressOf, Http, ON_MIRROR, PATIENCE, type Patience } from '../fetch/http.js';
import { Staging, unwritable } from '../fetch/staging.js';
import { licenceText } from './licence-text.js';
import type { NamedSet, RemoteFile } from './named-set.js';
import { checkPulled, RECORD, readRecord, recordOf } from './record.js';

/** Where the files that were fetched lie in a data set's folder, and on a mirror: one is made by the other. */
const ARCHIVES = 'archives';

export interface PullOptions {
  /** The folder of all data sets. */
  out: string;
  /** An address, or a folder, that has the files in place of their makers: `MIRROR/NAME/archives/FILE`. */
  mirror?: string;
  keepArchive?: boolean;
  /** Whether content is compared, and not only sizes, of what is there already. */
  verify?: boolean;
  signal: AbortSignal;
  tell(stage: PullStage): void;
  patience?: Patience;
}

/** What is going on. */
export interface PullStage {
  set: string;
  what: 'checking' | 'fetching' | 'unpacking';
  /** Of files: which, and how much of it is there. */
  file?: string;
  done?: number;
  of?: number;
}

export interface Pulled {
  folder: string;
  /** It was there before, whole. */
  already: boolean;
  /** Of its files. */
  bytes: number;
}

/**
 * Brings a data set to `OUT/NAME`: what is published is fetched to `OUT/NAME.part`, checked, and made into what the readers
 * take; the folder gets its name when it is whole. Where it is there already, it is checked.
 * Errors: `download-failed`, `file-malformed`, `data-invalid`, `output-unwritable`, `interrupted`.
 */
export async function pull(set: NamedSet, options: PullOptions): Promise<Pulled> {
  const { out, tell } = options;
  const folder = join(out, set.name);
  const before = await pulledBefore(set, folder, options);
  if (before) return before;
  await refuseOccupied(folder);
  const work = `${folder}.part`;
  await makeFolder(work).catch((cause) => {
    throw unwritable(work, cause);
  });
  const unlock = await claimFetch(work);
  try {
    // Looked for with the claim in hand: nobody can make it in between.
    const meanwhile = await pulledBefore(set, folder, options);
    if (meanwhile) return meanwhile;
    const fetched = await fetchFiles(set, work, options);
    tell({ set: set.name, what: 'unpacking' });
    const bytes = await make(set, fetched, folder, options);
    const keep = options.keepArchive && [...fetched.values()].every((file) => dirname(file) === work);
    await clear(work, keep ? join(folder, ARCHIVES) : undefined);
    return { folder, already: false, bytes };
  } finally {
    await unlock();
    // What was fetched of a set that is not whole stays, for the next time.
    await rmdir(work).catch(() => undefined);
  }
}

/** What is there already, checked; undefined where nothing is. */
async function pulledBefore(
  set: NamedSet,
  folder: string,
  { verify = false, signal, tell }: PullOptions,
): Promise<Pulled | undefined> {
  const record = await readRecord(folder);
  if (!record) return undefined;
  tell({ set: set.name, what: 'checking' });
  await checkPulled(folder, record, set, { verify, signal });
  return { folder, already: true, bytes: sizeOf(record.files) };
}

/**
 * Removes what lies in a folder that is fetched into, or moves it to another; all but the claim on that folder: who gets it
 * next finds nothing that is about to go.
 */
async function clear(work: string, keep?: string): Promise<void> {
  if (keep !== undefined) await mkdir(keep);
  for (const name of await readdir(work)) {
    if (name === CLAIMS) continue;
    if (keep === undefined) await rm(join(work, name), { recursive: true, force: true });
    else await rename(join(work, name), join(keep, name));
  }
}

const sizeOf = (files: readonly { size: number }[]) => files.reduce((sum, { size }) => sum + size, 0);

async function refuseOccupied(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  if (names.length === 0) return;
  throw new AssayError('output-unwritable', 'there is something else in the folder of the data set', {
    file: folder,
    expected: `an empty folder or none, or one that was pulled, with ${RECORD}`,
    found: names.slice(0, 5).join(', '),
    hint: 'move it away, or name another folder with --out',
  });
}

/** Every file of a set, fetched and checked. */
async function fetchFiles(set: NamedSet, work: string, options: PullOptions): Promise<Map<string, string>> {
  const { mirror, signal, tell, patience = PATIENCE } = options;
  const fetched = new Map<string, string>();
  const folder = mirror !== undefined && !mirror.includes('://') ? mirror : undefined;
  if (mirror !== undefined && folder === undefined) addressOf(mirror);
  const missing: RemoteFile[] = [];
  for (const file of set.files) {
    const there = [
      ...(folder === undefined ? [] : [join(folder, set.name, ARCHIVES, file.name)]),
      join(work, file.name),
    ];
    const present = await firstPresent(there);
    if (present === undefined) {
      if (folder !== undefined) throw notThere(there[0]!);
      missing.push(file);
      continue;
    }
    tell({ set: set.name, what: 'checking', file: file.name });
    await checkFile(
      present,
      file,
      present === there.at(-1) ? 'remove it and pull the data set again' : COPIED,
    );
    fetched.set(file.name, present);
  }
  await checkRoom(set, missing, work);
  const http = new Http(patience, signal, mirror === undefined ? undefined : ON_MIRROR);
  for (const file of missing) {
    const target = join(work, file.name);
    const urls = mirror === undefined ? file.urls : [onMirror(mirror, set.name, file.name)];
    const { name, size: of } = file;
    const progress = (done: number) => tell({ set: set.name, what: 'fetching', file: name, done, of });
    await download({ ...file, urls }, target, { http, signal, progress });
    fetched.set(name, target);
  }
  return fetched;
}

const onMirror = (mirror: string, set: string, file: string) => {
  const url = addressOf(mirror);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${set}/${ARCHIVES}/${file}`;
  return url.href;
};

async function firstPresent(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) if (await stat(file).catch(() => undefined)) return file;
  return undefined;
}

const COPIED = 'pull the data set with --keep-archive where there is a network, and copy the folder';

const notThere = (file: string) =>
  new AssayError('file-unreadable', 'the mirror does not have the file', {
    file,
    expected: 'a folder as --keep-archive leaves it: NAME/archives/FILE',
    hint: COPIED,
  });

/** Errors: `data-invalid` for another file than the published one. */
async function checkFile(path: string, { size, sha256 }: RemoteFile, hint: string): Promise<void> {
  const length = (await stat(path)).size;
  const sum = length === size ? await hashOfFile(path) : undefined;
  if (sum === sha256) return;
  throw new AssayError('data-invalid', 'this is not the file that was published', {
    file: path,
    expected: `${size} bytes, sha256 ${sha256}`,
    found: sum === undefined ? `${length} bytes` : `sha256 ${sum}`,
    hint,
  });
}

/** Better told before an hour of fetching than after it. */
async function checkRoom(set: NamedSet, missing: readonly RemoteFile[], work: string): Promise<void> {
  const parts = await Promise.all(
    missing.map(({ name }) =>
      stat(join(work, `${name}.part`))
        .then(({ size }) => size)
        .catch(() => 0),
    ),
  );
  const needed = set.room + sizeOf(missing) - parts.reduce((sum, size) => sum + size, 0);
  // Some file systems do not tell.
  const free = await statfs(work)
    .then(({ bavail, bsize }) => bavail * bsize)
    .catch(() => 0);
  if (free === 0 || free >= needed) return;
  const mib = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;
  throw new AssayError('output-unwritable', 'there is not enough room for the data set', {
    file: work,
    expected: `${mib(needed)} free`,
    found: mib(free),
    hint: 'free space, or name a folder on another disk with --out',
  });
}

/** Makes the folder, which gets its name when it is whole. @returns bytes of its files */
async function make(
  set: NamedSet,
  fetched: ReadonlyMap<string, string>,
  folder: string,
  { out, signal }: PullOptions,
): Promise<number> {
  await removeLeftovers(out, new RegExp(`^${set.name}\\.[^.]+\\.tmp$`)).catch(() => undefined);
  const staging = new Staging(temporaryName(folder), set.room, signal);
  try {
    await mkdir(staging.folder).catch((cause) => {
      throw unwritable(staging.folder, cause);
    });
    await set.unpack((name) => fetched.get(name) as string, staging);
    await staging.text('LICENCE.txt', licenceText(set));
    const record = recordOf(set, [...staging.files]);
    await staging.text(RECORD, `${JSON.stringify(record, null, 1)}\n`);
    // An empty folder of that name may be there.
    await rename(staging.folder, folder).catch((cause) => {
      throw unwritable(folder, cause);
    });
    await syncFolder(out);
    return sizeOf(record.files);
  } catch (error) {
    await rm(staging.folder, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}
