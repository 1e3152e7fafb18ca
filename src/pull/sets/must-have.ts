import { malformed } from '../../bytes/byte-source.js';
import type { Staging } from '../../fetch/staging.js';

/** Errors: `file-malformed` when an archive lacked a file. */
export function mustHave({ files }: Staging, needed: readonly string[], archive: string): void {
  const missing = needed.find((file) => !files.some(({ path }) => path === file));
  if (missing === undefined) return;
  throw malformed({ file: archive }, 'the archive lacks a file of the data set', {
    expected: missing,
    hint: 'this is not the archive that was published: fetch it again',
  });
}
