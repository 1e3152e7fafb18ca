import { logitsOf } from '../../src/measurements.js';
import { argmax } from '../../src/metrics.js';
import type { ExampleSheet } from '../../src/suite.js';
import type { Steepness } from './gradients.js';
import { type Contrast, gapsOf, type Heights } from './heights.js';
import { NAME } from './measures.js';
import type { ByQuantile } from './quantiles.js';
import { distancesFrom, type Typical } from './typicality.js';

/** What is known of the images of a data set beside log p(x). */
export interface Known {
  contrasts: readonly Contrast[];
  steepness: readonly Steepness[];
  quantiles: readonly ByQuantile[];
  typical: readonly Typical[];
}

type Cell = string | number | boolean | null;

/** One column: what it holds of a data set by a system, by position; undefined where nothing is known. */
type Column = (of: Heights, known: Known) => ((i: number) => Cell | undefined) | undefined;

const ofQuantiles =
  (cell: (of: ByQuantile, i: number) => Cell): Column =>
  (of, { quantiles }) => {
    const own = quantiles.find((one) => one.of === of);
    return own && ((i) => cell(own, i));
  };

const columns: Record<string, Column> = {
  model:
    ({ system }) =>
    () =>
      system.name,
  dataset:
    ({ dataset }) =>
    () =>
      dataset.name,
  role:
    ({ dataset }) =>
    () =>
      dataset.role,
  index:
    ({ indices }) =>
    (i) =>
      indices[i],
  log_px:
    ({ logPx }) =>
    (i) =>
      logPx[i],
  log_px_gap: (of, { contrasts }) => {
    const contrast = contrasts.find(({ own }) => own === of);
    const gaps = contrast?.partners && gapsOf(contrast, contrast.partners);
    return gaps && ((i) => gaps[i]);
  },
  gradient_norm: (of, { steepness }) => {
    const norms = steepness.find((one) => one.of === of)?.norms;
    return norms && ((i) => norms.get(of.indices[i]!));
  },
  typicality: (of, { typical }) => {
    const typicality = typical.find(({ fit }) => fit.system === of.system);
    const distances = typicality && distancesFrom(typicality, of);
    return distances && ((i) => distances[i]);
  },
  atypical: (of, { typical }) => {
    const typicality = typical.find(({ fit }) => fit.system === of.system);
    const distances = typicality && distancesFrom(typicality, of);
    return distances && ((i) => distances[i]! > typicality.threshold);
  },
  label:
    ({ collected }) =>
    (i) =>
      collected.labels?.[i],
  prediction: ({ collected }) => {
    const predictions = collected.rows.logits && argmax(logitsOf(collected));
    return predictions && ((i) => predictions[i]);
  },
  correct: ofQuantiles(({ correct }, i) => correct[i] === 1),
  confidence: ofQuantiles(({ confidence }, i) => confidence[i]!),
  quantile: ofQuantiles(({ quantile }, i) => quantile[i]!),
};

/** A row per system, data set and example. */
export function sheet(heights: readonly Heights[], known: Known): ExampleSheet {
  return {
    name: NAME,
    columns: Object.keys(columns),
    rows: {
      *[Symbol.iterator]() {
        for (const of of heights) {
          const cells = Object.values(columns).map((column) => column(of, known));
          for (let i = 0; i < of.indices.length; i++) yield cells.map((cell) => cell?.(i) ?? null);
        }
      },
    },
  };
}
