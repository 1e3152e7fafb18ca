import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { malformed } from '../bytes/byte-source.js';
import { readInflated, textOf } from './files.js';
import { type Expression, formsIn, isForm } from './s-expressions.js';
import { variableOf } from './terms.js';

/** The name of a file without its folder and its extension. */
const stemOf = (path: string): string =>
  basename(path)
    .replace(/\.gz$/, '')
    .replace(/\.[^.]*$/, '');

/** The part of the name of a counterexample's file that says whose it is. */
export const namedBy = (path: string): string =>
  stemOf(path)
    .replace(/[^\w.-]/g, '_')
    .slice(0, 80);

/**
 * The file of the counterexample that belongs to a line of results; undefined where there is none. The competition has them in a folder of
 * each category, NETWORK_PROPERTY.counterexample.gz, and `assay verify` beside its results.
 */
export async function besideResults(
  results: string,
  { category, onnx, vnnlib }: { category: string; onnx: string; vnnlib: string },
): Promise<string | undefined> {
  const name = `${stemOf(onnx)}_${stemOf(vnnlib)}.counterexample`;
  const own = `${namedBy(onnx)}_${namedBy(vnnlib)}.counterexample`;
  const folder = dirname(results);
  for (const place of [join(folder, basename(category) || '.'), folder]) {
    const names = await readdir(place).catch(() => []);
    const found = names.find(
      (one) =>
        one === name || one === `${name}.gz` || (/^\d{4,}_/.test(one) && one.replace(/^\d+_/, '') === own),
    );
    if (found !== undefined) return join(place, found);
  }
  return undefined;
}

/**
 * The inputs of a counterexample in the competition's format, rounded to float32: ((X_0 0.25) (X_1 -0.75) (Y_0 1.5)), with or
 * without `sat` before it.
 * Errors: `file-unreadable`; `file-malformed` with the line.
 */
export async function readCounterexample(path: string): Promise<Float32Array> {
  const { file, bytes } = await readInflated(path, 'vnnlib');
  const text = textOf(file, bytes).replace(/^\s*sat(?=\s|\()/, '');
  const values = new Map<number, number>();
  for (const form of formsIn(text, { file }))
    for (const pair of form.items.some(isForm) ? form.items : [form]) {
      const { name, value } = pairOf(pair, file);
      if (name.kind === 'X') values.set(name.index, value);
    }
  if (values.size === 0)
    throw malformed({ file }, 'the counterexample has no inputs', { expected: '((X_0 0.25) (X_1 -0.75) …)' });
  return Float32Array.from({ length: values.size }, (_, i) => {
    const value = values.get(i);
    if (value === undefined)
      throw malformed({ file }, `the counterexample lacks X_${i}`, { found: `${values.size} inputs` });
    return value;
  });
}

function pairOf(pair: Expression, file: string) {
  const words = isForm(pair) ? pair.items.map((item) => (isForm(item) ? '' : item.word)) : [];
  const [name, value] = [variableOf(words[0] ?? ''), Number(words[1] || Number.NaN)];
  if (!name || words.length !== 2 || Number.isNaN(value))
    throw malformed({ file, path: `line ${pair.line}` }, 'this is no number of a counterexample', {
      expected: '(X_0 0.25), or the like, in brackets',
    });
  return { name, value };
}
