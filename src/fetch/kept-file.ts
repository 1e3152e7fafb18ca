import { copyFile, link, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../bytes/durable.js';
import { hashOfFile } from '../bytes/file-hash.js';
import { readText } from '../bytes/regular-file.js';
import { stampNow } from '../bytes/stamp.js';

/** Beside a file, what `stat` said of it when its content was last compared with its hash. */
const CHECKED = '.checked';

/**
 * Whether a file is there with this content. It is read where nothing tells that it is as it was when it was last read;
 * one with another content is removed. Errors: `file-unreadable`.
 */
export async function isKept(file: string, sha256: string): Promise<boolean> {
  const stamp = stampNow(file);
  if (stamp === undefined) return false;
  if ((await readText(file + CHECKED, 'pullRecord').catch(() => '')) === stamp) return true;
  if ((await hashOfFile(file)) !== sha256) {
    await rm(file, { force: true });
    return false;
  }
  // In a folder that may only be read, it is read each time.
  await writeDurably(file + CHECKED, stamp).catch(() => undefined);
  return true;
}

/** Whether the content is there under another name: it then gets this one too. Errors: `file-unreadable`. */
export async function isKeptElsewhere(folder: string, name: string, sha256: string): Promise<boolean> {
  for (const other of await readdir(folder).catch(() => [])) {
    if (!other.endsWith(CHECKED)) continue;
    const file = join(folder, other.slice(0, -CHECKED.length));
    if (!(await isKept(file, sha256))) continue;
    const wanted = join(folder, name);
    const made = await link(file, wanted)
      .catch(() => copyFile(file, wanted))
      .then(
        () => true,
        () => false,
      );
    if (made) return isKept(wanted, sha256);
  }
  return false;
}

/** Removes a file that is needed no more. */
export async function removeKept(file: string): Promise<void> {
  await rm(file, { force: true });
  await rm(file + CHECKED, { force: true });
}
