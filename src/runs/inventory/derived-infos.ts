import type { DatasetInfo } from '../../data/dataset.js';
import type { PixelTransform } from '../../data/derived/derivation.js';
import { shiftOf } from '../../data/shift.js';
import { AssayError, unknownName } from '../../errors.js';
import type { SystemInfo } from '../../models/system.js';
import type { Request } from '../../suites/contract.js';
import { keyOf } from '../folder/keys.js';
import type { DerivedSpec } from './derived-specs.js';
import type { DatasetEntry, Inventory } from './inventory.js';
import { makingRequest } from './makers.js';

/** What a run has beside its data sets. */
export interface Sources {
  /** Every name under `datasets`, in the order of the run file. */
  names: readonly string[];
  systems: Inventory['systems'];
  seed: number;
  /** The run file, for messages. */
  file: string;
  /** At most so many examples of every set. */
  limit?: number;
}

/**
 * The data sets of a run in the order of its file: those that lie in files, and those that are made of others, which
 * are described here, parents first; nothing is opened or made.
 * Errors: `unknown-name` for parents and systems, `config-invalid` for circles and for what does not go together,
 * `data-invalid`, with file and key.
 */
export function withDerived(
  files: ReadonlyMap<string, DatasetEntry>,
  specs: ReadonlyMap<string, DerivedSpec>,
  sources: Sources,
): Map<string, DatasetEntry> {
  const { file, names } = sources;
  const entries = new Map<string, DatasetEntry>(files);
  const entryOf = (name: string, path: string, above: readonly string[]): DatasetEntry => {
    const known = entries.get(name);
    if (known) return known;
    const spec = specs.get(name);
    if (!spec) throw unknownName('data set', name, [...names], { file, path });
    if (above.includes(name)) throw circle([...above.slice(above.indexOf(name)), name], { file, path });
    const here = (key: string) => `datasets.${name}.${key}`;
    const { of, like } = spec.recipe;
    const [key, wanted] = of === undefined ? ['like', like] : ['of', of];
    const parent = wanted === undefined ? undefined : entryOf(wanted, here(key), [...above, name]).info;
    if (of !== undefined && parent?.sequences) throw framesMade(name, parent.name, file);
    for (const [path, other] of Object.entries(othersOf(spec)))
      entryOf(other, here(`${spec.recipe.by}.${path}`), [...above, name]);
    const entry = { info: describeOne(spec, parent, { ...sources, datasets: entries }) };
    entries.set(name, entry);
    return entry;
  };
  return new Map(names.map((name) => [name, entryOf(name, `datasets.${name}`, [])]));
}

const circle = (names: readonly string[], where: { file: string; path: string }) =>
  new AssayError('config-invalid', `the data set "${names[0]}" is made of itself`, {
    ...where,
    expected: 'parents that end at a data set in files',
    found: names.join(', made of '),
    hint: 'give one of them another parent',
  });

/** Frames of one image would pass for independent images. */
const framesMade = (name: string, parent: string, file: string) =>
  new AssayError('config-invalid', `the data set "${name}" cannot be made of sequences of frames`, {
    file,
    path: `datasets.${name}.of`,
    expected: 'a data set of images that do not depend on each other',
    found: `"${parent}", which holds sequences`,
    hint: 'name the data set whose images the frames were made of',
  });

/** Data sets that it is made of beside its parent, by the path of the option. */
const othersOf = ({ row, recipe }: DerivedSpec): Readonly<Record<string, string>> =>
  row.kind === 'measurement' ? (row.reads?.(recipe.options) ?? {}) : {};

interface Known extends Sources {
  /** Its parents are among them. */
  datasets: Inventory['datasets'];
}

