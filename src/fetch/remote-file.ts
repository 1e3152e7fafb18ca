import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { admit, isConfined } from '../bytes/confine.js';
import { makeFolder } from '../bytes/durable.js';
import { limits } from '../bytes/limits.js';
import { unlogged } from '../bytes/read-log.js';
import { AssayError } from '../errors.js';
import { download } from './download.js';
import { downloadsFolder } from './downloads-folder.js';
import { waitForFetch } from './fetch-claim.js';
import { Http, PATIENCE, type Patience } from './http.js';
import { isKept, isKeptElsewhere, removeKept } from './kept-file.js';
import type { Fetching, Remote } from './remote.js';
import { unwritable } from './staging.js';
import { filesOf, isUnpacked, unpackWhole } from './unpacked.js';

export interface RemoteOptions extends Fetching {
  /** The file and the key that name the address. */
  namedBy: { file?: string | undefined; path: string };
  patience?: Patience;
}

/** What was fetched. */
export interface Local {
  path: string;
  /** Where paths inside of an archive start; undefined for a file. */
  root?: string;
}

/**
 * Where a file lies that is named by its address: in the folder of downloads, under its hash. It is fetched where it is
 * not there yet, once for all processes that ask; what has another hash is never read. With `--confine`, or where
 * only what is kept is wanted, nothing is fetched, and what is there is read.
 * Errors: `download-failed`, `config-invalid`, `file-malformed` for archives, `file-unreadable`, `output-unwritable`,
 * `interrupted`; with the place that names it.
 */
export async function localFile(remote: Remote, options: RemoteOptions): Promise<Local> {
  const { namedBy } = options;
  const name = nameIn(remote.url, namedBy);
  const parts = remote.path === undefined ? undefined : partsOf(remote.path, namedBy);
  const sha256 = remote.sha256.toLowerCase();
  const folder = join(downloadsFolder(), sha256);
  admit(folder);
  const file = join(folder, name);
  const unpacked = join(folder, 'unpacked');
  // What was made from the file was made from it wherever it lies: this is no reading of its own.
  await unlogged(async () => {
    const isThere = async () =>
      parts ? isUnpacked(unpacked) : (await isKept(file, sha256)) || isKeptElsewhere(folder, name, sha256);
    if (await isThere()) return;
    if (isConfined()) throw notFetched(remote, namedBy);
    if (options.onlyKept) throw notKept(remote, namedBy);
    try {
      await fetchOnce({ folder, file, unpacked: parts && unpacked, isThere }, { ...remote, sha256 }, options);
    } catch (error) {
      throw placed(error, namedBy);
    }
  });
  if (!parts) return { path: file };
  const root = filesOf(unpacked);
  const path = join(root, ...parts);
  if (await stat(path).catch(() => undefined)) return { path, root };
  throw new AssayError('file-unreadable', 'the archive does not hold this', {
    ...placeOf(namedBy),
    expected: `a file or folder in ${remote.url}`,
    found: `${remote.path}, beside ${(await readdir(root)).slice(0, 5).join(', ')}`,
    hint: 'correct `path`: it starts at the root of the archive',
  });
}

interface Target {
  folder: string;
  file: string;
  /** Where an archive is unpacked. */
  unpacked: string | undefined;
  isThere(): Promise<boolean>;
}

async function fetchOnce(
  { folder, file, unpacked, isThere }: Target,
  { url, sha256 }: Remote,
  { tell = () => undefined, signal = new AbortController().signal, patience = PATIENCE }: RemoteOptions,
): Promise<void> {
  await makeFolder(folder).catch((cause) => {
    throw unwritable(folder, cause);
  });
  const name = new URL(url).pathname.split('/').at(-1) || url;
  const waiting = () => tell({ text: `waiting for another process that fetches ${name}` });
  const unlock = await waitForFetch(folder, { signal, waiting });
  try {
    if (await isThere()) return;
    if (!(await isKept(file, sha256))) {
      tell({ text: `fetching ${name}` });
      const progress = (done: number, of?: number) =>
        of !== undefined && tell({ text: `fetching ${name}, MB`, done: mega(done), of: mega(of) });
      const http = new Http(patience, signal, ADVICE);
      const published = { name, urls: [url], sha256, atMost: limits.fetched.value };
      await download(published, file, { http, signal, progress });
      // What lies there is read once more: another process may have written to it.
      if (!(await isKept(file, sha256))) throw disturbed(name, file);
    }
    if (unpacked === undefined) return;
    tell({ text: `unpacking ${name}` });
    await unpackWhole(file, unpacked, signal);
    await removeKept(file);
  } finally {
    await unlock();
  }
}

