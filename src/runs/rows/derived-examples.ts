import type { DatasetInfo, ExampleReader } from '../../data/dataset.js';
import type { Draws, Generator, Parent, PixelTransform } from '../../data/derived/derivation.js';
import { AssayError } from '../../errors.js';
import { stream } from '../../random/stream.js';
import type { Rows } from '../../suites/columns.js';
import { derivationOf } from '../../suites/derived/registry.js';
import { builtinRunCatalogue, type RunCatalogue } from '../asked/run-catalogue.js';
import type { DatasetEntry, Evaluation } from '../inventory/inventory.js';
import type { Job } from '../plan/plan.js';
import type { UnitStore } from '../units/store.js';
import type { UnitRecord } from '../units/unit-file.js';
import { collectRange } from './collect.js';

interface Place {
  datasets: Evaluation['datasets'];
  store: Pick<UnitStore, 'read'>;
  seed: number;
  /** Default: what comes with Assay. */
  catalogue?: RunCatalogue;
}

/**
 * Reads a data set of the run, whether it lies in files or is made of others.
 * @param maker the job that makes images of it, or of those that it is made of
 * Errors: `unknown-name`; reading: those of the data, `UnitLost` where rows of the maker are missing.
 */
export function examplesOf(name: string, maker: Job | undefined, place: Place): Parent {
  const entry = place.datasets.get(name);
  if (!entry) throw new AssayError('unknown-name', `nothing is called "${name}"`);
  const { size, shape } = entry.info;
  return { size, shape, read: readerOf(entry, maker, place).read };
}

function readerOf({ info, read }: DatasetEntry, maker: Job | undefined, place: Place): ExampleReader {
  if (read) return { read };
  const { recipe, shape } = info;
  if (!recipe) throw new Error(`"${info.name}" cannot be read`);
  const { by, of, options } = recipe;
  const row = derivationOf(recipe, place.catalogue ?? builtinRunCatalogue);
  const draws: Draws = (purpose, example) =>
    stream({ seed: place.seed, purpose: `${by}/${purpose}`, example });
  if (row.kind === 'generator') return generated(row, shape, options, draws);
  if (row.kind === 'transform' && of !== undefined)
    return transformed(row, examplesOf(of, maker, place), options, draws);
  if (maker) return measured(maker, info, place.store);
  if (row.kind === 'measurement' && of === undefined) return unmade(shape);
  throw new Error(`nothing makes the images of "${info.name}"`);
}

function generated(
  row: Generator,
  shape: DatasetInfo['shape'],
  options: Readonly<Record<string, unknown>>,
  draws: Draws,
): ExampleReader {
  const size = numbersIn(shape);
  return {
    async read(start, end) {
      const indices = Int32Array.from({ length: end - start }, (_, i) => start + i);
      const pixels = new Float32Array(indices.length * size);
      for (const [i, example] of indices.entries())
        row.fill(pixels.subarray(i * size, (i + 1) * size), draws('image', example), options, shape);
      return { n: indices.length, indices, pixels };
    },
  };
}

function transformed(
  row: PixelTransform,
  parent: Parent,
  options: Readonly<Record<string, unknown>>,
  draws: Draws,
): ExampleReader {
  return {
    async read(start, end) {
      const { labels, ...examples } = await parent.read(start, end);
      const made = await row.apply(examples, options, { parent, start, draws });
      return { ...examples, ...made, ...(row.keepsLabels && labels && { labels }) };
    },
  };
}

/** Examples whose images are still to be made, of nothing. */
const unmade = (shape: readonly number[]): ExampleReader => ({
  async read(start, end) {
    const indices = Int32Array.from({ length: end - start }, (_, i) => start + i);
    return { n: indices.length, indices, pixels: new Float32Array(indices.length * numbersIn(shape)) };
  },
});

/** The row `pixels` of a job, with the labels that the rows have, or that its examples had. */
function measured(job: Job, { shape, labelled }: DatasetEntry['info'], store: Place['store']): ExampleReader {
  const units = lastRead(store);
  return {
    async read(start, end) {
      const { rows, indices, labels: had, failed } = await collectRange(units, job, start, end);
      // Where every example of a unit has failed it has no columns.
      const pixels = rows.pixels?.data ?? new Float32Array((end - start) * numbersIn(shape));
      if (!(pixels instanceof Float32Array)) throw noPixels(job);
      const labels = labelled ? (labelsIn(rows) ?? had) : undefined;
      return { n: end - start, indices, pixels, ...(labels && { labels }), ...(failed && { failed }) };
    },
  };
}

const labelsIn = ({ conditioned }: Rows): Int32Array | undefined =>
  conditioned?.data instanceof Int32Array ? conditioned.data : undefined;

const noPixels = ({ request: { measurement } }: Job) =>
  new AssayError('suite-failed', `"${measurement.name}" made no images`, {
    path: 'row "pixels"',
    expected: 'float32 of shape (n, channels, height, width)',
    hint: 'correct the measurement and raise its version',
  });

const numbersIn = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Keeps the unit that was read last: images picked one by one often lie in the same. */
function lastRead(store: Place['store']): Place['store'] {
  let last: { key: string; unit: Promise<UnitRecord | undefined> } | undefined;
  return {
    read(key) {
      if (last?.key !== key) last = { key, unit: store.read(key) };
      return last.unit;
    },
  };
}
