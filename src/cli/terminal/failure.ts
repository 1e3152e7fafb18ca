import { AssayError } from '../../errors.js';
import { oneLine } from '../../one-line.js';

/** What is printed for an error: its place and remedy; with `debug` the stack and its causes. */
export function explainFailure(error: unknown, debug: boolean): string {
  const stack = debug ? `\n${stackOf(error)}` : '';
  if (error instanceof AssayError) return `${error.explain()}${stack}\n`;
  const message = error instanceof Error ? error.message : String(error);
  const more = debug
    ? ''
    : '\n  fix      this is a bug in Assay: run again with --debug and report what it prints';
  return `error[bug]: ${oneLine(message)}${more}${stack}\n`;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
