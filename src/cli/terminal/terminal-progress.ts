import { ProgressLine } from './progress-line.js';

/** A progress line on standard error: live on a terminal, plain lines elsewhere and in CI. */
export function terminalProgress(quiet: boolean): ProgressLine {
  const { stderr } = process;
  const plain = process.env.CI !== undefined || process.env.TERM === 'dumb';
  return new ProgressLine(
    {
      write: (text) => stderr.write(text),
      isTTY: stderr.isTTY === true && !plain,
      // A terminal that does not tell its width says 0.
      columns: stderr.columns || 100,
    },
    { quiet },
  );
}
