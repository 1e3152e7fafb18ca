import { ACCENTS, SYMBOLS } from './characters.js';
import { codePoint } from './escape.js';

/** Widths of characters in Computer Modern Roman at 10 pt, in ems: `tftopl cmr10.tfm`. */
const CLASSES: readonly (readonly [number, string])[] = [
  [0.167, '\u2009\u202f'],
  [0.278, "!',.:;[]il"],
  [0.306, 'fj'],
  [0.333, ' \u00a0-'],
  [0.361, 'I'],
  [0.389, '()t'],
  [0.394, 'rs'],
  [0.444, 'cezℓ'],
  [0.5, '"$*/0123456789\\^`ago{}~_|–↑↓'],
  [0.528, '?kqvxy'],
  [0.556, 'Sbdhnpu'],
  [0.625, 'LZ'],
  [0.681, 'EFP'],
  [0.75, 'AHBCNRTUVXY'],
  [0.778, '&+<=>@DGKOQ−±×'],
  [0.833, '#%m'],
  [0.917, 'M'],
  [1, '∞'],
  [1.028, 'W'],
];

const WIDTHS = new Map(CLASSES.flatMap(([width, characters]) => [...characters].map((c) => [c, width])));

/** Symbols are at most so wide: dots, ‰, ©. */
const SYMBOL = 1.35;

/** The bold face and the small sizes of Computer Modern are wider than the regular one at 10 pt, for their size. */
const BOLD = 1.16;

/** Sizes of type in a document of 10 pt, in points, with what an em of the table above is there. */
export const SIZES = {
  small: { points: 9, em: 9 * 1.03 },
  footnotesize: { points: 8, em: 8 * 1.063 },
  scriptsize: { points: 7, em: 7 * 1.141 },
} as const;

export type Size = keyof typeof SIZES;

/**
 * About how wide TeX sets a text in Computer Modern, in points; most other text faces are narrower.
 * It rests on what `escapeLatex` writes for each character.
 */
export function textWidth(text: string, size: Size, bold = false): number {
  return ems(text) * SIZES[size].em * (bold ? BOLD : 1);
}

/** The same in ems of the table above. */
export function ems(text: string): number {
  return [...text.normalize('NFC')].reduce((sum, c) => sum + characterWidth(c), 0);
}

function characterWidth(c: string): number {
  const known = WIDTHS.get(c);
  if (known !== undefined) return known;
  if (SYMBOLS[c] !== undefined) return SYMBOL;
  const [base = c, mark] = c.normalize('NFD');
  if (mark !== undefined && ACCENTS[mark]) return WIDTHS.get(base) ?? SYMBOL;
  const combined = ACCENTS[c] !== undefined || /\p{Default_Ignorable_Code_Point}/u.test(c);
  return combined ? 0 : ems(`<U+${codePoint(c)}>`);
}
