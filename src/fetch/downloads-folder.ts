import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The folder of downloads: ASSAY_DOWNLOADS, or one in the user's own folder of caches. */
export function downloadsFolder({ ASSAY_DOWNLOADS, XDG_CACHE_HOME } = process.env): string {
  return resolve(ASSAY_DOWNLOADS || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'assay', 'downloads'));
}
