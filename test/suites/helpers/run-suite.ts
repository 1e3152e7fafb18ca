import { type TSchema, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { check } from '../../../src/config/validate.js';
import type { Dataset } from '../../../src/data/dataset.js';
import type { System } from '../../../src/models/system.js';
import { radiiOf } from '../../../src/runs/concluding/nameable.js';
import { collectedRows } from '../../../src/runs/rows/collected-rows.js';
import { columnsOf, rowsFrom } from '../../../src/runs/units/fits-columns.js';
import { builtinCatalogue } from '../../../src/suites/catalogue.js';
import { arrayTypes, type Column, type NdArray, type Rows } from '../../../src/suites/columns.js';
import {
  type Collected,
  optionsOf,
  type Request,
  type Suite,
  type Summary,
} from '../../../src/suites/contract.js';
import { Figure, Measure, NotApplicable, Table, Warning } from '../../../src/suites/results.js';

export interface Given {
  systems: readonly System[];
  datasets: readonly Dataset[];
  options?: Record<string, unknown>;
  seed?: number;
  /** Examples per unit; must not change anything. */
  chunk?: number;
}

export interface Outcome {
  summary: Summary;
  requests: readonly Request[];
}

function join(parts: readonly NdArray[], { type, shape }: Column): NdArray {
  const data = new arrayTypes[type](parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  return { shape: [rows, ...shape], data };
}

/** The rows of examples start to end. */
function cut(rows: Rows, start: number, end: number): Rows {
  const part = ({ shape, data }: NdArray): NdArray => {
    const width = shape.slice(1).reduce((a, b) => a * b, 1);
    return { shape: [end - start, ...shape.slice(1)], data: data.slice(start * width, end * width) };
  };
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, part(row)]));
}

/** Measures what is requested, chunk by chunk, as a runner does. */
async function collect(wanted: Request, given: Given): Promise<Collected> {
  const system = given.systems.find(({ info }) => info.name === wanted.system);
  const dataset = given.datasets.find(({ info }) => info.name === wanted.dataset);
  if (!system || !dataset) throw new Error(`nothing is called ${wanted.system} or ${wanted.dataset}`);
  const lacking = wanted.measurement.needs.filter((need) => !system.info.offers.includes(need));
  if (lacking.length > 0) throw new Error(`${wanted.system} lacks ${lacking.join(', ')}`);
  const { aggregate } = wanted.measurement;
  const size = aggregate ? 1 : Math.min(dataset.info.size, wanted.first ?? dataset.info.size);
  const chunk = given.chunk ?? 7;
  const read = await Promise.all(
    (wanted.inputs ?? []).map((input) => collect({ ...input, first: size }, given)),
  );
  const reference = await Promise.all((wanted.reference ?? []).map((input) => collect(input, given)));
  async function* partsOf(at: number) {
    const { rows, indices, labels } = reference[at]!;
    for (let start = 0; start < indices.length; start += chunk) {
      const end = Math.min(indices.length, start + chunk);
      yield {
        rows: cut(rows, start, end),
        indices: indices.slice(start, end),
        positions: Int32Array.from({ length: end - start }, (_, i) => start + i),
        ...(labels && { labels: labels.slice(start, end) }),
      };
    }
  }
  const source = dataset;
  async function* imagesOf(at?: readonly number[]) {
    const { size: all } = source.info;
    if (at) for (const position of at) yield source.read(position, position + 1);
    else
      for (let start = 0; start < all; start += chunk) yield source.read(start, Math.min(all, start + chunk));
  }
  const columns = columnsOf(wanted, system.info, builtinCatalogue);
  const parts: Rows[] = [];
  const [indices, labels]: [number[], number[]] = [[], []];
  for (let start = 0; start === 0 || start < size; start += chunk) {
    const examples = aggregate
      ? { n: 1, indices: Int32Array.of(0), pixels: new Float32Array(0) }
      : await dataset.read(start, Math.min(size, start + chunk));
    indices.push(...examples.indices);
    labels.push(...(examples.labels ?? []));
    const context = {
      system,
      examples,
      inputs: read.map(({ rows }) => cut(rows, start, Math.min(size, start + chunk))),
      reference: aggregate ? [] : reference.map(({ rows }) => rows),
      parts: partsOf,
      images: imagesOf,
      seed: given.seed ?? 0,
      catalogue: builtinCatalogue,
      signal: new AbortController().signal,
      systemNamed: (name: string) => {
        const named = given.systems.find(({ info }) => info.name === name);
        if (!named) throw new Error(`nothing is called ${name}`);
        return named;
      },
    };
    const data = await wanted.measurement.measure(context, wanted.params);
    parts.push(rowsFrom(data, columns, examples.n, wanted));
  }
  return {
    request: wanted,
    rows: Object.fromEntries(
      [...columns].map(([name, column]) => [
        name,
        join(
          parts.map((part) => part[name]!),
          column,
        ),
      ]),
    ),
    indices: Int32Array.from(indices),
    ...(dataset.info.labelled && { labels: Int32Array.from(labels) }),
  };
}

