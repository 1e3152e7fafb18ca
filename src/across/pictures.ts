import { dirname, resolve } from 'node:path';
import { Type } from '../config/type.js';
import { check } from '../config/validate.js';
import type { Dataset } from '../data/dataset.js';
import { datasetSchema } from '../data/dataset-schema.js';
import { checkEntry, placeText } from '../data/located.js';
import { openDataset } from '../data/open.js';
import { AssayError } from '../errors.js';
import { encodePng } from '../report/pictures.js';
import { builtinRunCatalogue } from '../runs/asked/run-catalogue.js';
import { readRunRecord } from '../runs/folder/run-record.js';
import type { RunFolder } from './run-folder.js';

/** Images of some examples of a data set as data URIs, by source index; or why there are none. */
export interface ExamplePictures {
  images: ReadonlyMap<number, string>;
  /** Empty when there are. */
  missing: string;
}

/** Where data sets lie, as results.json tells it. */
const Config = Type.Object(
  {
    datasets: Type.Record(Type.String(), Type.Unknown()),
    models: Type.Array(
      Type.Object({ classes: Type.Optional(Type.Unknown()) }, { additionalProperties: true }),
    ),
  },
  { additionalProperties: true },
);

/**
 * Pictures of examples, read from the data of a run again. They are shown only where these are still the images that
 * were measured, by their fingerprint: results may come from elsewhere, and name other files of the reader's disk. Nothing is
 * fetched for them either.
 */
export async function examplePictures(
  { directory, results }: RunFolder,
  name: string,
  indices: readonly number[],
): Promise<ExamplePictures> {
  const none = (missing: string): ExamplePictures => ({ images: new Map(), missing });
  const info = results.datasets.find((dataset) => dataset.name === name);
  if (!info) return none(`the run has no data set "${name}"`);
  if (info.content === 'predictions') return none('the run scored predictions, without images');
  if (info.recipe) return none('its images were made by the run');
  try {
    const file = `${directory}/results.json`;
    const { datasets, models } = check(Config, results.config, { file, what: 'configuration of the run' });
    const schema = datasetSchema(builtinRunCatalogue.dataFormats);
    const spec = checkEntry(datasets[name], schema, { file, name, at: `config.datasets.${name}` });
    const record = await readRunRecord(directory);
    const base = record?.runFile ? dirname(resolve(directory, record.runFile.path)) : '.';
    const classes = sharedClasses(models.map((model) => model.classes));
    const dataset = await openDataset(name, spec, {
      directory: base,
      onlyKept: true,
      ...(classes && { classes }),
    });
    try {
      if (dataset.info.fingerprint !== info.fingerprint)
        return none(`${placeText(spec)} holds other images by now`);
      return { images: await picked(dataset, indices), missing: '' };
    } finally {
      await dataset.close();
    }
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return none(error.message);
  }
}

/** Class names number the labels of folders: those that all models give alike. */
function sharedClasses(lists: readonly unknown[]): string[] | undefined {
  const [first] = lists;
  if (!Array.isArray(first)) return undefined;
  return lists.every((list) => JSON.stringify(list) === JSON.stringify(first))
    ? first.map(String)
    : undefined;
}

/** Read at a time. */
const CHUNK = 64;

async function picked(dataset: Dataset, indices: readonly number[]): Promise<Map<number, string>> {
  const { size, shape } = dataset.info;
  const missing = new Set(indices);
  const numbers = shape[0] * shape[1] * shape[2];
  const images = new Map<number, string>();
  for (let start = 0; start < size && missing.size > 0; start += CHUNK) {
    const { indices, pixels } = await dataset.read(start, Math.min(size, start + CHUNK));
    for (const [i, index] of indices.entries()) {
      if (!missing.delete(index)) continue;
      const image = pixels.subarray(i * numbers, (i + 1) * numbers);
      const png = await encodePng(image, [...shape], `example ${index} of ${dataset.info.name}`);
      images.set(index, `data:image/png;base64,${png.toString('base64')}`);
    }
  }
  return images;
}
