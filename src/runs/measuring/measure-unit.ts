import type { DatasetInfo, ExampleReader, Examples } from '../../data/dataset.js';
import { AssayError } from '../../errors.js';
import type { NotFinite } from '../../models/finite.js';
import type { Passes, System } from '../../models/system.js';
import type { Rows } from '../../suites/columns.js';
import { Refused } from '../../suites/refused.js';
import { builtinRunCatalogue } from '../asked/run-catalogue.js';
import type { Evaluation, RecordedRows } from '../inventory/inventory.js';
import { inOrder } from '../plan/in-order.js';
import type { Job, Unit } from '../plan/plan.js';
import { collectRange } from '../rows/collect.js';
import { examplesOf } from '../rows/derived-examples.js';
import {
  Failures,
  failedIn,
  isolating,
  type Part,
  soundImages,
  withoutFailed,
} from '../rows/failed-examples.js';
import type { ReferenceRows } from '../rows/reference-rows.js';
import type { Salvage } from '../rows/salvage.js';
import { rowsFrom } from '../units/fits-columns.js';
import type { UnitStore } from '../units/store.js';
import type { UnitRecord } from '../units/unit-file.js';
import { counted } from './counted-system.js';
import type { LiveUnit } from './live-unit.js';

/** What units are measured with. */
export interface MeasureEnvironment {
  systems: Evaluation['systems'];
  datasets: Evaluation['datasets'];
  seed: number;
  store: UnitStore;
  /** Rows that are there already, under other units. */
  salvage?: Salvage;
  /** Default: what comes with Assay. */
  catalogue?: Evaluation['catalogue'];
}

/**
 * Measures a unit; the rows of its inputs are read from the store. `live` counts its passes as they are made.
 * Errors: those of the data and of the measurement; `data-invalid`, `suite-failed` when they do not fit.
 */
export async function measureUnit(
  job: Job,
  unit: Unit,
  environment: MeasureEnvironment & { reference: ReferenceRows; signal: AbortSignal },
  live: LiveUnit,
): Promise<Omit<UnitRecord, 'seconds'>> {
  const { request } = job;
  const { store, seed, signal, catalogue = builtinRunCatalogue } = environment;
  const passes: Passes = { forward: 0, gradient: 0 };
  const systems = new Map<string, System>();
  for (const name of [request.system, ...job.namedSystems])
    systems.set(name, await present(environment.systems.get(name), name).open());
  const system = present(systems.get(request.system), request.system);
  const recorded = recordedRows(job, environment);
  const { info } = present(environment.datasets.get(request.dataset), request.dataset);
  // Made only where images are read: an aggregate of rows has nothing that makes them.
  const reader = () => inOrder(job, examplesOf(request.dataset, job.maker, environment), seed);
  const { aggregate } = request.measurement;
  const examples = aggregate ? NO_IMAGE : await reader().read(unit.start, unit.end);
  refuseLabels(examples, system, info);
  const failures = new Failures();
  for (const { example, what } of examples.failed ?? [])
    failures.enter(examples.indices.indexOf(example), what);
  const salvaged = await environment.salvage?.(job, unit);
  for (const [position, what] of salvaged?.failed ?? []) failures.enter(position, what);
  type Read = { reference: readonly Rows[]; fail: (position: number, error: NotFinite) => void };
  const measure = (part: Part, { reference, fail }: Read) =>
    request.measurement.measure(
      {
        system: counted(system, passes, live, signal),
        examples: part.examples,
        inputs: part.inputs,
        fail,
        reference,
        parts: (at) => partsOf(store, job.reference, at),
        images: (at) => (at ? imagesAt(reader(), at) : imagesOf(reader(), info.size)),
        seed,
        catalogue,
        signal,
        outlook: live,
        systemNamed: (name) => {
          const named = systems.get(name);
          if (named) return counted(named, passes, live, signal);
          throw new AssayError(
            'suite-failed',
            `"${request.measurement.name}" uses a system it did not declare`,
            {
              expected: 'systems named in its params, so that a change of theirs recomputes the unit',
              found: name,
            },
          );
        },
      },
      request.params,
    );
  const measured = await orRefusal(async () => {
    const inputs: Rows[] = [];
    for (const input of job.inputs) {
      const { rows, failed = [] } = await collectRange(store, input, unit.start, unit.end);
      inputs.push(rows);
      for (const { example, what } of failed) failures.enter(examples.indices.indexOf(example), what);
    }
    if (recorded)
      return rowsFrom(
        await recorded(request.dataset, unit.start, unit.end),
        job.columns,
        examples.n,
        request,
      );
    const reference = aggregate ? [] : await environment.reference.of(job);
    return isolating(
      { examples, inputs },
      failures,
      async (part, fail) =>
        rowsFrom(await measure(part, { reference, fail }), job.columns, part.examples.n, request),
      salvaged?.parts,
    );
  });
  await failures.locateFirst();
  const { indices, labels } = examples;
  const failed = failures.of(indices);
  return {
    key: unit.key,
    ...measured,
    indices,
    ...(labels && { labels }),
    ...(failed.length > 0 && { failed }),
    passes: {
      forward: passes.forward + (salvaged?.passes.forward ?? 0),
      gradient: passes.gradient + (salvaged?.passes.gradient ?? 0),
    },
  };
}

