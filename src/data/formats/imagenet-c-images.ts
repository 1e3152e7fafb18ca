import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { noteFolder } from '../../bytes/read-log.js';
import { unreadable } from '../../bytes/regular-file.js';
import { AssayError, unknownName } from '../../errors.js';
import type { ImageSource } from '../source.js';
import { openFolder } from './folder-images.js';
import type { PublishedSpec } from './published-spec.js';

/**
 * The images of one corruption at one severity: CORRUPTION/SEVERITY/CLASS/x.JPEG.
 * Errors: `config-invalid` where either is not said, `unknown-name` where there is no such folder; those of folders.
 */
export async function openImagenetC(spec: PublishedSpec): Promise<ImageSource> {
  const { path, corruption, severity } = spec;
  const folder = await childOf(path, 'corruption', corruption?.replaceAll('-', '_'));
  const at = await childOf(join(path, folder), 'severity', severity?.toString());
  const source = await openFolder({ ...spec, path: join(path, folder, at) });
  return {
    ...source,
    part: `${folder}/${at}`,
    corruption: folder.replaceAll('_', '-'),
    wholeSeverity: true,
    get note() {
      return `${source.note}, published corruption`;
    },
  };
}

/** The folder in another one that a key names. */
async function childOf(path: string, key: string, child: string | undefined): Promise<string> {
  noteFolder(path);
  const entries = await readdir(path, { withFileTypes: true }).catch((cause) => {
    throw unreadable(path, cause);
  });
  const present = entries
    .filter((entry) => !entry.isFile())
    .map(({ name }) => name)
    .sort();
  if (child === undefined)
    throw new AssayError('config-invalid', `the data set does not say which ${key}`, {
      file: path,
      path: key,
      expected: present.length > 0 ? `one of ${present.join(', ')}` : 'a folder for every one',
      hint: `write ${key}: ${present[0] ?? '...'}`,
    });
  if (!present.includes(child))
    throw unknownName(`folder of a ${key}`, child, present, { file: path, path: key });
  return child;
}
