import { forRanges } from '../concurrency.js';
import { AssayError } from '../errors.js';
import type { Batch, SystemInfo } from './system.js';

/** Numbers per image. */
export const imageSize = ({ shape }: Pick<SystemInfo, 'shape'>): number => shape.reduce((a, b) => a * b, 1);

/** Errors: `shape-mismatch` when the pixels are not n images of the model's shape. */
export function checkPixels({ n, pixels }: Pick<Batch, 'n' | 'pixels'>, info: SystemInfo): void {
  const size = imageSize(info);
  if (Number.isInteger(n) && n >= 0 && pixels.length === n * size) return;
  throw new AssayError('shape-mismatch', `a batch does not fit the model "${info.name}"`, {
    expected: `${n} x [${info.shape.join(', ')}] = ${n * size} pixels`,
    found: `${pixels.length} pixels`,
    hint: 'compare the data set with input.shape in the model card',
  });
}

/** Classes (n) as rows (n, classes) with a 1 at the class. Errors: `data-invalid`. */
export function oneHotRows(
  n: number,
  chosen: Int32Array | undefined,
  { name, classes }: SystemInfo,
  what: 'label' | 'target',
): Float32Array {
  if (chosen?.length !== n)
    throw new AssayError('data-invalid', `this loss needs a ${what} for every example`, {
      expected: `${n} ${what}s`,
      found: chosen ? `${chosen.length}` : 'none',
      hint: what === 'label' ? 'use a labelled data set' : 'say which class each example is led to',
    });
  const rows = new Float32Array(n * classes.length);
  chosen.forEach((k, i) => {
    if (k < 0 || k >= classes.length)
      throw new AssayError('data-invalid', `a ${what} is out of range for the model "${name}"`, {
        path: `example ${i} of the batch`,
        expected: `0 to ${classes.length - 1}`,
        found: String(k),
        hint: `compare the ${what}s with \`classes\` in the model card`,
      });
    rows[i * classes.length + k] = 1;
  });
  return rows;
}

/** Engine calls kept waiting beyond those that run: enough to keep every session busy. */
const QUEUED = 2;

/**
 * Calls `work` for ranges that cover 0..n-1, a few at a time: of `fixed` images each, or as even as may be and of
 * at most `batchSize`. Errors: the first failure, once what is in flight has ended.
 */
export async function inChunks(
  n: number,
  { batchSize, fixed, concurrency }: { batchSize: number; fixed: number | undefined; concurrency: number },
  work: (start: number, end: number) => Promise<void>,
): Promise<void> {
  const chunks = Math.ceil(n / (fixed ?? batchSize));
  const step = fixed ?? Math.ceil(n / Math.max(1, chunks));
  await forRanges(n, { step, lanes: concurrency * QUEUED }, work);
}

/** Rows start to end of (n, width); for a fixed batch the last row is repeated until it is full. */
export function rowsOf(
  values: Float32Array,
  start: number,
  end: number,
  width: number,
  fixed = end - start,
): Float32Array {
  const rows = values.subarray(start * width, end * width);
  if (fixed === end - start) return rows;
  const padded = new Float32Array(fixed * width);
  padded.set(rows);
  const last = rows.subarray(rows.length - width);
  for (let i = end - start; i < fixed; i++) padded.set(last, i * width);
  return padded;
}
