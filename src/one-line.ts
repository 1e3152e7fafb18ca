/*
 * Names of classes, tensors, members of archives and files come from elsewhere. Control characters in them could move
 * the cursor of a terminal, hide lines or set the clipboard; a line end could forge a line of an error or a row of a
 * table; characters that turn the direction of text could show a name that is another.
 */

// Control characters (line feed and tab too), line and paragraph separators, and what turns the direction of text.
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Text on one line: what is not seen, or ends lines, is written out as JSON would, `\u001b`. */
export const oneLine = (text: string): string => text.replace(UNSEEN, written);

/** As `oneLine`, for text of several lines: line feeds and tabs stay. Inside JSON the meaning stays the same. */
export const visible = (text: string): string =>
  text.replace(UNSEEN, (c) => (c === '\n' || c === '\t' ? c : written(c)));

const written = (c: string): string => SHORT[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
