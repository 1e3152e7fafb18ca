import { stat } from 'node:fs/promises';
import { malformed, openFile } from '../bytes/byte-source.js';
import { inflate } from '../bytes/inflate.js';
import { type LimitName, limits } from '../bytes/limits.js';
import { isGzip } from '../bytes/magic.js';
import { tooLarge } from '../bytes/regular-file.js';

/**
 * The bytes of a file, inflated where they are gzipped. Where there is no file of that name, one with `.gz` behind it is read, as
 * categories of the competition are published.
 * Errors: `file-unreadable`, `file-malformed`.
 */
export async function readInflated(
  path: string,
  limit: LimitName,
): Promise<{ file: string; bytes: Uint8Array }> {
  const file = (await isThere(path)) || !(await isThere(`${path}.gz`)) ? path : `${path}.gz`;
  const raw = await openFile(file);
  try {
    if (!isGzip(await raw.read(0, Math.min(2, raw.size)))) {
      if (raw.size > limits[limit].value) throw tooLarge(file, raw.size, limit);
      return { file, bytes: await raw.read(0, raw.size) };
    }
    const { value: atMost, instead } = limits[limit];
    const whole = await inflate(raw, { method: 'gzip', place: { file }, atMost, instead });
    try {
      return { file, bytes: await whole.read(0, whole.size) };
    } finally {
      await whole.close();
    }
  } finally {
    await raw.close();
  }
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Text in UTF-8. Errors: `file-malformed` for other bytes, with what to do. */
export function textOf(file: string, bytes: Uint8Array, hint = 'save it as UTF-8'): string {
  try {
    return new TextDecoder('utf8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw malformed({ file }, 'the file is not text', {
      expected: 'text in UTF-8',
      hint,
      cause,
    });
  }
}
