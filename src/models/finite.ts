import { AssayError } from '../errors.js';
import type { Batch } from './system.js';

/** An output that is NaN or infinite for one example. Measurements leave that example out and go on. */
export class NotFinite extends AssayError {
  constructor(
    message: string,
    details: AssayError['details'] = {},
    /** Finds the node where it begins, by a run of its own; undefined where it cannot be told. */
    readonly origin?: Origin,
  ) {
    super('model-invalid', message, details);
  }
}

type Origin = () => Promise<string | undefined>;

/**
 * Refuses NaN and infinity, naming the example: by its index in the data set where the batch knows it.
 * @param values (n, width), of the examples of `batch`
 * @param origin finds the node where it begins for a row of the batch
 */
export function refuseNotFinite(
  model: string,
  what: string,
  values: Float32Array,
  width: number,
  batch: Batch,
  origin?: (row: number) => Origin,
): void {
  const at = firstNotFinite(values);
  if (at < 0) return;
  const row = Math.floor(at / width);
  const size = batch.pixels.length / batch.n;
  const soundPixels = batch.pixels.subarray(row * size, (row + 1) * size).every(Number.isFinite);
  const key = batch.keys?.[row];
  throw new NotFinite(
    `${what} of "${model}" is ${values[at]}`,
    {
      path: key ? `example ${key.example}` : `example ${row} of the batch`,
      expected: 'a finite number',
      found: `${values[at]}${width > 1 ? ` at position ${at % width}` : ''}`,
      hint: soundPixels
        ? 'check the weights, the range or mean and std in the model card, and that the network does not overflow float32'
        : 'its pixels are not finite themselves: check the data, or the step size of what made them',
    },
    soundPixels ? origin?.(row) : undefined,
  );
}

/** Position of the first NaN or infinity; -1 where there is none. */
export function firstNotFinite(values: Float32Array): number {
  return allFinite(values) ? -1 : values.findIndex((value) => !Number.isFinite(value));
}

/**
 * Whether no number is NaN or infinite: zero times these is NaN, and stays it in a sum. Four sums, none of which waits for
 * another: this runs over every gradient, in a third of the time that a look at every number takes.
 */
function allFinite(values: Float32Array): boolean {
  const whole = values.length - (values.length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += values[i]! * 0;
    b += values[i + 1]! * 0;
    c += values[i + 2]! * 0;
    d += values[i + 3]! * 0;
  }
  for (let i = whole; i < values.length; i++) a += values[i]! * 0;
  return a + b + c + d === 0;
}
