import { dirname } from 'node:path';
import { type Changes, changesText } from '../../bytes/changes.js';
import { check } from '../../config/validate.js';
import type { Dataset, DatasetInfo } from '../../data/dataset.js';
import { datasetSchema } from '../../data/dataset-schema.js';
import { describedDataset } from '../../data/described.js';
import { DecodedBudget } from '../../data/images/decoded-images.js';
import { checkEntry } from '../../data/located.js';
import type { DatasetOptions } from '../../data/open.js';
import type { DatasetEntry } from '../../data/spec.js';
import type { Engine } from '../../engines/engine.js';
import { engineLine } from '../../engines/registry.js';
import { AssayError, unknownName } from '../../errors.js';
import type { Fetching } from '../../fetch/remote.js';
import { type ReadCard, readCard } from '../../models/card/read-card.js';
import type { System, SystemInfo } from '../../models/system.js';
import type { Warning } from '../../suites/results.js';
import { builtinRunCatalogue, type RunCatalogue } from '../asked/run-catalogue.js';
import type { ReadRun, RunFile } from '../asked/run-file.js';
import { refuseSharedFiles } from '../asked/shared-files.js';
import { withDerived } from '../inventory/derived-infos.js';
import { type DerivedSpec, derivedSpec } from '../inventory/derived-specs.js';
import type { Descriptions } from '../inventory/descriptions.js';
import { type Evaluation, lazyEntry, openedEntry, type SystemEntry } from '../inventory/inventory.js';
import type { Listener } from '../measuring/progress.js';
import type { Choice, ChoiceContext, OpenedModel } from './choose-network.js';
import type { Expectation } from './expectations.js';

/** The systems and data sets of a run. */
export interface Inputs {
  evaluation: Evaluation;
  expectations: Expectation[];
  partial: ReadonlySet<string>;
  warnings: Warning[];
  /** Cards, defences and data sets as resolved. */
  config: Record<string, unknown>;
  /** Drops decoded images, once everything is measured. */
  forgetImages(): void;
  close(): Promise<void>;
}

interface InputOptions {
  limit?: number;
  seed: number;
  /** What the run file can name. Default: what comes with Assay. */
  catalogue?: RunCatalogue;
  /** What earlier runs found out. Default: nothing is known, and nothing kept. */
  descriptions?: Descriptions;
  notify?: Listener;
  /** Ends the fetching of what is named by its address. */
  signal?: AbortSignal | undefined;
}

/**
 * Describes what a run file names: data sets first, since they tell fastest what is wrong. What an earlier run has
 * described, from the same files, is opened when it is needed; all else is opened now, so that what is wrong with it is
 * told before anything is measured.
 * Errors: those of cards, checkpoints and data sets; `unknown-name` and `config-invalid` with their place.
 */
