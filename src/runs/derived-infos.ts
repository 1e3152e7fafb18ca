import type { DatasetInfo } from '../data/dataset.js';
import type { PixelTransform } from '../data/derived/derivation.js';
import { AssayError, unknownName } from '../errors.js';
import type { SystemInfo } from '../models/system.js';
import type { Request } from '../suites/contract.js';
import type { DerivedSpec } from './derived-specs.js';
import type { DatasetEntry, Inventory } from './inventory.js';
import { keyOf } from './keys.js';
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
    const { of, like } = spec.recipe;
    const key = of === undefined ? 'like' : 'of';
    const parent = entryOf(of ?? like ?? '', `datasets.${name}.${key}`, [...above, name]);
    const entry = { info: describeOne(spec, parent.info, sources) };
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

function describeOne(spec: DerivedSpec, parent: DatasetInfo, sources: Sources): DatasetInfo {
  const { name, row, recipe, limit = parent.size } = spec;
  const parts = placed(spec, sources.file, () => partsOf(spec, parent, sources));
  const generated = row.kind === 'generator';
  const keepsLabels = row.kind === 'measurement' || (row.kind === 'transform' && row.keepsLabels);
  const role = spec.role ?? (keepsLabels ? parent.role : 'ood');
  const distance = spec.distance ?? (keepsLabels && role === parent.role ? parent.distance : undefined);
  const most = generated ? limit : Math.min(limit, parent.size);
  const size = Math.min(most, sources.limit ?? most);
  const { shape, labelled, highestLabel, classes, absentClasses } = parent;
  const { of, like, options } = recipe;
  return {
    name,
    role,
    ...(distance && { distance }),
    size,
    shape,
    labelled: keepsLabels && labelled,
    ...(keepsLabels && highestLabel && { highestLabel }),
    ...(keepsLabels && classes && { classes }),
    fingerprint: keyOf(['derived examples', 1, row.name, row.version, size, shape, sources.seed, parts]),
    ...(keepsLabels && absentClasses && { absentClasses }),
    path: parent.path,
    note: `${row.describe(options)}; ${of === undefined ? `shaped like ${like}` : `of ${of}`}`,
    recipe,
  };
}

/**
 * What decides the images beside seed and shape: options, the parent's images, what the system is and how it is used;
 * no names. Errors: `unknown-name`, `config-invalid`, `data-invalid` with a path below the recipe.
 */
function partsOf({ row, recipe }: DerivedSpec, parent: DatasetInfo, { systems }: Sources): unknown {
  const { options } = recipe;
  if (row.kind === 'generator') {
    row.check?.(options);
    return options;
  }
  if (row.kind === 'transform') {
    refuseTooFew(row, parent);
    return [options, parent.fingerprint];
  }
  const named = String(options[row.system]);
  const system = systems.get(named)?.info;
  if (!system) throw unknownName('system', named, [...systems.keys()], { path: row.system });
  row.check?.(options, system, parent);
  const request = makingRequest(row, options, parent.name, systems);
  refuseLacking(request, system, row.system);
  return [system.identity, requestParts(request), parent.fingerprint];
}

const requestParts = ({ measurement, params, inputs = [] }: Request): unknown => [
  measurement.name,
  measurement.version,
  params,
  inputs.map(requestParts),
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
