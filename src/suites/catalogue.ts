import type { Architecture } from '../architectures/architecture.js';
import { architectures } from '../architectures/registry.js';
import type { CheckpointFormat } from '../checkpoints/checkpoint.js';
import { checkpointFormats } from '../checkpoints/registry.js';
import type { Generator } from '../data/derived/derivation.js';
import { dataFormats } from '../data/registry.js';
import type { DataFormat } from '../data/source.js';
import { type Defence, defences } from '../models/defences/registry.js';
import type { Registry } from '../registry.js';
import { generators, type Transform, transforms } from './derived/registry.js';

/** Everything that a run can name, but for suites and measurements: what comes with Assay, and what its plug-ins add. */
export interface Catalogue {
  defences: Registry<Defence>;
  dataFormats: Registry<DataFormat>;
  checkpointFormats: Registry<CheckpointFormat>;
  architectures: Registry<Architecture>;
  transforms: Registry<Transform>;
  generators: Registry<Generator>;
}

/** What comes with Assay. */
export const builtinCatalogue: Catalogue = {
  defences,
  dataFormats,
  checkpointFormats,
  architectures,
  transforms,
  generators,
};

/** What a plug-in adds to the catalogue: rows by kind. */
export type CatalogueRows = {
  readonly [K in keyof Catalogue]?: Catalogue[K] extends Registry<infer T> ? readonly T[] : never;
};

/** A catalogue with the rows of a plug-in added. Errors: `config-invalid` for a name that is taken. */
export function withRows(catalogue: Catalogue, rows: CatalogueRows, from: string): Catalogue {
  return {
    defences: catalogue.defences.with(rows.defences ?? [], from),
    dataFormats: catalogue.dataFormats.with(rows.dataFormats ?? [], from),
    checkpointFormats: catalogue.checkpointFormats.with(rows.checkpointFormats ?? [], from),
    architectures: catalogue.architectures.with(rows.architectures ?? [], from),
    transforms: catalogue.transforms.with(rows.transforms ?? [], from),
    generators: catalogue.generators.with(rows.generators ?? [], from),
  };
}
