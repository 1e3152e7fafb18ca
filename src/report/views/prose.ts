/** A piece of a sentence. */
export interface Piece {
  text: string;
  code: boolean;
}

/** Text with `names` in backticks, cut so that a template can set those as code; still escaped by the template. */
export function prose(text: string): Piece[] {
  return text
    .split(/`([^`\n]+)`/)
    .map((piece, i) => ({ text: piece, code: i % 2 === 1 }))
    .filter((piece) => piece.text !== '');
}
