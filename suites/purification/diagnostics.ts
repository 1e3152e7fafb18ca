import {
  type ChainGradientRows,
  chainGradientsRequest,
  type ExpansionRows,
  purifierExpansion,
} from '../../src/measurements.js';
import { type Estimate, meanOf, quantileEstimate } from '../../src/metrics.js';
import {
  type Collected,
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
  /** By number of steps; empty where they were left out. */
  gradients: readonly Request<ChainGradientRows>[];
}

/** The chain that is looked at, but for its length. */
type Chain = Pick<PurificationOptions, 'stepSize' | 'noise' | 'inputNoise' | 'chains' | 'clamp'> & {
  by: string;
};

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

/** @param twice whether the purifying model can be differentiated twice, which the gradient of a chain takes */
export function diagnosticRequests(
  system: string,
  dataset: string,
  chain: Chain,
  steps: readonly number[],
  { diagnostics }: PurificationOptions,
  twice: boolean,
): DiagnosticRequests | undefined {
  const { examples, draws } = diagnostics;
  if (examples === 0) return undefined;
  const on = { system, dataset, first: examples };
  const { by, stepSize, noise, inputNoise, clamp } = chain;
  const params = { by, stepSize, noise, inputNoise, clamp, steps };
  return {
    expansion: request({ measurement: purifierExpansion, params, ...on }),
    gradients: (twice ? steps : []).map((count) => {
      const purify = { ...chain, steps: count, gradient: 'full', seed: 'fresh' } as const;
      return chainGradientsRequest(system, dataset, { purify, loss: 'cross-entropy', draws }, examples);
    }),
  };
}

/** What a purification and its gradients look like at one number of SGLD steps. */
export interface Diagnosed {
  /** Empty where they were left out or failed. */
  found: readonly Diagnostic[];
  /** Means over examples after each step k of the chain, 0 to K, of v_k: the gradient with respect to x_k. */
  path?: { cosine: Estimate[]; length: Estimate[] };
}

/** By number of steps. */
export function diagnosticsOf(
  requests: DiagnosticRequests | undefined,
  steps: readonly number[],
  collected: CollectedRows,
): readonly Diagnosed[] {
  const expansion = requests && collected.get(requests.expansion);
  return steps.map((_, k) => {
    const asked = requests?.gradients[k];
    const gradients = asked && collected.get(asked);
    return {
      found: [
        ...(expansion ? [expansionOf(expansion, k)] : []),
        ...(gradients ? gradientKinds.map((kind) => ofGradients(gradients, kind)) : []),
      ],
      ...(gradients && { path: pathOf(gradients) }),
    };
  });
}

function expansionOf({ indices, rows }: Collected<ExpansionRows>, k: number): Diagnostic {
  const { shape, data } = rows.expansion;
  const values = Float64Array.from(indices, (_, i) => data[i * shape[1]! + k]!);
  return {
    measure: 'purifier-expansion',
    title: 'Expansion of small perturbations',
    column: 'expansion',
    statistic: 'mean',
    note: 'mean of |P(x + d; s) - P(x; s)| / |d| for a small random d and the same noise s',
    ...{ values, indices, estimate: meanOf(values) },
  };
}

type GradientKind = Omit<Diagnostic, 'values' | 'indices' | 'estimate'> & {
  of(rows: ChainGradientRows, i: number): number;
};

const gradientKinds: readonly GradientKind[] = [
  {
    measure: 'gradient-cosine',
    title: 'Cosine of BPDA and full gradient',
    column: 'gradient_cosine',
    statistic: 'mean',
    note: 'at clean images, of the cross-entropy, means over draws',
    of: ({ cosine: { shape, data } }, i) => data[i * shape[1]!]!,
  },
  {
    measure: 'gradient-growth',
    title: 'Growth of the gradient on its way through the chain',
    column: 'gradient_growth',
    statistic: 'quantile',
    options: { q: 0.5 },
    note: 'median of its length at the image by its length where the chain ends',
    of: ({ growth }, i) => growth.data[i]!,
  },
  {
    measure: 'eot-agreement',
    title: 'Agreement of full gradients between halves of the draws',
    column: 'eot_agreement',
    statistic: 'mean',
    note: 'cosine between the mean gradients of two halves of the draws',
    of: ({ convergence }, i) => convergence.data[i]!,
  },
  {
    measure: 'eot-agreement-bpda',
    title: 'Agreement of straight-through gradients between halves of the draws',
    column: 'eot_agreement_bpda',
    statistic: 'mean',
    note: 'cosine between the mean gradients of two halves of the draws',
    of: ({ convergenceStraight }, i) => convergenceStraight.data[i]!,
  },
];

/** Names of all measures that diagnostics give. */
export const diagnosticMeasures = ['purifier-expansion', ...gradientKinds.map(({ measure }) => measure)];

function ofGradients(
  { indices, rows }: Collected<ChainGradientRows>,
  { of, ...kind }: GradientKind,
): Diagnostic {
  const values = Float64Array.from(indices, (_, i) => of(rows, i));
  const estimate = kind.statistic === 'mean' ? meanOf(values) : quantileEstimate(values.slice().sort(), 0.5);
  return { ...kind, values, indices, estimate };
}

function pathOf({ indices, rows }: Collected<ChainGradientRows>) {
  const { cosine, norms } = rows;
  const looks = Array.from({ length: cosine.shape[1]! }, (_, k) => k);
  const each = (of: (at: number, end: number) => number) =>
    looks.map((k) =>
      meanOf(
        Array.from(indices, (_, i) => of(i * looks.length + k, (i + 1) * looks.length - 1)).filter(
          Number.isFinite,
        ),
      ),
    );
  return {
    cosine: each((at) => cosine.data[at]!),
    length: each((at, end) => Math.log10(norms.data[at]! / norms.data[end]!)),
  };
}

/** A row per system, example and number of steps, with what was looked at. */
export function diagnosticsSheet(
  name: string,
  results: readonly {
    system: { name: string };
    dataset: { name: string };
    steps: readonly number[];
    diagnostics: readonly Diagnosed[];
  }[],
): ExampleSheet {
  const columns = [
    ...new Set(
      results.flatMap(({ diagnostics }) =>
        diagnostics.flatMap(({ found }) => found.map(({ column }) => column)),
      ),
    ),
  ];
  return {
    name,
    columns: ['model', 'dataset', 'index', 'steps', ...columns],
    rows: results.flatMap(({ system, dataset, steps, diagnostics }) =>
      diagnostics.flatMap(({ found }, k) => {
        const values = new Map(
          found.map(({ column, indices, values }) => [
            column,
            new Map(Array.from(indices, (example, i) => [example, values[i]])),
          ]),
        );
        const examples = [...new Set(found.flatMap(({ indices }) => [...indices]))].sort((a, b) => a - b);
        return examples.map((example) => [
          ...[system.name, dataset.name, example, steps[k]!],
          ...columns.map((column) => values.get(column)?.get(example) ?? null),
        ]);
      }),
    ),
  };
}
