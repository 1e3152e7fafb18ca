import { malformed } from '../bytes/byte-source.js';
import { readWhole } from '../bytes/regular-file.js';
import { AssayError } from '../errors.js';
import { textOf } from './files.js';
import { recordsOf } from './instances.js';
import { shown } from './s-expressions.js';

/** What somebody else's results say of an instance. */
export interface Expected {
  category: string;
  onnx: string;
  vnnlib: string;
  /** Undecided: unknown, out of time, an error. */
  verdict: 'sat' | 'unsat' | 'undecided';
  /** Of the file. */
  line: number;
}

/** Words of the competition's results: those of 2021 said what became of the network's property. */
const VERDICTS: Readonly<Record<string, Expected['verdict']>> = {
  sat: 'sat',
  violated: 'sat',
  unsat: 'unsat',
  holds: 'unsat',
};
/** What its scripts write where there is no verdict: run_instance_timeout, no_result_in_file, error_exit_code_1 and so on. */
const UNDECIDED = /^(unknown|timeout|timed|error|no_result|prepare_instance|run_instance)/;

/**
 * Reads results as the competition has them, and `assay verify` writes them: category, network, property, seconds to prepare, result
 * and seconds a line, of any number of categories.
 * Errors: `file-unreadable`; `file-malformed` with the line.
 */
export async function readExpected(file: string): Promise<Expected[]> {
  const text = textOf(file, await readWhole(file, 'instances'));
  return recordsOf(file, text).map(({ record, info: { lines: line } }): Expected => {
    const [category = '', onnx = '', vnnlib = '', , word = ''] = record;
    const verdict = VERDICTS[word.toLowerCase()];
    if (record.length !== 6 || !(verdict !== undefined || UNDECIDED.test(word.toLowerCase())))
      throw malformed({ file, path: `line ${line}` }, 'this line is no result', {
        expected:
          'CATEGORY,NETWORK,PROPERTY,SECONDS,RESULT,SECONDS with sat, unsat, unknown, timeout or error',
        found: record.length === 6 ? `"${shown(word)}"` : `${record.length} cells`,
        hint: 'results have no header',
      });
    return { category, onnx, vnnlib, verdict: verdict ?? 'undecided', line };
  });
}

interface Named {
  onnx: string;
  vnnlib: string;
}

/**
 * For each instance the line of results that is about it; undefined where none is. Others run lists from elsewhere: a path counts as
 * the same where it ends with the other, with or without `.gz`. Of lines that still are several, those of the category count.
 * Errors: `data-invalid` where lines contradict each other.
 */
export function matched(
  instances: readonly Named[],
  lines: readonly Expected[],
  { file, category }: { file: string; category: string },
): (Expected | undefined)[] {
  const byName = new Map<string, Expected[]>();
  for (const line of lines) {
    const name = nameOf(line);
    byName.set(name, [...(byName.get(name) ?? []), line]);
  }
  return instances.map((instance) => {
    const found = (byName.get(nameOf(instance)) ?? []).filter(
      (line) => endsAlike(line.onnx, instance.onnx) && endsAlike(line.vnnlib, instance.vnnlib),
    );
    const own = found.filter((line) => line.category === category);
    const about = own.length > 0 ? own : found;
    const decided = about.filter(({ verdict }) => verdict !== 'undecided');
    const [first = about[0]] = decided;
    const other = decided.find(({ verdict }) => verdict !== first?.verdict);
    if (first && other)
      throw new AssayError('data-invalid', 'two lines of the expected results contradict each other', {
        file,
        path: `lines ${first.line} and ${other.line}`,
        found: `${first.verdict} and ${other.verdict} of ${instance.onnx} ${instance.vnnlib}`,
        hint: 'leave out the other one, or the lines of other categories; --category names that of the list',
      });
    return first;
  });
}

const partsOf = (path: string): string[] =>
  path
    .replace(/\.gz$/, '')
    .split(/[\\/]/)
    .filter((part) => part !== '' && part !== '.');

const nameOf = ({ onnx, vnnlib }: Named): string =>
  JSON.stringify([partsOf(onnx).at(-1), partsOf(vnnlib).at(-1)]);

/** Whether the shorter of two paths is the end of the other. */
function endsAlike(one: string, other: string): boolean {
  const [a, b] = [partsOf(one), partsOf(other)];
  const length = Math.min(a.length, b.length);
  return a.slice(-length).join('/') === b.slice(-length).join('/');
}
