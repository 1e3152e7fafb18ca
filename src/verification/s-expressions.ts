import { malformed, type Place } from '../bytes/byte-source.js';
import { limits } from '../bytes/limits.js';

/** A word. */
export interface Word {
  word: string;
  line: number;
}

/** What stands in brackets. */
export interface Form {
  items: Expression[];
  line: number;
}

export type Expression = Word | Form;

export const isForm = (expression: Expression): expression is Form => 'items' in expression;

/** Brackets, comments to the end of the line, words, ends of lines. */
const TOKEN = /[()]|;[^\n]*|\|[^|]*\||[^\s();|]+|\n|\|/g;

/**
 * The forms of a text in the syntax of SMT-LIB, one after the other: a file has hundreds of thousands.
 * Errors: `file-malformed` with the line, also where brackets nest deeper than is read.
 */
export function* formsIn(text: string, { file }: Place): Generator<Form> {
  const open: Form[] = [];
  let line = 1;
  let words = 0;
  const refuse = (message: string, hint: string, found?: string) =>
    malformed({ file, path: `line ${line}` }, message, { hint, ...(found !== undefined && { found }) });
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '\n') {
      line++;
      continue;
    }
    if (open.length === 0) words = 0;
    if (++words > limits.vnnlibWords.value)
      throw refuse(
        'a statement is too long',
        limits.vnnlibWords.instead,
        `more than ${limits.vnnlibWords.value} words`,
      );
    if (token === '(') {
      if (open.length >= limits.nesting.value)
        throw refuse(
          'brackets nest too deeply',
          'put all parts of an `and`, `or` or `+` into one; where none nest so, a bracket before is left open',
          `more than ${limits.nesting.value} levels`,
        );
      open.push({ items: [], line });
    } else if (token === ')') {
      const closed = open.pop();
      if (!closed) throw refuse('a bracket is closed that was not opened', 'remove it, or open it');
      const outer = open.at(-1);
      if (outer) outer.items.push(closed);
      else yield closed;
    } else if (!token.startsWith(';')) {
      const outer = open.at(-1);
      if (!outer)
        throw refuse(
          'a word stands outside of brackets',
          'VNN-LIB has declarations and assertions only',
          shown(token),
        );
      outer.items.push({ word: token, line });
      if (token.startsWith('|')) line += token.split('\n').length - 1;
    }
  }
  const last = open.at(-1);
  if (last) {
    line = last.line;
    throw refuse('a bracket is not closed', 'check that the file was copied completely');
  }
}

/** So much of a word as a message takes. */
export const shown = (word: string): string => (word.length > 40 ? `${word.slice(0, 40)}…` : word);
