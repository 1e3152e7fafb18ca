import { checkCompatible, isOfShape } from '../../data/compatibility.js';
import type { Dataset, DatasetInfo, ExampleReader } from '../../data/dataset.js';
import { AssayError } from '../../errors.js';
import { mapTuple } from '../../map-tuple.js';
import type { System, SystemInfo } from '../../models/system.js';
import type { Numbers } from '../../suites/columns.js';
import type { Warning } from '../../suites/results.js';
import type { RunCatalogue } from '../asked/run-catalogue.js';

/** What is known of a run's systems and data sets without opening them: enough to plan, to summarise and to judge. */
export interface Inventory {
  systems: ReadonlyMap<string, Pick<System, 'info'>>;
  datasets: ReadonlyMap<string, Pick<Dataset, 'info'>>;
  seed: number;
  /** The engine's description. */
  engine: string;
  /** What its suites can name. Default: what comes with Assay. */
  catalogue?: RunCatalogue;
}

/** A system that is opened when its first unit is due. */
export interface SystemEntry {
  readonly info: SystemInfo;
  /** The same system every time. Errors: those of opening it. */
  open(): Promise<System>;
  /** Rows of the measurements that `info.recorded` names. */
  recorded?: RecordedRows;
}

/**
 * Rows that lie somewhere, for a unit to take instead of measuring them: each column of examples start to end of a data
 * set as one array, row after row. Errors: those of reading.
 */
export type RecordedRows = (
  dataset: string,
  start: number,
  end: number,
) => Promise<Readonly<Record<string, Numbers | undefined>>>;

/** A data set as far as it is described; derived ones are not read from files (`derived-examples.ts`). */
export type DatasetEntry = Pick<Dataset, 'info'> & Partial<ExampleReader>;

/** What a run measures: an inventory whose systems can be opened and whose data sets can be read. */
export interface Evaluation extends Inventory {
  systems: ReadonlyMap<string, SystemEntry>;
  datasets: ReadonlyMap<string, DatasetEntry>;
}

/** A system that is opened once, when it is first asked for. */
export function lazyEntry(info: SystemInfo, open: () => Promise<System>): SystemEntry {
  let opening: Promise<System> | undefined;
  return {
    info,
    open: () => {
      opening ??= open();
      return opening;
    },
  };
}

/** A system that is there already. */
export const openedEntry = (system: System): SystemEntry => lazyEntry(system.info, async () => system);

/**
 * Errors: `shape-mismatch`, `data-invalid` when systems and data sets do not belong together. Where images of several sizes
 * each have a system, which of them suites bring together is for their plans to say.
 */
export function checkInventory(inventory: Inventory, file: string): void {
  const { systems, datasets } = inventory;
  const apart = haveTheirOwn(inventory);
  for (const [name, { info }] of datasets) {
    const at = { file, path: `datasets.${name}` };
    if (info.size === 0)
      throw new AssayError('data-invalid', `the data set "${name}" is empty`, {
        ...at,
        found: `no examples in ${info.path}`,
        hint: 'check its path, offset and limit',
      });
    for (const system of systems.values())
      if (!apart || isOfShape(info, system.info)) checkCompatible(info, system.info, at);
  }
}

/** Whether every system has a data set of its shape, and every data set a system. */
function haveTheirOwn({ systems, datasets }: Inventory): boolean {
  const [of, on] = mapTuple([systems, datasets], (all) => [...all.values()].map(({ info }) => info));
  return (
    of.every((system) => on.some((dataset) => isOfShape(dataset, system))) &&
    on.every((dataset) => of.some((system) => isOfShape(dataset, system)))
  );
}

/** What looks wrong with the choice of systems and data sets. */
export function inventoryWarnings({ systems, datasets }: Inventory): Warning[] {
  const infos = [...datasets.values()].map(({ info }) => info);
  return [
    ...[...systems.values()].flatMap(({ info }) => systemNotes(info)),
    ...[...systems.values()].flatMap(({ info }) => infos.flatMap((set) => classWarnings(info, set))),
    ...[...systems.values()].flatMap(({ info }) => infos.flatMap((set) => unusedOutputs(info, set))),
    ...infos.flatMap(absentClasses),
    ...infos.flatMap((a, i) => infos.slice(i + 1).flatMap((b) => sameData(a, b))),
  ];
}

/** What is to be told of how a network is used. */
function systemNotes({ name, notes = [] }: SystemInfo): Warning[] {
  return notes.map((note) => ({ ...note, model: name }));
}

/** Class names that differ tell of another order, or of another data set. */
function classWarnings(system: SystemInfo, { name, role, classes }: DatasetInfo): Warning[] {
  const named = system.classes.some((c, i) => c !== String(i));
  if (role === 'ood' || !classes || !named || classes.join('\n') === system.classes.join('\n')) return [];
  const at = system.classes.findIndex((c, i) => c !== classes[i]);
  return [
    {
      code: 'class-names-differ',
      severity: 'warning',
      message: `class ${at} is "${system.classes[at]}" to "${system.name}" and "${classes[at] ?? 'absent'}" in "${name}"`,
      why: 'labels are matched by number: a different order makes every number here wrong',
      fix: 'give `classes` in the model card in the order of the logits, and sort the data alike',
      model: system.name,
      dataset: name,
    },
  ];
}

/** Labels that use so few of a network's outputs tell of another layer than the last, or of other data. */
const FEW = 0.2;

/** Examples a class beyond which it is no chance that most classes have none. */
const MANY = 10;

function unusedOutputs(system: SystemInfo, { name, role, highestLabel, size }: DatasetInfo): Warning[] {
  const outputs = system.classes.length;
  if (role === 'ood' || !highestLabel || size < MANY * outputs) return [];
  if (highestLabel.label + 1 > FEW * outputs) return [];
  return [
    {
      code: 'most-outputs-unused',
      severity: 'note',
      message: `"${system.name}" has ${outputs} outputs, and the labels of "${name}" go up to ${highestLabel.label} only`,
      why: 'features of an earlier layer that were taken for logits look so, and so do data sorted by class of which only the first are read',
      fix: 'check that the checkpoint has its last layer, and outputs.logits and `classes` in the model card',
      model: system.name,
      dataset: name,
    },
  ];
}

/** Classes without images, where names tell. */
function absentClasses({ name, absentClasses = [] }: DatasetInfo): Warning[] {
  if (absentClasses.length === 0) return [];
  const names = absentClasses.slice(0, 5).map((one) => `"${one}"`);
  return [
    {
      code: 'classes-absent',
      severity: 'note',
      message: `"${name}" has no images of ${absentClasses.length} class${absentClasses.length === 1 ? '' : 'es'} of the models: ${names.join(', ')}${absentClasses.length > 5 ? ', ...' : ''}`,
      why: 'labels were matched by name; means go over the classes that are there',
      dataset: name,
    },
  ];
}

/** The same examples under two names, in roles that must not share them. */
function sameData(a: DatasetInfo, b: DatasetInfo): Warning[] {
  if (a.fingerprint !== b.fingerprint || a.role === b.role) return [];
  return [
    {
      code: 'data-in-two-roles',
      severity: 'serious',
      message: `"${a.name}" (${a.role}) and "${b.name}" (${b.role}) hold the same examples`,
      why: 'what is fitted on the examples it is judged by looks better than it is; a data set cannot be distinguished from itself',
      fix: 'use data that do not overlap',
      dataset: a.name,
    },
  ];
}