const disturbed = (name: string, file: string) =>
  new AssayError('download-failed', `${name} was fetched, and changed while it was written`, {
    file,
    hint: 'run again once nothing else writes to the folder of downloads',
  });

const mega = (bytes: number) => Math.ceil(bytes / 1e6);

const ADVICE = {
  copy: 'name the address of a copy, or fetch it yourself and name the file with a path',
  login: 'fetch it yourself, and name the file with a path',
};

type NamedBy = RemoteOptions['namedBy'];

const placeOf = ({ file, path }: NamedBy) => ({ ...(file !== undefined && { file }), path });

/** What the file is called here, from its address. Errors: `config-invalid`. */
function nameIn(address: string, namedBy: NamedBy): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const expected = 'an address such as https://example.org/model.onnx';
  if (!url || !['https:', 'http:'].includes(url.protocol))
    throw new AssayError('config-invalid', 'this is no address of a file', {
      ...placeOf(namedBy),
      expected,
      found: address.slice(0, 200),
      hint: 'correct `url`, or name a file of this machine with a path',
    });
  if (url.username || url.password)
    throw new AssayError('config-invalid', 'the address holds a password, which results would show', {
      ...placeOf(namedBy),
      expected,
      hint: ADVICE.login,
    });
  const last = url.pathname.split('/').at(-1) ?? '';
  const plain = last.replaceAll(/%[0-9a-f]{2}|[^A-Za-z0-9._-]/gi, '_').slice(-100);
  // What would be taken for something else in the folder.
  return /^[.]|^$|^(claims|unpacked)|\.(checked|part|tmp)$/i.test(plain) ? `file-${plain}` : plain;
}

/** The parts of a path in an archive. Errors: `config-invalid`. */
function partsOf(path: string, namedBy: NamedBy): string[] {
  const parts = path.split('/').filter((part) => part !== '.' && part !== '');
  if (!path.startsWith('/') && !parts.includes('..') && !/[\\:\p{Cc}]/u.test(path)) return parts;
  throw new AssayError('config-invalid', 'this is no path in an archive', {
    ...placeOf(namedBy),
    expected: 'a path that starts at the root of the archive, with slashes, or `.` for all of it',
    found: path,
    hint: 'correct `path`',
  });
}

const notFetched = ({ url }: Remote, namedBy: NamedBy) =>
  new AssayError('file-unreadable', 'with --confine nothing is fetched, and this is not there yet', {
    ...placeOf(namedBy),
    expected: `a file in ${downloadsFolder()} that was fetched before`,
    found: url,
    hint: 'if you trust the address, run once without --confine: `assay run RUN --plan-only` fetches and measures nothing; or copy the file into the folder and name it with a path',
  });

const notKept = ({ url }: Remote, namedBy: NamedBy) =>
  new AssayError('file-unreadable', 'what was fetched for it is not kept here', {
    ...placeOf(namedBy),
    expected: `a file in ${downloadsFolder()} that was fetched before`,
    found: url,
    hint: 'run its run file on this machine first',
  });

/** An error of fetching, with the place that names the address. */
function placed(error: unknown, namedBy: NamedBy): unknown {
  if (!(error instanceof AssayError) || error.code === 'interrupted') return error;
  const { code, message, details } = error;
  if (code !== 'output-unwritable')
    return new AssayError(code, message, {
      ...details,
      ...(code === 'download-failed' && placeOf(namedBy)),
    });
  return new AssayError(code, message.replace('the data set', 'what is fetched'), {
    ...details,
    hint: 'free space, or name another folder of downloads in ASSAY_DOWNLOADS; what was fetched is kept',
  });
}
