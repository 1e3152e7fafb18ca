import { resolve } from 'node:path';
import { check } from '../config/validate.js';
import { AssayError } from '../errors.js';
import { type Fetching, type Remote, remoteText } from '../fetch/remote.js';
import type { datasetSchema } from './dataset-schema.js';
import type { DatasetEntry, DatasetSpec } from './spec.js';

/** A data set of a run file, checked. Errors: `config-invalid` with its place. */
export function checkEntry(
  given: unknown,
  schema: ReturnType<typeof datasetSchema>,
  { file, name, at }: { file: string; name: string; at: string },
): DatasetEntry {
  const entry = check(schema, given, { file, what: `data set "${name}"`, at });
  const { path, url, sha256 } = entry;
  const missing =
    url === undefined && path === undefined
      ? (['path', 'add it: a file or folder; or `url` and `sha256` of a file that is fetched'] as const)
      : url !== undefined && sha256 === undefined
        ? (['sha256', 'add what `sha256sum` prints of the file that you trust'] as const)
        : url === undefined && sha256 !== undefined
          ? (['url', 'name its address, or leave out `sha256`: the data set is known by its images'] as const)
          : undefined;
  if (!missing) return entry;
  const [key, hint] = missing;
  throw new AssayError('config-invalid', `data set "${name}" has no \`${key}\``, {
    file,
    path: `${at}.${key}`,
    hint,
  });
}

/** What is read of the network; undefined for a path. */
function remoteOf({ path, url, sha256 }: DatasetEntry): Remote | undefined {
  if (url === undefined || sha256 === undefined) return undefined;
  return { url, sha256, ...(path !== undefined && { path }) };
}

/** How messages and results call the place of a data set. */
export function placeText(entry: DatasetEntry): string {
  const remote = remoteOf(entry);
  return remote ? remoteText(remote) : (entry.path ?? '');
}

/** A data set as its format reads it. */
export interface Located {
  /** With an absolute path. */
  spec: DatasetSpec;
  /** Where its other paths start. */
  directory: string;
}

/**
 * Where a data set lies on this machine; it is fetched where a run file names its address.
 * @param directory where relative paths start
 * Errors: those of `localFile`.
 */
export async function located(
  entry: DatasetEntry,
  directory: string,
  { file, name, ...fetching }: Fetching & { file?: string | undefined; name?: string } = {},
): Promise<Located> {
  const { url: _, sha256: __, path = '', ...rest } = entry;
  const remote = remoteOf(entry);
  if (!remote) return { spec: { ...rest, path: resolve(directory, path) }, directory };
  const { localFile } = await import('../fetch/remote-file.js');
  const namedBy = { file, path: name === undefined ? 'url' : `datasets.${name}` };
  const local = await localFile(remote, { ...fetching, namedBy });
  return { spec: { ...rest, path: local.path }, directory: local.root ?? directory };
}
