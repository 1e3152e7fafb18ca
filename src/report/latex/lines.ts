import { escapeLatex } from './escape.js';
import { ems, type Size, textWidth } from './widths.js';

/** Words wider than so many ems may be broken after signs such as a hyphen and, where there are none, at that width. */
const WIDEST = 8;

/** The parts of a word between which a line may end. */
function parts(word: string): string[] {
  if (ems(word) <= WIDEST) return [word];
  const done: string[] = [];
  for (const c of word.match(/ℓ∞|[\s\S]\p{M}*/gu) ?? []) {
    const last = done.at(-1);
    if (last === undefined || /[-_/.:,]$/.test(last) || ems(last + c) > WIDEST) done.push(c);
    else done[done.length - 1] = last + c;
  }
  return done;
}

/** Words at blanks only: what a no-break space joins stays together. */
const words = (text: string) => text.split(' ').filter(Boolean);

/** How wide a column must be at least for a text to be set in lines, in points. */
export function longestPart(text: string, size: Size): number {
  return Math.max(
    0,
    ...words(text)
      .flatMap(parts)
      .map((part) => textWidth(part, size)),
  );
}

/** A text in lines of at most that width, in points; a part that is wider has its own. */
export function lines(text: string, size: Size, width: number): string[] {
  const done: string[] = [];
  let line = '';
  for (const word of words(text)) {
    for (const [i, part] of parts(word).entries()) {
      const longer = line + (i === 0 && line ? ' ' : '') + part;
      if (line && textWidth(longer, size) > width) {
        done.push(line);
        line = part;
      } else line = longer;
    }
  }
  return [...done, line];
}

/** A text for a paragraph column, where long words may be broken too; after a hyphen TeX does so by itself. */
export function paragraph(text: string): string {
  return text
    .split(' ')
    .map((word) => parts(word).map(escapeLatex).join('\\allowbreak{}').replaceAll('-\\allowbreak{}', '-'))
    .join(' ');
}
