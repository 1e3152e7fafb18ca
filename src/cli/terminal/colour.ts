/** Whether a stream wants colours: a terminal, and the user has not said NO_COLOR (https://no-color.org). */
export function colourful(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}

const codes = { red: 31, green: 32, bold: 1 };

/** Gates' verdicts and the word `error` at the start of a line, in colour where the stream wants it. */
export function painted(text: string, stream: { isTTY?: boolean }): string {
  if (!colourful(stream)) return text;
  const paint = (code: number) => (match: string) => `\x1b[${code}m${match}\x1b[0m`;
  return text
    .replace(/^(FAIL|error)\b/gm, paint(codes.red))
    .replace(/^pass\b/gm, paint(codes.green))
    .replace(/^! .*$/gm, paint(codes.bold));
}
