import { AssayError } from '../errors.js';

/** A word for a POSIX shell, whatever it holds. Errors: `config-invalid` for NUL, which no shell can pass on. */
export function shellWord(word: string): string {
  if (word.includes('\0'))
    throw new AssayError('config-invalid', 'a name holds a NUL character', {
      found: JSON.stringify(word),
      hint: 'rename the file',
    });
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

export const shellWords = (words: readonly string[]): string => words.map(shellWord).join(' ');