function describeOne(spec: DerivedSpec, parent: DatasetInfo | undefined, sources: Known): DatasetInfo {
  const { name, row, recipe } = spec;
  const { shape, path, parts, system } = placed(spec, sources.file, () => partsOf(spec, parent, sources));
  const generated = row.kind === 'generator' || !parent;
  const { limit = parent?.size ?? 0 } = spec;
  const most = generated ? limit : Math.min(limit, parent.size);
  const size = Math.min(most, sources.limit ?? most);
  const labels = labelsOf(row, recipe.options, system, size);
  const kept = labels === 'parent' && parent ? parent : undefined;
  const role = spec.role ?? kept?.role ?? (typeof labels === 'object' ? 'test' : 'ood');
  const distance = spec.distance ?? (role === kept?.role ? kept.distance : undefined);
  const shift = spec.shift ?? (role === kept?.role ? kept.shift : undefined);
  const { of, like, options } = recipe;
  const origin = of === undefined ? like && `shaped like ${like}` : `of ${of}`;
  const highest = typeof labels === 'object' ? labels : kept?.highestLabel;
  return {
    name,
    role,
    ...(distance && { distance }),
    ...shiftOf({ role, ...(shift && { shift }) }, name, sources.file),
    size,
    shape,
    labelled: typeof labels === 'object' || (kept?.labelled ?? false),
    ...(highest && { highestLabel: highest }),
    ...(kept?.classes && { classes: kept.classes }),
    fingerprint: keyOf(['derived examples', 1, row.name, row.version, size, shape, sources.seed, parts]),
    ...(kept?.absentClasses && { absentClasses: kept.absentClasses }),
    path,
    note: [row.describe(options, shape), origin].filter(Boolean).join('; '),
    recipe,
  };
}

function labelsOf(
  row: DerivedSpec['row'],
  options: DerivedSpec['recipe']['options'],
  system: SystemInfo | undefined,
  size: number,
): 'parent' | 'none' | { label: number; example: number } {
  if (row.kind === 'measurement') return (system && row.labels?.(options, system, size)) ?? 'parent';
  return row.kind === 'transform' && row.keepsLabels ? 'parent' : 'none';
}

/** What the images are. */
interface Decided {
  shape: DatasetInfo['shape'];
  /** Where the first of the parents lies. */
  path: string;
  /** What decides them beside seed and shape: options, the parents' images, what the system is and how it is used; no names. */
  parts: unknown;
  system?: SystemInfo;
}

/** Errors: `unknown-name`, `config-invalid`, `data-invalid` with a path below the recipe. */
function partsOf(
  { name, row, recipe }: DerivedSpec,
  parent: DatasetInfo | undefined,
  { systems, datasets, file }: Known,
): Decided {
  const { options } = recipe;
  if (row.kind !== 'measurement') {
    if (!parent) throw new Error(`"${name}" has no parent`);
    const { shape, path, fingerprint } = parent;
    if (row.kind === 'generator') {
      row.check?.(options);
      return { shape, path, parts: options };
    }
    row.check?.(options, parent);
    refuseTooFew(row, parent);
    const identity = row.identity?.(options, shape);
    return { shape, path, parts: [options, fingerprint, ...(identity === undefined ? [] : [identity])] };
  }
  const named = String(options[row.system]);
  const system = systems.get(named)?.info;
  if (!system) throw unknownName('system', named, [...systems.keys()], { path: row.system });
  row.check?.(options, system, parent);
  const request = makingRequest(row, options, parent?.name ?? name, { systems, datasets });
  refuseLacking(request, system, row.system);
  const { shape, path, fingerprint } = parent ?? { shape: system.shape, path: file, fingerprint: 'none' };
  return { shape, path, parts: [system.identity, requestParts(request, datasets), fingerprint], system };
}

const requestParts = (
  { measurement, params, inputs = [], reference = [] }: Request,
  datasets: Inventory['datasets'],
): unknown => [
  measurement.name,
  measurement.version,
  params,
  inputs.map((input) => requestParts(input, datasets)),
  ...(reference.length > 0
    ? [reference.map((read) => [requestParts(read, datasets), datasets.get(read.dataset)?.info.fingerprint])]
    : []),
];

function refuseTooFew({ name, mixes }: PixelTransform, parent: DatasetInfo): void {
  if (!mixes || parent.size >= mixes.least) return;
  throw new AssayError('data-invalid', `"${parent.name}" has too few images for "${name}"`, {
    path: 'of',
    expected: `at least ${mixes.least}`,
    found: String(parent.size),
    hint: 'raise its limit, or --limit',
  });
}

function refuseLacking({ measurement }: Request, system: SystemInfo, path: string): void {
  const need = measurement.needs.find((one) => !system.offers.includes(one));
  if (!need) return;
  throw new AssayError('config-invalid', `"${system.name}" cannot make these images`, {
    path,
    expected: `a system with ${measurement.needs.join(' and ')}`,
    found: system.lacks[need] ?? `no ${need}`,
    hint: 'name another system',
  });
}

/** Gives errors below a recipe their place. */
function placed<T>({ at, name }: DerivedSpec, file: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof AssayError) || error.details.file) throw error;
    const { path } = error.details;
    const whole = path === 'of' ? `datasets.${name}.of` : [at, path].filter(Boolean).join('.');
    throw new AssayError(error.code, error.message, { ...error.details, file, path: whole });
  }
}
