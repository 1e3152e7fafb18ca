import { closest, distance } from 'fastest-levenshtein';
import { oneLine } from './one-line.js';

/**
 * What went wrong, by class. Every code ends the process with exit code 2; the code is stable and may be
 * matched by scripts, the text may not.
 */
export type ErrorCode =
  | 'file-unreadable'
  | 'file-malformed'
  | 'config-invalid'
  | 'unknown-name'
  | 'shape-mismatch'
  | 'data-invalid'
  | 'model-invalid'
  | 'op-unsupported'
  | 'expectation-missed'
  | 'not-measured'
  | 'not-planned'
  | 'output-unwritable'
  | 'suite-failed'
  | 'plugin-invalid'
  | 'results-stale'
  | 'results-partial'
  | 'results-stopped'
  | 'results-edited'
  | 'not-comparable'
  | 'baseline-damaged'
  | 'engine-failed'
  | 'queue-failed'
  | 'store-failed'
  | 'limit-exceeded'
  | 'download-failed'
  | 'interrupted';

export interface ErrorDetails {
  /** What was wanted. */
  expected?: string;
  /** What was there instead. */
  found?: string;
  /** The file at fault. */
  file?: string;
  /** Where inside that file: a key path, a node, an array name, `line 3, column 5`. */
  path?: string;
  /** What the user should do next. */
  hint?: string;
  /** More that is wrong, one line each. */
  also?: readonly string[];
  cause?: unknown;
}

/** An error with a place and a remedy. Anything else that reaches the command line is a bug in Assay. */
export class AssayError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message, { cause: details.cause });
    this.name = 'AssayError';
  }

  /** The error as the command line prints it: the message, then one line a detail, whatever names they hold. */
  explain(): string {
    const { file, path, expected, found, hint, also = [] } = this.details;
    const lines = [`error[${this.code}]: ${this.message}`];
    if (file) lines.push(`  in       ${file}${path ? ` at ${path}` : ''}`);
    else if (path) lines.push(`  at       ${path}`);
    if (expected) lines.push(`  expected ${expected}`);
    if (found) lines.push(`  found    ${found}`);
    if (hint) lines.push(`  fix      ${hint}`);
    for (const line of also) lines.push(`  also     ${line}`);
    return lines.map(oneLine).join('\n');
  }
}

/** The message with its place and remedy. */
export function inOneLine({ message, details }: AssayError): string {
  const { file, path, expected, found, hint } = details;
  const place = [file, path].filter((part) => part).join(' at ');
  return [
    place ? `${message} (${place})` : message,
    expected && `expected ${expected}`,
    found && `found ${found}`,
    hint,
  ]
    .filter((part) => part)
    .join('; ');
}

/** An error as it crosses from one thread to another, where only plain data goes. */
export interface ErrorRecord {
  message: string;
  stack?: string;
  /** Absent of errors that are bugs. */
  code?: ErrorCode;
  details?: ErrorDetails;
}

/** Causes are kept for what `--debug` prints: their messages and stacks. */
export function recordError(error: unknown): ErrorRecord {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack } = error;
  if (!(error instanceof AssayError)) return { message, stack };
  const { cause, ...details } = error.details;
  const plain = cause === undefined ? undefined : restoreError(recordError(cause));
  return { message, stack, code: error.code, details: { ...details, ...(plain && { cause: plain }) } };
}

/** The error that was recorded: an `AssayError` where it was one. */
export function restoreError({ message, stack, code, details }: ErrorRecord): Error {
  const error = code ? new AssayError(code, message, details) : new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** The candidate nearest to a misspelt name, or undefined when none is close enough to be meant. */
export function didYouMean(name: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const best = closest(name, candidates);
  return distance(name.toLowerCase(), best.toLowerCase()) <= Math.max(2, Math.floor(best.length / 3))
    ? best
    : undefined;
}

/** An `unknown-name` error that lists what exists and guesses what was meant. */
export function unknownName(
  kind: string,
  name: string,
  known: readonly string[],
  details: ErrorDetails = {},
) {
  const guess = didYouMean(name, known);
  return new AssayError('unknown-name', `there is no ${kind} called "${name}"`, {
    expected: `one of ${known.join(', ') || '(none)'}`,
    hint: guess ? `did you mean "${guess}"?` : undefined,
    ...details,
  });
}

/** `unknownName` as a fault of an option, so that the place in the run file is told. */
export function notNamed(kind: string, name: string, known: readonly string[], path: string): AssayError {
  const { message, details } = unknownName(kind, name, known);
  return new AssayError('config-invalid', message, { ...details, path });
}
