import * as tf from '@tensorflow/tfjs';
import { fromStart } from '../../../graph/node-reader.js';
import type { Row } from '../row.js';
import type { Site } from '../site.js';
import { alongAxis } from './elementwise.js';

/** Rows of an axis, by numbers counted from 0. */
export function pick(x: tf.Tensor, rows: readonly number[], axis: number): tf.Tensor {
  return pickBy(x, tf.tensor1d([...rows], 'int32'), axis);
}

function pickBy(x: tf.Tensor, rows: tf.Tensor, axis: number): tf.Tensor {
  if (x.dtype !== 'bool') return tf.gather(x, rows as tf.Tensor1D, axis);
  return tf.cast(tf.gather(tf.cast(x, 'int32'), rows as tf.Tensor1D, axis), 'bool');
}

/** Input `i` as indices counted from 0. Throws where one is out of range: not every backend checks that. */
function indices(s: Site, i: number, extent: number): tf.Tensor {
  return s.prepared(i, `indices below ${extent}`, (given) => {
    const counted = Int32Array.from(given.dataSync(), (v) => {
      const index = fromStart(v, extent);
      if (index < 0 || index >= extent) throw new Error(`index ${v} is not within ${extent}`);
      return index;
    });
    return tf.tensor(counted, given.shape, 'int32');
  });
}

function gather(s: Site): tf.Tensor {
  const x = s.x();
  const axis = s.axis(0);
  const places = indices(s, 1, x.shape[axis]!);
  const dims = [...x.shape.slice(0, axis), ...places.shape, ...x.shape.slice(axis + 1)];
  return tf.reshape(pickBy(x, tf.reshape(places, [-1]), axis), dims);
}

const stridesOf = (dims: readonly number[]) =>
  dims.map((_, i) => dims.slice(i + 1).reduce((product, d) => product * d, 1));

/** Places in the flattened `dims` of elements whose coordinate along `axis` is given, the others being their own. */
function flatPlaces(places: tf.Tensor, dims: readonly number[], axis: number): tf.Tensor {
  const strides = stridesOf(dims);
  const own = stridesOf(places.shape);
  const data = Int32Array.from(places.dataSync(), (place, at) =>
    strides.reduce((sum, stride, d) => {
      const coordinate = d === axis ? place : Math.floor(at / own[d]!) % places.shape[d]!;
      return sum + stride * coordinate;
    }, 0),
  );
  return tf.tensor1d(data, 'int32');
}

function pickElements(x: tf.Tensor, places: tf.Tensor, axis: number): tf.Tensor {
  const flat = pickBy(tf.reshape(x, [-1]), flatPlaces(places, x.shape, axis), 0);
  return tf.reshape(flat, places.shape);
}

/** Rows `updates` put at `places` of `rows`: added, or in place of what is there. */
function scatter(s: Site, rows: tf.Tensor, places: tf.Tensor, updates: tf.Tensor): tf.Tensor {
  const reduction = s.text('reduction', 'none');
  const sum = (values: tf.Tensor) => tf.unsortedSegmentSum(values, places as tf.Tensor1D, rows.shape[0]);
  if (reduction === 'add') return tf.add(rows, sum(updates));
  if (reduction !== 'none') throw s.unsupported(`reduction "${reduction}"`);
  const touched = sum(tf.ones([updates.shape[0], ...rows.shape.slice(1).map(() => 1)]));
  return tf.where(tf.broadcastTo(tf.greater(touched, 0), rows.shape), sum(updates), rows);
}

function scatterElements(s: Site): tf.Tensor {
  const x = s.x();
  const axis = s.axis(0);
  const places = flatPlaces(indices(s, 1, x.shape[axis]!), x.shape, axis);
  return tf.reshape(scatter(s, tf.reshape(x, [-1]), places, tf.reshape(s.x(2), [-1])), x.shape);
}

interface Rows {
  /** (rows, elements of a row) */
  table: tf.Tensor;
  /** Which row each index tuple means. */
  places: tf.Tensor;
  rest: number[];
}

