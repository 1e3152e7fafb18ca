import { unknownName } from '../../errors.js';
import type { Request } from '../../suites/contract.js';
import type { MeasuredDerivation } from '../../suites/derived/measured.js';
import { derivationOf } from '../../suites/derived/registry.js';
import { builtinRunCatalogue } from '../asked/run-catalogue.js';
import type { Inventory } from './inventory.js';

/** The measurement that images of a data set are made of. */
export interface Maker {
  request: Request;
  /** Whether an image may be made of any of its rows, and not of its own only. */
  whole: boolean;
}

/**
 * The measurement that has to be done before a data set can be read; undefined where no system has a part in its
 * images. It is told from descriptions alone, so that whoever plans again comes to the same.
 */
export function makerOf(
  dataset: string,
  inventory: Pick<Inventory, 'datasets' | 'systems' | 'catalogue'>,
): Maker | undefined {
  const { recipe } = known('data set', dataset, inventory.datasets);
  if (!recipe) return undefined;
  const row = derivationOf(recipe, inventory.catalogue ?? builtinRunCatalogue);
  if (row.kind === 'measurement')
    return { request: makingRequest(row, recipe.options, recipe.of ?? dataset, inventory), whole: false };
  if (recipe.of === undefined) return undefined;
  const before = makerOf(recipe.of, inventory);
  return (
    before && { ...before, whole: before.whole || (row.kind === 'transform' && row.mixes !== undefined) }
  );
}

/** The request whose row `pixels` holds the images. */
export function makingRequest(
  row: MeasuredDerivation,
  options: Readonly<Record<string, unknown>>,
  parent: string,
  { systems, datasets }: Pick<Inventory, 'systems' | 'datasets'>,
): Request {
  const system = known('system', String(options[row.system]), systems);
  return row.request(options, system, parent, (name) => known('data set', name, datasets));
}

function known<I>(kind: string, name: string, all: ReadonlyMap<string, { info: I }>): I {
  const entry = all.get(name);
  if (!entry) throw unknownName(kind, name, [...all.keys()]);
  return entry.info;
}
