import { AssayError } from '../errors.js';
import { stream } from '../random/stream.js';
import { SEVERITIES } from './corruptions/corruption.js';
import type { DatasetSpec } from './spec.js';

export interface Selection {
  /** Source positions, ascending. */
  indices: Int32Array;
  /** In words, for reports. */
  note: string;
}

/**
 * Which examples of n are used: those from `offset`, of them a random `sample` if asked for, of those at most
 * `limit`. A smaller sample or limit of the same seed is a part of a larger one.
 * Errors: `data-invalid` when nothing is left, or less than the sample asks for.
 */
export function select(
  n: number,
  labels: Int32Array | undefined,
  spec: Pick<DatasetSpec, 'offset' | 'sample' | 'limit' | 'path' | 'severity'>,
): Selection {
  const { offset: skipped = 0, sample, limit = Number.POSITIVE_INFINITY, severity } = spec;
  if (severity !== undefined && n % SEVERITIES.length !== 0)
    throw new AssayError('data-invalid', 'the data set does not hold five severities', {
      file: spec.path,
      path: 'severity',
      expected: 'five blocks of equally many examples',
      found: `${n} examples`,
      hint: 'leave `severity` out',
    });
  const block = severity === undefined ? n : n / SEVERITIES.length;
  const offset = (severity === undefined ? 0 : (severity - 1) * block) + skipped;
  const available = Math.max(0, block - skipped);
  if (available === 0)
    throw new AssayError('data-invalid', 'the data set is empty', {
      file: spec.path,
      expected: 'at least one example',
      found: n === 0 ? 'none' : `${block} examples, of which \`offset\` leaves out ${skipped}`,
      hint: n === 0 ? 'check that the right file is named' : `choose an offset below ${block}`,
    });
  const members = Int32Array.from({ length: available }, (_, i) => offset + i);
  if (!sample) {
    const count = Math.min(available, limit);
    const part = offset > 0 ? `from ${offset}, ` : '';
    return {
      indices: members.subarray(0, count),
      note: count === n ? `all ${n} examples` : `${part}the first ${count} of ${n} examples`,
    };
  }
  if (sample.n > available)
    throw new AssayError('data-invalid', 'the sample is larger than the data set', {
      file: spec.path,
      path: 'sample.n',
      expected: `at most ${available}`,
      found: `${sample.n}`,
    });
  const stratified = sample.stratified ?? labels !== undefined;
  if (stratified && !labels)
    throw new AssayError('data-invalid', 'a sample can be stratified only where there are labels', {
      file: spec.path,
      path: 'sample.stratified',
      hint: 'leave the key out',
    });
  const { seed = 0 } = sample;
  const count = Math.min(sample.n, limit);
  const order = stratified && labels ? inProportion(members, labels, seed) : shuffled(members, seed);
  const how = stratified ? 'stratified sample' : 'random sample';
  return {
    indices: order.slice(0, count).sort(),
    note: `${how} of ${count} out of ${available} examples (seed ${seed})`,
  };
}

/** In the order of a random number that each example has by its own position, whatever else is selected. */
function shuffled(members: Int32Array, seed: number): Int32Array {
  const draw = new Map(
    Array.from(members, (example) => [
      example,
      stream({ seed, purpose: 'dataset/sample', example }).uniform(),
    ]),
  );
  return Int32Array.from(members).sort((a, b) => (draw.get(a) ?? 0) - (draw.get(b) ?? 0) || a - b);
}

/**
 * Shuffled, and merged so that every beginning holds the classes in proportion: the r-th of the m examples of a
 * class comes at (r + 1/2) / m.
 */
function inProportion(members: Int32Array, labels: Int32Array, seed: number): Int32Array {
  const order = shuffled(members, seed);
  const sizes = new Map<number, number>();
  for (const example of order) sizes.set(labels[example]!, (sizes.get(labels[example]!) ?? 0) + 1);
  const ranks = new Map<number, number>();
  const place = new Map<number, number>();
  for (const example of order) {
    const label = labels[example]!;
    const rank = ranks.get(label) ?? 0;
    ranks.set(label, rank + 1);
    place.set(example, (rank + 0.5) / (sizes.get(label) ?? 1));
  }
  // Sorting is stable: ties between classes fall in shuffled order.
  return Int32Array.from(Array.from(order).sort((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0)));
}
