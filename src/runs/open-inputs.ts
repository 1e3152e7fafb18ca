import { check } from '../config/validate.js';
import type { Dataset } from '../data/dataset.js';
import { openDataset } from '../data/open.js';
import { DatasetSpec } from '../data/spec.js';
import type { Engine } from '../engines/engine.js';
import { AssayError, unknownName } from '../errors.js';
import { defences } from '../models/defences/registry.js';
import { readCard } from '../models/open.js';
import type { System } from '../models/system.js';
import type { Warning } from '../suites/results.js';
import { openChosen } from './choose-network.js';
import type { Expectation } from './expectations.js';
import type { ReadRun, RunFile } from './run-file.js';
import type { Subject } from './subject.js';

/** The systems and data sets of a run, opened. */
export interface Inputs {
  subject: Subject;
  expectations: Expectation[];
  partial: ReadonlySet<string>;
  warnings: Warning[];
  /** Cards, defences and data sets as resolved. */
  config: Record<string, unknown>;
  close(): Promise<void>;
}

/**
 * Opens what a run file names: data sets first, since they tell fastest what is wrong.
 * Errors: those of cards, checkpoints and data sets; `unknown-name` and `config-invalid` with their place.
 */
export async function openInputs(
  read: ReadRun,
  engine: Engine,
  { limit, seed }: { limit?: number; seed: number },
): Promise<Inputs> {
  const closing: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const one of closing.splice(0)) await one();
  };
  try {
    const { config, directory } = read;
    const specs = datasetSpecs(read, limit);
    const datasets = new Map<string, Dataset>();
    const partial = new Set([...specs].filter(([, spec]) => isPartial(spec)).map(([name]) => name));
    const classes = await sharedClasses(read);
    for (const [name, spec] of specs) {
      const dataset = await openDataset(name, spec, { directory, ...(classes && { classes }) });
      closing.push(() => dataset.close());
      datasets.set(name, dataset);
    }
    const models = new Map<string, System>();
    const expectations: Expectation[] = [];
    const cards: object[] = [];
    for (const [i, source] of config.models.entries()) {
      const { card, file } = await readCard(source, { directory });
      refuseTaken(card.name, models, read, `models[${i}]`);
      const { model, chosen } = await openChosen(source, engine, {
        directory,
        datasets,
        partial,
        file: read.file,
      });
      closing.push(() => model.close());
      models.set(card.name, model);
      const architecture = chosen?.architecture;
      cards.push({
        ...card,
        ...(architecture && { architecture }),
        ...(typeof source === 'string' && { card: source }),
      });
      if (card.expect) expectations.push({ system: card.name, expect: card.expect, file: file ?? read.file });
    }
    const defended = wrapDefences(read, models);
    return {
      subject: {
        systems: new Map([...models, ...defended.systems]),
        datasets,
        seed,
        engine: `${engine.name}: ${engine.description}`,
      },
      expectations,
      partial,
      warnings: limit === undefined ? [] : [limitNote(limit)],
      config: { models: cards, defences: defended.resolved, datasets: Object.fromEntries(specs) },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Class names that all cards give alike; undefined where they do not. */
async function sharedClasses({ config, directory }: ReadRun): Promise<readonly string[] | undefined> {
  const lists = await Promise.all(
    config.models.map(async (source) => (await readCard(source, { directory })).card.classes),
  );
  const [first] = lists;
  if (!Array.isArray(first)) return undefined;
  return lists.every((list) => Array.isArray(list) && list.join('\n') === first.join('\n'))
    ? first
    : undefined;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

function datasetSpecs({ config, file }: ReadRun, limit?: number): Map<string, DatasetSpec> {
  const specs = new Map<string, DatasetSpec>();
  for (const [name, given] of Object.entries(config.datasets)) {
    const at = `datasets.${name}`;
    if (!NAME.test(name)) throw badName(name, { file, path: at });
    const spec = check(DatasetSpec, given, { file, what: `data set "${name}"`, at });
    specs.set(name, limit === undefined ? spec : { ...spec, limit: Math.min(limit, spec.limit ?? limit) });
  }
  return specs;
}

const badName = (name: string, where: { file: string; path: string }) =>
  new AssayError('config-invalid', `"${name}" cannot be a name`, {
    ...where,
    expected: 'letters, digits, dots, dashes and underscores, starting with a letter or digit',
    hint: 'rename it',
  });

const isPartial = ({ limit, offset, sample }: DatasetSpec) =>
  limit !== undefined || Boolean(offset) || sample !== undefined;

function refuseTaken(
  name: string,
  systems: ReadonlyMap<string, System>,
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
  models: ReadonlyMap<string, System>,
): { systems: Map<string, System>; resolved: object[] } {
  const systems = new Map<string, System>();
  const resolved: object[] = [];
  for (const [i, entry] of read.config.defences.entries()) {
    const at = { file: read.file, path: `defences[${i}]` };
    const all = new Map([...models, ...systems]);
    const lookup = (key: string) => (name: string) => {
      const found = all.get(name);
      if (!found) throw unknownName('model', name, [...all.keys()], { ...at, path: `${at.path}.${key}` });
      return found;
    };
    const { key, options } = defenceOf(entry, at);
    if (!NAME.test(entry.name)) throw badName(entry.name, { ...at, path: `${at.path}.name` });
    refuseTaken(entry.name, all, read, `${at.path}.name`);
    const target = lookup('model')(entry.model);
    const defence = defences.get(key);
    if (!defence) throw unknownName('defence', key, [...defences.keys()], at);
    const checked = check(defence.options, options, {
      file: read.file,
      what: `defence "${key}"`,
      at: `${at.path}.${key}`,
    });
    systems.set(
      entry.name,
      placed(at, () => defence.wrap(target, checked, lookup(`${key}.by`), entry.name)),
    );
    resolved.push({ name: entry.name, model: entry.model, [key]: checked });
  }
  return { systems, resolved };
}

/** The one key of a defence besides its name and model. */
function defenceOf(
  entry: RunFile['defences'][number],
  at: { file: string; path: string },
): { key: string; options: unknown } {
  const { name: _, model: __, ...rest }: Record<string, unknown> = { ...entry };
  const keys = Object.keys(rest);
  if (keys.length === 1) return { key: keys[0], options: rest[keys[0]] ?? {} };
  throw new AssayError('config-invalid', `the defence "${entry.name}" must name one way to defend`, {
    ...at,
    expected: `one of the keys ${[...defences.keys()].join(', ')}`,
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