const Published = Type.Object({
  measures: Type.Array(Measure),
  tables: Type.Array(Table),
  figures: Type.Array(Figure),
  warnings: Type.Array(Warning),
  notApplicable: Type.Array(NotApplicable),
});

/** Gates are checked by what suites declare before anything is measured. */
function refuseUndeclared(
  { name, measures: declared }: Pick<Suite, 'name' | 'measures'>,
  { measures }: Summary,
  radii: readonly string[],
): void {
  const undeclared = measures.find(({ measure }) => declared && !declared.includes(measure));
  if (undeclared) throw new Error(`"${name}" does not declare its measure "${undeclared.measure}"`);
  const odd = measures.find(
    ({ params }) => params.epsilon !== undefined && !radii.includes(`${params.epsilon}`),
  );
  if (odd)
    throw new Error(`no request of "${name}" names the radius ${odd.params.epsilon} of "${odd.measure}"`);
}

/** Runs a suite as the runner does, and checks its summary against the published schema and its own ids. */
export async function runSuite<S extends TSchema>(suite: Suite<S>, given: Given): Promise<Outcome> {
  const options = check(optionsOf(suite, builtinCatalogue), given.options ?? {}, {
    what: `options of "${suite.name}"`,
  });
  const able = given.systems.filter(({ info }) => suite.needs.every((need) => info.offers.includes(need)));
  const context = {
    systems: able.map(({ info }) => info),
    datasets: given.datasets.map(({ info }) => info),
    seed: given.seed ?? 0,
    catalogue: builtinCatalogue,
  };
  const requests = suite.plan(context, options);
  const collected = await Promise.all(requests.map((wanted) => collect(wanted, given)));
  const summary = suite.summarise(collectedRows(collected, requests), options, context);
  refuseUndeclared(suite, summary, radiiOf(requests));
  const { measures, tables = [], figures = [], warnings = [], notApplicable = [] } = summary;
  const published = JSON.parse(
    // The runner writes pixels to files: they are never published.
    JSON.stringify({ measures, tables, figures, warnings, notApplicable }, (key, value) =>
      key === 'pixels' ? undefined : value,
    ),
  );
  const broken = [...Value.Errors(Published, published)];
  if (broken.length > 0) throw new Error(`results schema: ${broken[0]!.path} ${broken[0]!.message}`);
  for (const ids of [tables.map(({ id }) => id), figures.map(({ id }) => id)]) {
    if (new Set(ids).size < ids.length) throw new Error(`ids are not unique: ${ids.join(', ')}`);
  }
  return { summary, requests };
}

/** The only measure of that name with these parameters and fields. */
export function measureOf(
  { summary }: Outcome,
  measure: string,
  where: Record<string, string | number> = {},
): Measure {
  const found = summary.measures.filter((m) => {
    const fields: Record<string, unknown> = { ...m.params, model: m.model, dataset: m.dataset };
    return m.measure === measure && Object.entries(where).every(([key, value]) => fields[key] === value);
  });
  if (found.length !== 1) throw new Error(`${found.length} measures are called ${measure}`);
  return found[0]!;
}

/** The codes of all warnings, sorted. */
export const codes = ({ summary }: Outcome): string[] =>
  (summary.warnings ?? []).map(({ code }) => code).sort();

/** The rows of the only sheet, as records. */
export function sheetOf({ summary }: Outcome): Record<string, string | number | boolean | null>[] {
  const sheet = summary.examples?.[0];
  if (!sheet) return [];
  return Array.from(sheet.rows, (row) => {
    if (row.length !== sheet.columns.length) throw new Error(`a row of ${row.length} cells`);
    return Object.fromEntries(sheet.columns.map((column, i) => [column, row[i]!]));
  });
}
