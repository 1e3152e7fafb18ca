import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Names of ten million files take less: what unfolds to more in a run folder is not what we wrote. In bytes. */
const MOST_NAMES = 2 ** 28;

/** Names of files, none of which is empty or has a NUL in it: deflated, as base64. */
export const packNames = (names: readonly string[]): string =>
  deflateRawSync(names.join('\0')).toString('base64');

/** Errors: those of zlib for what `packNames` did not make. */
export function unpackNames(packed: string): string[] {
  const text = inflateRawSync(Buffer.from(packed, 'base64'), { maxOutputLength: MOST_NAMES }).toString();
  return text === '' ? [] : text.split('\0');
}
