import { CST, type Document, Lexer, LineCounter, parseDocument } from 'yaml';
import { type LimitName, limits } from '../bytes/limits.js';
import { readText } from '../bytes/regular-file.js';
import { AssayError } from '../errors.js';
import { shown } from './shown.js';

/**
 * Reads a YAML or JSON file (JSON is YAML). Errors: `file-unreadable`; `config-invalid` with line and column for
 * syntax errors and for files that hold no mapping.
 */
export async function readConfigFile(file: string): Promise<unknown> {
  const { document } = await readDocument(file);
  const value = plain(document, file);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new AssayError('config-invalid', 'the file holds no keys', {
    file,
    expected: 'a mapping of keys to values',
    found: value === null ? 'an empty file' : Array.isArray(value) ? 'a list' : shown(value),
    hint: 'see the examples in the README',
  });
}

/** A YAML or JSON file as nodes that know where they stand. Errors: those of `readConfigFile`. */
export async function readDocument(file: string): Promise<{ document: Document; lines: LineCounter }> {
  const text = await readText(file, 'configuration', 'config-invalid');
  refuseBulk(text, file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new AssayError('config-invalid', `the file is not valid YAML: ${error.message}`, {
      file,
      path: `line ${line}, column ${col}`,
      hint: 'check indentation, quotes and brackets there',
    });
  }
  return { document, lines };
}

/** Counts before anything is parsed: a few megabytes of brackets would take a gigabyte as nodes. */
function refuseBulk(text: string, file: string): void {
  const refuse = (limit: LimitName) => {
    const { of, value, instead } = limits[limit];
    return new AssayError('config-invalid', 'the file is too complex for a configuration', {
      file,
      expected: `at most ${value} ${of}`,
      found: 'more',
      hint: instead,
    });
  };
  let tokens = 0;
  let flow = 0;
  /** Lists that begin on this line: `- - - x`. */
  let block = 0;
  for (const token of new Lexer().lex(text)) {
    if (++tokens > limits.configurationTokens.value) throw refuse('configurationTokens');
    const type = CST.tokenType(token);
    if (type === 'flow-map-start' || type === 'flow-seq-start') flow++;
    else if (type === 'flow-map-end' || type === 'flow-seq-end') flow--;
    else if (type === 'newline') block = 0;
    else if (type === 'seq-item-ind' || type === 'explicit-key-ind') block++;
    if (flow + block > limits.nesting.value) throw refuse('nesting');
  }
}

/** A cap on aliases: a file of a few lines could otherwise grow without bound. */
function plain(document: Document, file: string): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    // Refuses a value that contains itself: whatever hashes or prints it later would not end.
    JSON.stringify(value);
    return value;
  } catch (cause) {
    throw new AssayError('config-invalid', 'the file cannot be resolved', {
      file,
      found: (cause as Error).message,
      hint: 'write values out in place of YAML aliases (*name)',
      cause,
    });
  }
}
