import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Type } from '@sinclair/typebox';
import { onTestFinished } from 'vitest';
import type { Dataset } from '../../src/data/dataset.js';
import type { System } from '../../src/models/system.js';
import { stream } from '../../src/random/stream.js';
import type { SuiteEntry } from '../../src/runs/asked/suite-entries.js';
import { type Evaluation, openedEntry } from '../../src/runs/inventory/inventory.js';
import { float32, float64, type RowsIn } from '../../src/suites/columns.js';
import {
  defineMeasurement,
  defineSuite,
  type MeasureContext,
  type Measurement,
  request,
  type Suite,
} from '../../src/suites/contract.js';
import { linearSystem } from '../suites/helpers/linear-system.js';
import { memoryDataset } from '../suites/helpers/memory-dataset.js';

/** A folder that is gone after the test. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'assay-runs-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

export const plus = linearSystem({
  name: 'plus',
  weights: [
    [1, 0],
    [0, 1],
  ],
});
export const minus = linearSystem({
  name: 'minus',
  weights: [
    [0, 1],
    [1, 0],
  ],
});

/** n images of two pixels, labels by which is larger. */
export function points(n: number, info: Parameters<typeof memoryDataset>[0] | object = {}): Dataset {
  const images = Array.from({ length: n }, (_, i) => [((7 * i) % 10) / 10, ((3 * i) % 10) / 10]);
  return memoryDataset({ images, labels: images.map(([a, b]) => (a! >= b! ? 0 : 1)), ...info });
}

export function evaluationOf(systems: readonly System[], datasets: readonly Dataset[], seed = 0): Evaluation {
  return {
    systems: new Map(systems.map((system) => [system.info.name, openedEntry(system)])),
    datasets: new Map(datasets.map((dataset) => [dataset.info.name, dataset])),
    seed,
    engine: 'test engine',
  };
}

export interface Params {
  scale: number;
  other?: string;
}

/** Which units were measured, by first index; a hook to make one fail. */
export interface Probe {
  measured: number[];
  before?: (first: number) => void | Promise<void>;
}

const twoLogits = { logits: float32(2) };
type Logits = RowsIn<typeof twoLogits>;
export type LogitMeasurement = Measurement<Params, Logits>;

/** Logits times `scale` plus noise keyed by the example. */
export function noisyLogits(probe: Probe, unitSize = 4, name = 'noisy-logits') {
  return defineMeasurement({
    name,
    version: 1,
    needs: ['logits'],
    unitSize,
    columns: twoLogits,
    async measure({ system, examples, seed, systemNamed }, { scale, other }: Params) {
      await probe.before?.(examples.indices[0]!);
      probe.measured.push(examples.indices[0]!);
      const { n, pixels, indices } = examples;
      const { logits = new Float32Array() } = await (other ? systemNamed(other) : system).forward({
        n,
        pixels,
      });
      const noise = Array.from(indices, (example) => stream({ seed, purpose: 'test', example }).normal());
      return { logits: logits.map((v, at) => v * scale + noise[Math.floor(at / 2)]!) };
    },
  });
}

/** Row sums of what `input` gave. */
export function sums(input: LogitMeasurement, probe: Probe) {
  return defineMeasurement({
    name: 'sums',
    version: 1,
    needs: [],
    unitSize: 3,
    columns: { [`sum of ${input.name}`]: float64() },
    async measure({ inputs, examples }: MeasureContext<[Logits]>, _: Params) {
      probe.measured.push(examples.indices[0]!);
      const [{ logits }] = inputs;
      if (logits.shape[0] !== examples.n)
        throw new Error(`${logits.shape[0]} rows for ${examples.n} examples`);
      const data = Float64Array.from(
        { length: examples.n },
        (_, i) => logits.data[2 * i]! + logits.data[2 * i + 1]!,
      );
      return { [`sum of ${input.name}`]: data };
    },
  });
}

/** Asks what `input` gave above its mean over all examples of the data set `reference`, read of `by`. */
export function centredSuite(
  input: LogitMeasurement,
  {
    reference,
    by,
    first,
    unitSize = 3,
  }: { reference: string; by?: string; first?: number; unitSize?: number },
): Suite {
  const centred = defineMeasurement({
    name: 'centred',
    version: 1,
    needs: [],
    unitSize,
    columns: { centred: float64(2) },
    async measure({ inputs: [{ logits }], reference: [all] }: MeasureContext<[Logits], [Logits]>, _: Params) {
      const mean = Array.from(all.logits.data).reduce((a, b) => a + b, 0) / all.logits.data.length;
      return { centred: Float64Array.from(logits.data, (v) => v - mean) };
    },
  });
  const suite = meanSuite(centred, 'centred', input);
  return {
    ...suite,
    plan: (context, options) =>
      suite.plan({ ...context, datasets: context.datasets.slice(0, 1) }, options).map((wanted) => ({
        ...wanted,
        reference: [
          request({
            measurement: input,
            system: by ?? wanted.system,
            dataset: reference,
            params: { scale: 1 },
            ...(first !== undefined && { first }),
          }),
        ],
      })),
  };
}

const Options = Type.Object(
  {
    scale: Type.Number({ default: 1 }),
    first: Type.Optional(Type.Integer()),
    other: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

/** Asks for the measurement of every system on every data set; its measure is the mean of all numbers. */
export function meanSuite(measurement: Measurement<Params>, name = 'mean', inputs?: LogitMeasurement): Suite {
  return defineSuite({
    name,
    title: 'Mean',
    description: 'The mean of all numbers.',
    options: Options,
    needs: ['logits'],
    plan: ({ systems, datasets }, { first, ...params }) =>
      systems.flatMap((system) =>
        datasets.map((dataset) => {
          const target = { system: system.name, dataset: dataset.name };
          return request({
            measurement,
            ...target,
            params,
            ...(first !== undefined && { first }),
            ...(inputs && { inputs: [request({ measurement: inputs, ...target, params })] }),
          });
        }),
      ),
    summarise: (collected) => ({
      measures: collected.all(measurement).map(({ request: { system, dataset }, rows, indices }) => {
        const { data } = Object.values(rows)[0]!;
        return {
          suite: name,
          measure: 'mean',
          title: 'Mean',
          model: system,
          dataset,
          params: {},
          value: Array.from(data).reduce((a, v) => a + v, 0) / data.length,
          n: indices.length,
          interval: null,
          level: 0.95,
          method: 'none',
          better: 'higher' as const,
          format: 'number' as const,
          headline: true,
        };
      }),
      examples: [
        {
          name,
          columns: ['model', 'index', 'first'],
          rows: collected.all(measurement).flatMap(({ request, rows, indices }) => {
            const { data, shape } = Object.values(rows)[0]!;
            const width = data.length / shape[0]!;
            return Array.from(indices, (index, i) => [request.system, index, data[i * width]!]);
          }),
        },
      ],
    }),
  });
}

export function entryOf(suite: Suite, options: object = { scale: 1 }): SuiteEntry {
  return { suite, options, title: suite.title, path: `suites[0].${suite.name}`, file: 'test.run.yaml' };
}
