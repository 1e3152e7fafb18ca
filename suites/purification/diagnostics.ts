import { type ExpansionRows, purifierExpansion } from '../../src/measurements.js';
import { type Estimate, meanOf } from '../../src/metrics.js';
import {
  type CollectedRows,
  type ExampleSheet,
  type MeasureRows,
  type Request,
  request,
} from '../../src/suite.js';
import type { PurificationOptions } from './options.js';

/** What is asked about a purification and its gradients, without an attack. */
export interface DiagnosticRequests {
  expansion: Request<ExpansionRows>;
}

/** A property of a purification, per example, at one number of SGLD steps. */
export interface Diagnostic {
  measure: string;
  title: string;
  /** Of the sheet. */
  column: string;
  statistic: 'mean' | 'quantile';
  options?: NonNullable<MeasureRows['options']>;
  note: string;
  /** (n) */
  values: Float64Array;
  indices: Int32Array;
  estimate: Estimate;
}

export function diagnosticRequests(
  system: string,
  dataset: string,
  chain: { by: string; stepSize: number; noise: number; inputNoise: number; clamp: 'none' | 'box' },
  steps: readonly number[],
  { diagnostics }: PurificationOptions,
): DiagnosticRequests | undefined {
  if (diagnostics.examples === 0) return undefined;
  const on = { system, dataset, first: diagnostics.examples };
  const { by, stepSize, noise, inputNoise, clamp } = chain;
  const params = { by, stepSize, noise, inputNoise, clamp, steps };
  return { expansion: request({ measurement: purifierExpansion, params, ...on }) };
}

/** By number of steps; empty where they were left out or failed. */
export function diagnosticsOf(
  wanted: DiagnosticRequests | undefined,
  steps: readonly number[],
  collected: CollectedRows,
): readonly (readonly Diagnostic[])[] {
  const expansion = wanted && collected.get(wanted.expansion);
  return steps.map((_, k) => {
    if (!expansion) return [];
    const { indices, rows } = expansion;
    const values = Float64Array.from(indices, (_, i) => rows.expansion.data[i * steps.length + k]);
    return [
      {
        measure: 'purifier-expansion',
        title: 'Expansion of small perturbations',
        column: 'expansion',
        statistic: 'mean',
        note: 'mean of |P(x + d; s) - P(x; s)| / |d| for a small random d and the same noise s',
        ...{ values, indices, estimate: meanOf(values) },
      },
    ];
  });
}

/** A row per system, example and number of steps, with what was looked at. */
export function diagnosticsSheet(
  name: string,
  results: readonly {
    system: { name: string };
    dataset: { name: string };
    steps: readonly number[];
    diagnostics: readonly (readonly Diagnostic[])[];
  }[],
): ExampleSheet {
  const columns = [
    ...new Set(results.flatMap(({ diagnostics }) => diagnostics.flat().map(({ column }) => column))),
  ];
  return {
    name,
    columns: ['model', 'dataset', 'index', 'steps', ...columns],
    rows: results.flatMap(({ system, dataset, steps, diagnostics }) =>
      diagnostics.flatMap((found, k) => {
        const values = new Map(
          found.map(({ column, indices, values }) => [
            column,
            new Map(Array.from(indices, (example, i) => [example, values[i]])),
          ]),
        );
        const examples = [...new Set(found.flatMap(({ indices }) => [...indices]))].sort((a, b) => a - b);
        return examples.map((example) => [
          ...[system.name, dataset.name, example, steps[k]],
          ...columns.map((column) => values.get(column)?.get(example) ?? null),
        ]);
      }),
    ),
  };
}
