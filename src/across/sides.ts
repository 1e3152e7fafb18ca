import { statSync } from 'node:fs';
import { AssayError, unknownName } from '../errors.js';
import type { RunFolder } from './run-folder.js';

/** `runs/v2`, or `runs/v2:jem` for one of its models. */
export interface Named {
  directory: string;
  model?: string;
}

/** Reads what was typed: what is a folder as it stands is one, whatever colons its name has. */
export function namedSide(typed: string): Named {
  const colon = typed.lastIndexOf(':');
  if (colon <= 0 || isFolder(typed) || !isFolder(typed.slice(0, colon))) return { directory: typed };
  return { directory: typed.slice(0, colon), model: typed.slice(colon + 1) };
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** A model of a run. */
export interface Side {
  run: RunFolder;
  model: string;
}

/** Hash of what the model is; empty where results do not tell. */
export const identityOf = ({ run, model }: Side): string =>
  run.results.systems.find(({ name }) => name === model)?.identity ?? '';

export interface SidePair {
  before: Side;
  after: Side;
}

/** A folder that was named, with the one model that is meant, if one is. */
export interface Chosen {
  run: RunFolder;
  model?: string;
}

/**
 * Whom to compare with whom: the first folder with each of the others, model by model of the same name; the first model
 * with each of the others where there is one folder only.
 * @param renamed `old` to `new`: what a model of the first folder is called in the others
 * @returns the pairs, and the models of the first folder that some other one does not have, as sentences
 * Errors: `unknown-name` for a model that a folder does not have; `not-comparable` when nobody is left to compare.
 */
export function pairSides(
  chosen: readonly Chosen[],
  renamed: ReadonlyMap<string, string>,
): { pairs: SidePair[]; alone: string[] } {
  for (const one of chosen) if (one.model !== undefined) require(one.run, one.model);
  const [first, ...others] = chosen as readonly [Chosen, ...Chosen[]];
  if (others.length === 0) return { pairs: withinRun(first), alone: [] };
  const known = modelsOf(first.run);
  for (const old of renamed.keys())
    if (!known.includes(old)) throw unknownName('model', old, known, { path: '--as' });
  const theirs = others.flatMap(({ run }) => modelsOf(run));
  for (const name of renamed.values())
    if (!theirs.includes(name)) throw unknownName('model', name, theirs, { path: '--as' });
  const alone: string[] = [];
  const pairs = others.flatMap((other) => {
    const counterparts = counterpartsOf(first, other, renamed);
    const missing = (first.model === undefined ? known : [first.model]).filter(
      (model) => !counterparts.some(({ before }) => before.model === model),
    );
    alone.push(...missing.map((model) => `${other.run.name} has no model "${model}" of ${first.run.name}`));
    return counterparts;
  });
  if (pairs.length > 0) return { pairs, alone };
  const second = others[0]!.run;
  throw new AssayError('not-comparable', 'the runs have no model in common', {
    expected: `a model of ${second.name} called as one of ${first.run.name}: ${known.join(', ')}`,
    found: modelsOf(second).join(', '),
    hint: `say which is which: --as ${known[0]}=${modelsOf(second)[0]}`,
  });
}

const modelsOf = ({ results }: RunFolder): string[] => results.systems.map(({ name }) => name);

function require(run: RunFolder, model: string): void {
  const known = modelsOf(run);
  if (!known.includes(model)) throw unknownName('model', model, known, { file: run.directory });
}

function withinRun({ run, model }: Chosen): SidePair[] {
  const models = modelsOf(run);
  const first = model ?? models[0]!;
  const others = models.filter((one) => one !== first);
  if (others.length === 0)
    throw new AssayError('not-comparable', 'there is nothing to compare with', {
      file: run.directory,
      expected: 'two run folders, or one with several models',
      found: `one folder with the model "${first}"`,
      hint: 'name another run folder behind it',
    });
  return others.map((other) => ({ before: { run, model: first }, after: { run, model: other } }));
}

/** Models that are both named, or have the same name, or are the only ones of their runs. */
function counterpartsOf(first: Chosen, other: Chosen, renamed: ReadonlyMap<string, string>): SidePair[] {
  const own = first.model === undefined ? modelsOf(first.run) : [first.model];
  const theirs = other.model === undefined ? modelsOf(other.run) : [other.model];
  const explicit = first.model !== undefined && other.model !== undefined;
  const onlyOnes = own.length === 1 && theirs.length === 1;
  return own.flatMap((model) => {
    const sought = explicit ? other.model : (renamed.get(model) ?? model);
    const partner =
      theirs.find((name) => name === sought) ?? (onlyOnes && !renamed.has(model) ? theirs[0] : undefined);
    return partner === undefined
      ? []
      : [{ before: { run: first.run, model }, after: { run: other.run, model: partner } }];
  });
}