/** A tensor as rows, and tuples of indices as row numbers (GatherND, ScatterND). */
function rowsOf(s: Site, batchDims: number): Rows {
  const x = s.x();
  const tuples = s.x(1);
  const width = tuples.shape[tuples.rank - 1]!;
  const lead = x.shape.slice(0, batchDims + width);
  const rest = x.shape.slice(batchDims + width);
  const strides = stridesOf(lead).slice(batchDims);
  const [batches, perBatch] = [lead.slice(0, batchDims), lead.slice(batchDims)].map((d) =>
    d.reduce((p, n) => p * n, 1),
  ) as [number, number];
  const given = tuples.dataSync();
  const count = tuples.size / Math.max(1, width);
  const places = Int32Array.from({ length: count }, (_, t) => {
    const batch = Math.floor((t * batches) / count);
    return strides.reduce((sum, stride, k) => {
      const index = fromStart(given[t * width + k]!, perBatchExtent(lead, batchDims, k));
      return sum + stride * index;
    }, batch * perBatch);
  });
  if (places.some((place) => place < 0 || place >= batches * perBatch))
    throw new Error('an index is out of range');
  return {
    table: tf.reshape(x, [batches * perBatch, rest.reduce((p, d) => p * d, 1)]),
    places: tf.tensor1d(places, 'int32'),
    rest,
  };
}

const perBatchExtent = (lead: readonly number[], batchDims: number, k: number) => lead[batchDims + k]!;

function gatherNd(s: Site): tf.Tensor {
  const { table, places, rest } = rowsOf(s, s.number('batch_dims', 0));
  return tf.reshape(pickBy(table, places, 0), [...s.x(1).shape.slice(0, -1), ...rest]);
}

function scatterNd(s: Site): tf.Tensor {
  const { table, places } = rowsOf(s, 0);
  const updates = tf.reshape(s.x(2), [places.size, table.shape[1] ?? 1]);
  return tf.reshape(scatter(s, table, places, updates), s.x().shape);
}

/** The k largest (or smallest), picked by their places, since TensorFlow.js's own topk has no gradient. */
function topK(s: Site): tf.Tensor[] {
  const axis = s.axis(-1);
  const k = s.numbers(1)[0];
  const x = s.x();
  const sign = s.flag('largest', true) ? 1 : -1;
  const places = alongAxis(x, axis, (rows) => tf.topk(tf.mul(rows, sign), k).indices);
  return [pickElements(x, places, axis), places];
}

/** How padding by copies fills: the row that padded position `i` of an axis with `n` rows shows. */
const SOURCES: Record<string, (i: number, n: number) => number> = {
  edge: (i, n) => Math.min(Math.max(i, 0), n - 1),
  wrap: (i, n) => ((i % n) + n) % n,
  reflect: (i, n) => {
    const period = Math.max(1, 2 * (n - 1));
    const folded = ((i % period) + period) % period;
    return Math.min(folded, period - folded);
  },
};

/** By rows picked, since the gradient of TensorFlow.js's own mirror padding leaves out what was mirrored. */
function pad(s: Site): tf.Tensor {
  const x = s.x();
  const given = s.numbers(1);
  const axes = s.optionalNumbers(3)?.map((a) => fromStart(a, x.rank)) ?? x.shape.map((_, i) => i);
  const pads = x.shape.map(() => [0, 0] as [number, number]);
  axes.forEach((axis, i) => {
    pads[axis] = [given[i]!, given[axes.length + i]!];
  });
  const mode = s.text('mode', 'constant');
  if (mode === 'constant') return padWith(x, pads, s.optionalNumbers(2)?.[0] ?? 0);
  const source = SOURCES[mode];
  if (!source) throw s.unsupported(`mode "${mode}"`);
  return pads.reduce((y, [before, after], axis) => {
    if (before === 0 && after === 0) return y;
    const n = x.shape[axis]!;
    return pick(
      y,
      Array.from({ length: before + n + after }, (_, i) => source(i - before, n)),
      axis,
    );
  }, x);
}

function padWith(x: tf.Tensor, pads: readonly [number, number][], value: number): tf.Tensor {
  const begin = pads.map(([before]) => Math.max(0, -before));
  const size = pads.map(([before, after], i) => x.shape[i]! - Math.max(0, -before) - Math.max(0, -after));
  const kept = pads.flat().some((p) => p < 0) ? tf.slice(x, begin, size) : x;
  return tf.pad(
    kept,
    pads.map(([b, a]) => [Math.max(0, b), Math.max(0, a)] as [number, number]),
    value,
  );
}

/** Operators that pick and place elements by index. */
export const picking: readonly Row[] = [
  { op: 'Gather', run: gather },
  {
    op: 'GatherElements',
    run: (s) => pickElements(s.x(), indices(s, 1, s.x().shape[s.axis(0)]!), s.axis(0)),
  },
  { op: 'GatherND', run: gatherNd },
  { op: 'ScatterElements', run: scatterElements },
  { op: 'ScatterND', run: scatterNd },
  { op: 'TopK', run: topK },
  { op: 'Pad', run: pad },
];