export async function openInputs(read: ReadRun, engine: Engine, options: InputOptions): Promise<Inputs> {
  const closing: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const one of closing.splice(0)) await one();
  };
  try {
    const { config, directory } = read;
    const { catalogue = builtinRunCatalogue, seed, limit } = options;
    const specs = datasetSpecs(read, catalogue, limit);
    const { files, derived } = specs;
    const fetching = fetchingOf(options);
    const cards: ReadCard[] = [];
    for (const source of config.models)
      cards.push(await readCard(source, { directory, architectures: catalogue.architectures, ...fetching }));
    const datasets = new Map<string, Dataset>();
    const budget = new DecodedBudget();
    const partial = new Set([...files].filter(([, spec]) => isPartial(spec)).map(([name]) => name));
    const shared = {
      directory,
      classes: sharedClasses(cards),
      budget,
      dataFormats: catalogue.dataFormats,
      file: read.file,
      ...fetching,
    };
    for (const [name, spec] of files) {
      const dataset = await datasetOf(name, spec, shared, options);
      closing.push(() => dataset.close());
      datasets.set(name, dataset);
    }
    const models = new Map<string, SystemEntry>();
    const resolved: object[] = [];
    const context = { datasets, partial, file: read.file, ...catalogue };
    for (const [i, { card }] of cards.entries()) {
      refuseTaken(card.name, models, read, `models[${i}]`);
      const { entry, chosen } = await modelEntry(cards[i]!, engine, { ...options, ...context }, closing);
      models.set(card.name, entry);
      const source = config.models[i];
      resolved.push({
        ...card,
        ...(chosen && { architecture: chosen.architecture }),
        ...(typeof source === 'string' && { card: source }),
      });
    }
    const defended = wrapDefences(read, models, catalogue.defences);
    const systems = new Map([...models, ...defended.systems]);
    refuseSharedFiles([...systems.keys()], Object.keys(config.datasets), read.file);
    const sources = { names: Object.keys(config.datasets), systems, seed, limit, file: read.file };
    return {
      evaluation: {
        systems,
        datasets: withDerived(datasets, derived, sources),
        seed,
        engine: engineLine(engine),
        catalogue,
      },
      expectations: cards.flatMap(({ card: { name, expect }, file }) =>
        expect ? [{ system: name, expect, file: file ?? read.file }] : [],
      ),
      partial,
      warnings: options.limit === undefined ? [] : [limitNote(options.limit)],
      config: { models: resolved, defences: defended.resolved, datasets: resolvedSets(read, specs) },
      forgetImages: () => budget.end(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Fetching is shown, and ends with the run. */
const fetchingOf = ({ notify, signal }: InputOptions): Fetching => ({
  signal,
  tell: notify && ((stage) => notify({ kind: 'stage', ...stage })),
});

async function datasetOf(
  name: string,
  spec: DatasetEntry,
  shared: DatasetOptions,
  { descriptions, notify }: InputOptions,
): Promise<Dataset> {
  const { directory, classes } = shared;
  const request = { kind: 'data set', name, spec, directory, classes } as const;
  const info = await descriptions?.find<DatasetInfo>(request, (changes) =>
    notify?.({ kind: 'note', text: readAgain(`the data set "${name}"`, changes, directory) }),
  );
  if (info) return describedDataset(info, spec, shared);
  const { openDataset } = await import('../../data/open.js');
  const open = () => openDataset(name, spec, shared);
  const dataset = await (descriptions?.make(request, open, (made) => made.info) ?? open());
  notify?.({ kind: 'opened', what: 'data set', name });
  return dataset;
}

const readAgain = (what: string, changes: Changes, directory: string) =>
  `${what} is read again: since the last run, ${changesText(changes, directory)}`;

/** What is kept of a model that was opened. */
interface ModelDescription {
  info: SystemInfo;
  chosen?: Choice;
}

/** @param closing gets what is to be closed of a model that is opened, whenever that is */
async function modelEntry(
  read: ReadCard,
  engine: Engine,
  { descriptions, notify, ...context }: InputOptions & ChoiceContext,
  closing: (() => Promise<void>)[],
): Promise<{ entry: SystemEntry; chosen?: Choice | undefined }> {
  const opened = async () => {
    // What reads checkpoints takes a while to load: a finished run does without.
    const { openChosen } = await import('./choose-network.js');
    const made = await openChosen(read, engine, context);
    closing.push(() => made.model.close());
    notify?.({ kind: 'opened', what: 'model', name: read.card.name });
    return made;
  };
  const request = { kind: 'model', ...read, engine: engineLine(engine), ...deciding(read, context) } as const;
  const { name } = read.card;
  const known = await descriptions?.find<ModelDescription>(request, (changes) =>
    notify?.({ kind: 'note', text: readAgain(`the model "${name}"`, changes, dirname(context.file)) }),
  );
  if (!known) {
    const describe = ({ model: { info }, chosen }: OpenedModel): ModelDescription => ({ info, chosen });
    const { model, chosen } = await (descriptions?.make(request, opened, describe) ?? opened());
    return { entry: openedEntry(model), chosen };
  }
  const { info, chosen } = known;
  const open = async () => {
    const { model } = await opened();
    if (model.info.identity === info.identity) return model;
    throw new AssayError('model-invalid', `the model "${info.name}" has changed since the run began`, {
      file: read.checkpoint,
      hint: 'run again once nothing is writing to it',
    });
  };
  return { entry: lazyEntry(info, open), chosen };
}

/** What of the data sets decides how a model is opened. */
function deciding({ card }: ReadCard, { datasets, partial }: ChoiceContext) {
  const infos = [...datasets.values()].map(({ info }) => info);
  return {
    image: infos[0]?.shape,
    ...(card.expect && {
      datasets: infos.map(({ name, role, fingerprint }) => [name, role, fingerprint, partial.has(name)]),
    }),
  };
}

/** Class names that all cards give alike; undefined where they do not. */
function sharedClasses(cards: readonly ReadCard[]): readonly string[] | undefined {
  const lists = cards.map(({ card }) => card.classes);
  const [first] = lists;
  if (!Array.isArray(first)) return undefined;
  return lists.every((list) => Array.isArray(list) && list.join('\n') === first.join('\n'))
    ? first
    : undefined;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Data sets that lie in files, and those that are made of others. */
interface Specs {
  files: Map<string, DatasetEntry>;
  derived: Map<string, DerivedSpec>;
}

function datasetSpecs({ config, file }: ReadRun, catalogue: RunCatalogue, limit?: number): Specs {
  const files = new Map<string, DatasetEntry>();
  const derived = new Map<string, DerivedSpec>();
  const schema = datasetSchema(catalogue.dataFormats);
  for (const [name, given] of Object.entries(config.datasets)) {
    const at = `datasets.${name}`;
    if (!NAME.test(name)) throw badName(name, { file, path: at });
    const made = derivedSpec(name, given, { file, ...catalogue });
    if (made) {
      derived.set(name, made);
      continue;
    }
    const spec = checkEntry(given, schema, { file, name, at });
    files.set(name, limit === undefined ? spec : { ...spec, limit: Math.min(limit, spec.limit ?? limit) });
  }
  return { files, derived };
}

/** Data sets as resolved, in the order of the run file. */
const resolvedSets = ({ config }: ReadRun, { files, derived }: Specs) =>
  Object.fromEntries(
    Object.keys(config.datasets).map((name) => [name, files.get(name) ?? derived.get(name)?.resolved]),
  );

const badName = (name: string, where: { file: string; path: string }) =>
  new AssayError('config-invalid', `"${name}" cannot be a name`, {
    ...where,
    expected: 'letters, digits, dots, dashes and underscores, starting with a letter or digit',
    hint: 'rename it',
  });

const isPartial = ({ limit, offset, sample }: DatasetEntry) =>
  limit !== undefined || Boolean(offset) || sample !== undefined;

function refuseTaken(
  name: string,
  systems: ReadonlyMap<string, SystemEntry>,
  { file }: ReadRun,
  path: string,
): void {
  if (!systems.has(name)) return;
  throw new AssayError('config-invalid', `two systems are called "${name}"`, {
    file,
    path,
    hint: 'give each model card and each defence a `name` of its own',
  });
}

/** Defended systems in the order of the run file; a defence may stand before another one. */
function wrapDefences(
  read: ReadRun,
  models: ReadonlyMap<string, SystemEntry>,
  defences: RunCatalogue['defences'],
): { systems: Map<string, SystemEntry>; resolved: object[] } {
  const systems = new Map<string, SystemEntry>();
  const resolved: object[] = [];
  for (const [i, entry] of read.config.defences.entries()) {
    const at = { file: read.file, path: `defences[${i}]` };
    const all = new Map([...models, ...systems]);
    const lookup = (key: string) => (name: string) => {
      const known = all.get(name);
      if (!known) throw unknownName('model', name, [...all.keys()], { ...at, path: `${at.path}.${key}` });
      return known;
    };
    const { key, options } = defenceOf(entry, defences, at);
    if (!NAME.test(entry.name)) throw badName(entry.name, { ...at, path: `${at.path}.name` });
    refuseTaken(entry.name, all, read, `${at.path}.name`);
    const target = lookup('model')(entry.model);
    const defence = defences.named(key, at);
    const checked = check(defence.options, options, {
      file: read.file,
      what: `defence "${key}"`,
      at: `${at.path}.${key}`,
    });
    const others = Object.entries(defence.models(checked)).map(([option, name]): [string, SystemEntry] => [
      name,
      lookup(`${key}.${option}`)(name),
    ]);
    const other = new Map(others);
    const named = (name: string) => other.get(name) ?? lookup(key)(name);
    const info = placed(at, () => defence.describe(target, checked, named, entry.name));
    const open = async () => {
      const opened = new Map<string, System>();
      for (const [name, one] of other) opened.set(name, await one.open());
      return defence.wrap(await target.open(), checked, (name) => opened.get(name) as System, entry.name);
    };
    systems.set(entry.name, lazyEntry(info, open));
    resolved.push({ name: entry.name, model: entry.model, [key]: checked });
  }
  return { systems, resolved };
}

/** The one key of a defence besides its name and model. */
function defenceOf(
  entry: RunFile['defences'][number],
  defences: RunCatalogue['defences'],
  at: { file: string; path: string },
): { key: string; options: unknown } {
  const { name: _, model: __, ...rest }: Record<string, unknown> = { ...entry };
  const keys = Object.keys(rest);
  if (keys.length === 1) return { key: keys[0]!, options: rest[keys[0]!] ?? {} };
  throw new AssayError('config-invalid', `the defence "${entry.name}" must name one way to defend`, {
    ...at,
    expected: `one of the keys ${defences.names.join(', ')}`,
    found: keys.length === 0 ? 'none' : keys.join(', '),
    hint: 'stack defences by giving each an entry of its own',
  });
}

/** Gives errors of a defence their place. */
function placed<T>(at: { file: string; path: string }, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof AssayError) || error.details.file) throw error;
    throw new AssayError(error.code, error.message, { ...error.details, ...at });
  }
}

const limitNote = (limit: number): Warning => ({
  code: 'limited',
  severity: 'warning',
  message: `only the first ${limit} examples of every data set were used (--limit)`,
  why: 'intervals are wide, and sets that are sorted by class are cut to a few classes',
  fix: 'run without --limit for numbers to report',
});
