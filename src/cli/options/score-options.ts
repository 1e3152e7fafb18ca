import { basename, extname } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { readText, unreadable } from '../../bytes/regular-file.js';
import { AssayError, unknownName } from '../../errors.js';
import { recalibrators as recalibratorTable } from '../../metrics/recalibration/registry.js';
import { scores as scoreTable } from '../../scores/registry.js';
import { scoreSets } from '../../scores/sets.js';
import { withPlugins } from './plugin-option.js';

/** A file of one model. */
export interface ModelFile {
  model?: string;
  file: string;
}

/** A file of one model on an OOD set. */
export interface OodFile extends ModelFile {
  set: string;
  distance?: 'near' | 'far';
}

const NAME = '[A-Za-z0-9][A-Za-z0-9._-]*';

export function commaList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** `jem=logits.npy` or `logits.npy`. What stands before the `=` is a name only if it has no slash. */
export function modelFile(text: string): ModelFile {
  const [, model, file] = new RegExp(`^(${NAME})=(.+)$`).exec(text) ?? [];
  if (model !== undefined && file !== undefined) return { model, file };
  if (text === '' || text.startsWith('=')) throw new InvalidArgumentError('Expected FILE or MODEL=FILE.');
  return { file: text };
}

/** `svhn=svhn.npy`, `far:svhn=svhn.npy` or `far:svhn@jem=jem/svhn.npy`. */
export function oodFile(text: string): OodFile {
  const pattern = new RegExp(`^(?:(near|far):)?(${NAME})(?:@(${NAME}))?=(.+)$`);
  const [, distance, set, model, file] = pattern.exec(text) ?? [];
  if (set === undefined || file === undefined)
    throw new InvalidArgumentError(
      'Expected NAME=FILE, with near: or far: before the name, and @MODEL after it where there are several models.',
    );
  return { set, file, ...(distance && { distance: distance as 'near' | 'far' }), ...(model && { model }) };
}

/**
 * Names of the models: as given, else the title for a single model, else that of the file.
 * Errors: `config-invalid` when two are the same.
 */
export function modelNames(files: readonly ModelFile[], title?: string): string[] {
  const names = files.map(({ model, file }) => {
    if (model !== undefined) return model;
    if (files.length === 1 && title !== undefined) return asName(title);
    const path = file.replace(/(\.(?:npz|csv|tsv|txt)):[^:/\\]+$/i, '$1');
    return asName(basename(path, extname(path)));
  });
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return names;
  throw refuse(
    '--logits',
    `two models are called "${twice}"`,
    'name them: --logits first=FILE --logits second=FILE',
  );
}

const asName = (text: string): string =>
  text.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+|-$/g, '') || 'model';

/** Files by model. Errors: `unknown-name`, `config-invalid`; both name the option. */
export function byModel(
  files: readonly ModelFile[],
  models: readonly string[],
  option: string,
): Record<string, string> {
  const byName = new Map<string, string>();
  for (const { model, file } of files) {
    if (model === undefined && models.length > 1)
      throw refuse(
        option,
        `nothing says which model the predictions in ${file} belong to`,
        `name the model, one of ${models.join(', ')}`,
      );
    const name = model ?? models[0]!;
    if (!models.includes(name)) throw unknownName('model', name, models, { path: option });
    if (byName.has(name))
      throw refuse(option, `the predictions of "${name}" are given twice`, 'leave one of them out');
    byName.set(name, file);
  }
  return Object.fromEntries(byName);
}

/** OOD sets in the order in which they were first named. Errors: as `byModel`. */
export function oodSets(
  files: readonly OodFile[],
  models: readonly string[],
): { name: string; distance?: 'near' | 'far'; logits: Record<string, string> }[] {
  return [...new Set(files.map(({ set }) => set))].map((name) => {
    const own = files.filter(({ set }) => set === name);
    const distances = new Set(own.flatMap(({ distance }) => distance ?? []));
    if (distances.size > 1)
      throw refuse(`--ood ${name}`, `"${name}" is given as near and as far`, 'give one of the two');
    const [distance] = distances;
    const logits = byModel(own, models, `--ood ${name}`);
    return { name, ...(distance && { distance }), logits };
  });
}

/** The option says `validation` in two parts. Errors: `config-invalid` when one is missing. */
export function validationFiles(
  logits: readonly ModelFile[] | undefined,
  labels: string | undefined,
  models: readonly string[],
): { logits: Record<string, string>; labels: string } | undefined {
  if (logits === undefined && labels === undefined) return undefined;
  if (logits === undefined)
    throw refuse('--validation-labels', 'there are labels without logits', 'add --validation-logits FILE');
  if (labels === undefined)
    throw refuse(
      '--validation-logits',
      'a temperature cannot be fitted without labels',
      'add --validation-labels FILE',
    );
  return { logits: byModel(logits, models, '--validation-logits'), labels };
}

/** Class names: a list with commas, or a file with one a line. Errors: `file-unreadable`, `config-invalid`. */
export async function readClassNames(text: string): Promise<string[]> {
  const names = text.includes(',') ? commaList(text) : await linesOf(text);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return names;
  throw refuse('--classes', `two classes are called "${twice}"`, 'give every class a name of its own');
}

async function linesOf(file: string): Promise<string[]> {
  try {
    const text = await readText(file, 'classNames');
    return text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '');
  } catch (cause) {
    const error = unreadable(file, cause);
    if (error.code !== 'file-unreadable') throw error;
    throw new AssayError(error.code, error.message, {
      ...error.details,
      path: '--classes',
      hint: 'name a file with one class name per line, or list the names with commas: cat,dog,owl',
    });
  }
}

export interface SuiteFlags {
  bins?: number;
  topK?: readonly number[];
  scores?: readonly string[];
  recalibrators?: readonly string[];
  suites?: string;
  plugin: readonly string[];
}

/**
 * Errors: `config-invalid` for options of suites, or plug-ins, beside a file of suites; `unknown-name` for a score or a
 * recalibrator that neither Assay nor a plug-in has; those of loading plug-ins.
 */
export async function checkSuiteFlags(flags: SuiteFlags): Promise<void> {
  const { bins, topK, scores = [], recalibrators = [], suites, plugin } = flags;
  const given = Object.entries({
    '--bins': bins,
    '--top-k': topK,
    '--scores': flags.scores,
    '--recalibrators': flags.recalibrators,
  });
  const clash = given.find(([, value]) => value !== undefined)?.[0];
  if (suites !== undefined && plugin.length > 0)
    throw refuse(
      '--plugin',
      '--plugin does not go with --suites',
      `name the plug-in in ${suites}: \`plugins: [${plugin.join(', ')}]\``,
    );
  if (suites !== undefined && clash)
    throw refuse('--suites', `${clash} does not go with --suites`, 'set that option in the file of suites');
  const own = { scores: scoreTable, recalibrators: recalibratorTable };
  const known =
    plugin.length > 0 && (scores.length > 0 || recalibrators.length > 0) ? await withPlugins(plugin) : own;
  for (const id of scores)
    if (!scoreSets.some(({ name }) => name === id)) known.scores.named(id, { path: '--scores' });
  for (const name of recalibrators) known.recalibrators.named(name, { path: '--recalibrators' });
}

const refuse = (path: string, message: string, hint: string) =>
  new AssayError('config-invalid', message, { path, hint });
