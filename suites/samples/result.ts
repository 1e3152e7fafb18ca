import {
  type NearestImagesRows,
  type OutputsOnSamplesRows,
  placeInBuffer,
  type SamplesParams,
} from '../../src/measurements.js';
import { argmaxOf, softmax } from '../../src/metrics.js';
import type { Collected, CollectedRows, NdArray, SystemInfo } from '../../src/suite.js';
import { rowsOf, shared } from './aligned.js';
import { nearestRms } from './duplicates.js';
import type { SetName, SetRequests } from './requests.js';

/** What a classifier says of samples. */
export interface Classification {
  by: SystemInfo;
  logits: { n: number; classes: number; data: Float32Array };
  /** (n) */
  predicted: Int32Array;
  /** (n): largest p(y|x). */
  confidence: Float64Array;
  /** (n): p(y|x) of the class climbed, where it was given. */
  ofClass?: Float64Array;
}

/** The nearest images of another data set. */
export interface Neighbours {
  /** The data set. */
  among: string;
  /** (n) source index and L2 distance; -1 and infinite where there is none. */
  index: Int32Array;
  distance: Float64Array;
  /** (n, C, H, W) */
  pixels: NdArray<Float32Array>;
}

/** Samples of one kind, with all that was found of each. */
export interface SampleSet {
  name: SetName;
  system: SystemInfo;
  /** Data set whose example numbers name the chains. */
  dataset: string;
  n: number;
  /** (n): the chain. */
  indices: Int32Array;
  /** (n): of images of a replay buffer, where they lie in it. */
  places: Int32Array | undefined;
  /** (n, C, H, W) in [0, 1]. */
  pixels: NdArray<Float32Array>;
  /** (n): class climbed; absent for unconditional samples. */
  conditioned: Int32Array | undefined;
  /** (n) */
  logPx: Float32Array;
  own: Classification | undefined;
  /** (n): p(y|x) of the class climbed. */
  ofClass: Float64Array | undefined;
  judge: Classification | undefined;
  extractor:
    | { by: SystemInfo; features: NdArray<Float32Array>; classified: Classification | undefined }
    | undefined;
  /** (n): share of the pixels that are 0 or 1. */
  saturated: Float64Array;
  /** (n): root mean square difference from the nearest other sample; empty for a single one. */
  apart: Float64Array;
  neighbours: Neighbours | undefined;
  /** Chains without a result, and images of which the system gives none: their rows are left out. */
  failed: number;
}

export function sampleSet(
  system: SystemInfo,
  { judge, extractor }: { judge: SystemInfo | undefined; extractor: SystemInfo | undefined },
  requests: SetRequests,
  collected: CollectedRows,
): SampleSet | undefined {
  const get = (request: SetRequests['judged']) => request && collected.get(request);
  const [drawn, outputs] = [collected.get(requests.drawn), collected.get(requests.own)];
  const [judged, extracted] = [get(requests.judged), get(requests.extracted)];
  if (!drawn || !outputs) return undefined;
  const indices = shared([drawn, outputs, judged, extracted]);
  const { pixels, conditioned } = rowsOf(drawn, indices);
  const said = rowsOf(outputs, indices);
  const n = indices.length;
  const climbed = requests.name === 'conditional' ? conditioned.data : undefined;
  const own = classificationOf(system, said, n, climbed);
  const extractedRows = extracted && rowsOf(extracted, indices);
  const nearest = requests.nearest && collected.get(requests.nearest);
  const { spread } = requests.drawn.params as SamplesParams;
  return {
    name: requests.name,
    system,
    dataset: requests.drawn.dataset,
    n,
    indices,
    places:
      spread === undefined
        ? undefined
        : indices.map((chain) => placeInBuffer(chain, spread, system.storedChains ?? 0)),
    pixels,
    conditioned: climbed,
    logPx: said.logPx?.data ?? new Float32Array(n).fill(Number.NaN),
    own,
    ofClass: own?.ofClass,
    judge: judge && judged ? classificationOf(judge, rowsOf(judged, indices), n) : undefined,
    extractor:
      extractor && extractedRows?.features
        ? {
            by: extractor,
            features: extractedRows.features,
            classified: classificationOf(extractor, extractedRows, n),
          }
        : undefined,
    saturated: saturatedShares(pixels),
    apart: nearestRms(pixels),
    neighbours: nearest && neighboursOf(nearest, indices),
    failed: new Set([drawn, outputs].flatMap(({ failed = [] }) => failed.map(({ example }) => example))).size,
  };
}

function classificationOf(
  by: SystemInfo,
  { logits }: OutputsOnSamplesRows,
  n: number,
  climbed?: Int32Array,
): Classification | undefined {
  if (!logits) return undefined;
  const table = { n, classes: by.classes.length, data: logits.data };
  const probabilities = softmax(table);
  const predicted = new Int32Array(n);
  const confidence = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const row = probabilities.subarray(i * table.classes, (i + 1) * table.classes);
    predicted[i] = argmaxOf(row);
    confidence[i] = row[predicted[i]!]!;
  }
  const ofClass = climbed && Float64Array.from(climbed, (c, i) => probabilities[i * table.classes + c]!);
  return { by, logits: table, predicted, confidence, ...(ofClass && { ofClass }) };
}

function saturatedShares({ shape, data }: NdArray<Float32Array>): Float64Array {
  const n = shape[0]!;
  const size = data.length / Math.max(1, n);
  return Float64Array.from({ length: n }, (_, i) => {
    let count = 0;
    for (let k = i * size; k < (i + 1) * size; k++) if (data[k]! <= 0 || data[k]! >= 1) count++;
    return count / size;
  });
}

/** The neighbours of these samples, in their order. */
export function neighboursOf(
  { rows, request }: Collected<NearestImagesRows>,
  indices: Int32Array,
): Neighbours {
  const { query, neighbour, distance, pixels } = rows;
  const [, , ...shape] = pixels.shape;
  const size = shape.reduce((a, b) => a * b, 1);
  const at = new Map(Array.from(query.data, (index, row) => [index, row]));
  const row = (index: number) => at.get(index) ?? -1;
  const images = new Float32Array(indices.length * size);
  indices.forEach((index, to) => {
    images.set(pixels.data.subarray(row(index) * size, (row(index) + 1) * size), to * size);
  });
  return {
    among: request.dataset,
    index: indices.map((index) => neighbour.data[row(index)] ?? -1),
    distance: Float64Array.from(indices, (index) => distance.data[row(index)] ?? Number.POSITIVE_INFINITY),
    pixels: { shape: [indices.length, ...shape], data: images },
  };
}