/** Where the rows of a job lie that need not be measured. */
function recordedRows({ request }: Job, { systems }: MeasureEnvironment): RecordedRows | undefined {
  const entry = systems.get(request.system);
  return entry?.info.recorded?.includes(request.measurement.name) ? entry.recorded : undefined;
}

/** (n) source indices of the examples of a unit. Errors: those of the data. */
export async function indicesOf(
  job: Job,
  { start, end }: Unit,
  environment: MeasureEnvironment,
): Promise<Int32Array> {
  const reader = examplesOf(job.request.dataset, job.maker, environment);
  return (await inOrder(job, reader, environment.seed).read(start, end)).indices;
}

/** Rows, or why there are none. */
async function orRefusal(measure: () => Promise<Rows>): Promise<Pick<UnitRecord, 'rows' | 'refused'>> {
  try {
    return { rows: await measure() };
  } catch (error) {
    if (error instanceof Refused) return { rows: {}, refused: error.refusal };
    throw error;
  }
}

/** The whole of a data set is no image of it. */
const NO_IMAGE: Examples = { n: 1, indices: Int32Array.of(0), pixels: new Float32Array(0) };

/** Images that are held at once when a whole data set is read. */
const AT_ONCE = 256;

async function* imagesOf({ read }: ExampleReader, size: number): AsyncGenerator<Examples> {
  for (let start = 0; start < size; start += AT_ONCE)
    yield soundImages(await read(start, Math.min(size, start + AT_ONCE)));
}

async function* imagesAt({ read }: ExampleReader, at: readonly number[]): AsyncGenerator<Examples> {
  for (const position of at) {
    const image = soundImages(await read(position, position + 1));
    if (image.n > 0) yield image;
  }
}

/** The rows of one of several jobs, as many examples at a time as the largest unit of all has: parts of all are of the same examples. */
async function* partsOf(store: UnitStore, reference: Job['reference'], at: number) {
  const { job, size } = reference[at]!;
  const step = Math.max(...reference.map(({ job: { request } }) => request.measurement.unitSize));
  for (let start = 0; start < size; start += step) {
    const collected = await collectRange(store, job, start, Math.min(size, start + step));
    const failed = failedIn(collected);
    const { indices } = collected;
    const positions = indices.map((_, i) => start + i).filter((_, i) => !failed.has(indices[i]!));
    yield { ...withoutFailed(collected, failed), positions };
  }
}

function present<T>(found: T | undefined, name: string): T {
  if (found === undefined) throw new AssayError('unknown-name', `nothing is called "${name}"`);
  return found;
}

/** Errors: `data-invalid` for a label that is no class of the model. OOD sets may have classes of their own. */
function refuseLabels({ labels, indices }: Examples, { info }: System, dataset: DatasetInfo): void {
  const classes = info.classes.length;
  if (!labels || classes === 0 || dataset.role === 'ood') return;
  const at = labels.findIndex((label) => label < 0 || label >= classes);
  if (at < 0) return;
  throw new AssayError('data-invalid', `a label of "${dataset.name}" is no class of "${info.name}"`, {
    file: dataset.path,
    path: `example ${indices[at]}`,
    expected: `0 to ${classes - 1}: the model card has ${classes} classes`,
    found: String(labels[at]),
    hint: 'correct the labels, or `classes` in the model card; labels count from 0',
  });
}
