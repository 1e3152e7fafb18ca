import { oneLine } from './one-line.js';

/**
 * How csv-stringify writes cells: on one line. Spreadsheets take text that begins with one of = + - @ for a formula, which
 * can start programs: a single quote before it prevents that (OWASP, "CSV Injection"; a tab or carriage return, which it
 * names too, is written out). Numbers stay numbers, also as text, and lists of them.
 */
export const cast = {
  boolean: String,
  string: (text: string) =>
    oneLine(FORMULA.test(text) && !text.split(' ').every(isNumber) ? `'${text}` : text),
};

const isNumber = (text: string) => text !== '' && !Number.isNaN(Number(text));

/** The full-width forms of the signs count too. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/** A cell as csv-stringify writes it with `cast`, before quoting. Numbers are written so that they read as the same. */
export const cellText = (value: string | number | boolean | null | undefined): string =>
  typeof value === 'string' ? cast.string(value) : String(value ?? '');
