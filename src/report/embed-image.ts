import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { readWhole } from '../bytes/regular-file.js';

/** A PNG of the run folder as a data URI. Empty when it is missing or lies outside the folder. */
export async function embedImage(directory: string, file: string): Promise<string> {
  const bytes = await pictureBytes(directory, file);
  return bytes ? `data:image/png;base64,${bytes.toString('base64')}` : '';
}

/**
 * A PNG of the run folder; undefined when it is missing or lies outside the folder: results may come from elsewhere, and a
 * report must not publish other files of the reader's disk.
 */
export async function pictureBytes(directory: string, file: string): Promise<Buffer | undefined> {
  try {
    const root = await realpath(directory);
    const target = await realpath(path.join(root, file));
    if (!target.startsWith(root + path.sep)) return undefined;
    const bytes = await readWhole(target, 'pickedImage');
    return isPng(bytes) ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function isPng(bytes: Buffer): boolean {
  return bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
}
