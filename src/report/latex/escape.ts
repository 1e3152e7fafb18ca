import { ACCENTS, SYMBOLS } from './characters.js';

/** Stands before a table with characters that the fonts of pdfLaTeX lack. */
export const UNPRINTABLE = [
  '% \\assayunicode stands for characters that pdfLaTeX has no glyph for, and prints their numbers. XeLaTeX and LuaLaTeX print',
  '% the characters themselves, in a font that has them, after \\newcommand{\\assayunicode}[1]{\\symbol{"#1}} in the preamble.',
  '\\providecommand{\\assayunicode}[1]{\\textless{}U+#1\\textgreater{}}',
];

/** Control characters, line and paragraph separators, and what turns the direction of text. */
const BREAKING = /\s*[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+\s*/gu;

/** What is printed as one: the infinity norm, a run of signs that TeX would join to one, a letter with its accents. */
const PIECE = /ℓ∞|([-',])\1+|[\s\S]\p{M}*/gu;

/**
 * Text as LaTeX prints it, in ASCII: every character TeX would read as a command or join with the next is escaped,
 * symbols, Greek and accents become commands of the standard fonts, straight quotes open and close. What
 * pdfLaTeX has no glyph for (CJK, Cyrillic, emoji) becomes `\assayunicode{4E2D}`, see `UNPRINTABLE`. Line breaks, control
 * characters and those that turn the direction of text become spaces; what is not seen by nature goes.
 */
export function escapeLatex(text: string): string {
  const line = text
    .replace(BREAKING, ' ')
    .replace(/(^|[\s([{])"/g, '$1“')
    .replaceAll('"', '”');
  return (line.normalize('NFC').match(PIECE) ?? []).map(piece).join('');
}

function piece(text: string): string {
  if (SYMBOLS[text] !== undefined) return SYMBOLS[text];
  if (/^[ -~]$/.test(text)) return text;
  if (/^[-',]+$/.test(text)) return [...text].join('{}');
  const [base, ...marks] = [...text.normalize('NFD')].filter(seen);
  if (base === undefined) return '';
  if (marks.length > 0 && marks.every((mark) => ACCENTS[mark])) {
    const accented = withAccents(base, marks);
    if (accented !== undefined) return accented;
  }
  const plain = text.normalize('NFKC');
  if (plain !== text && !/[^ -~]/.test(plain)) return escapeLatex(plain);
  return [...text].filter(seen).map(numbered).join('');
}

function withAccents(base: string, marks: readonly string[]): string | undefined {
  if (/[a-zA-Z]/.test(base) && marks.length === 1) {
    return `${ACCENTS[marks[0]!]!.text}{${{ i: '\\i', j: '\\j' }[base] ?? base}}`;
  }
  const symbol = SYMBOLS[base] ?? '';
  const inner = /^[a-zA-Z]$/.test(base) ? `\\mathrm{${base}}` : /^\$(.*)\$$/.exec(symbol)?.[1];
  return inner && `$${marks.reduce((formula, mark) => `${ACCENTS[mark]!.math}{${formula}}`, inner)}$`;
}

const seen = (c: string) => !/\p{Default_Ignorable_Code_Point}/u.test(c);

const numbered = (c: string) => SYMBOLS[c] ?? (/^[ -~]$/.test(c) ? c : `\\assayunicode{${codePoint(c)}}`);

/** The number of a character as Unicode writes it: `4E2D`. */
export const codePoint = (c: string) => (c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
