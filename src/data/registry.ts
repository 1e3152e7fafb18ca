import { readdir, stat } from 'node:fs/promises';
import { readHead, unreadable } from '../bytes/regular-file.js';
import { AssayError } from '../errors.js';
import { cifar10, cifar100 } from './cifar.js';
import { folder } from './folder.js';
import { idx } from './idx.js';
import { npy } from './npy-format.js';
import { npz } from './npz-format.js';
import type { FormatRow, PathHead } from './source.js';
import type { DatasetSpec } from './spec.js';

/** Every format by the name that `format` takes. A path is tried against them in this order. */
export const formats: Record<NonNullable<DatasetSpec['format']>, FormatRow> = {
  npz,
  npy,
  'cifar-10': cifar10,
  'cifar-100': cifar100,
  idx,
  folder,
};

/** Looks at a path. Errors: `file-unreadable`. */
async function headOf(path: string): Promise<PathHead> {
  try {
    if ((await stat(path)).isDirectory())
      return { path, entries: await readdir(path), start: new Uint8Array() };
    return { path, start: (await readHead(path, 16)).start };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** The format that a data set names, or that its content shows. Errors: `file-unreadable`, `file-malformed`. */
export async function formatOf({ path, format }: DatasetSpec): Promise<FormatRow> {
  const head = await headOf(path);
  const row = format ? formats[format] : Object.values(formats).find((one) => one.recognises(head));
  if (row) return row;
  const empty = head.entries ? head.entries.length === 0 : head.start.length === 0;
  throw new AssayError('file-malformed', 'this is not a data set of any known format', {
    file: path,
    expected: Object.values(formats)
      .map(({ title }) => title)
      .join(', '),
    found: empty ? `an empty ${head.entries ? 'folder' : 'file'}` : undefined,
    hint: 'say which with `format`, or convert the data to .npz',
  });
}
