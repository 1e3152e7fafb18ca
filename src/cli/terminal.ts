import { painted } from './colour.js';

/*
 * The one place where text goes to a terminal: names of classes, nodes and files come from elsewhere, and control
 * characters in them could move the cursor, hide lines, or set the clipboard.
 */

// Control characters but tab and line feed, and those that turn the direction of text.
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu;

/** Text with its control characters written out, as JSON would: `\u001b`. Inside JSON the meaning stays the same. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** To standard output. */
export const print = (text: string) => put(text, process.stdout);

/** To standard error. */
export const complain = (text: string) => put(text, process.stderr);

const put = (text: string, stream: NodeJS.WriteStream) => stream.write(painted(visible(text), stream));
