import { AssayError } from '../errors.js';
import { SMALLEST_PROBABILITY } from '../models/graph/outputs.js';
import type { ArrayFile } from './arrays/array-file.js';
import { shapeText } from './arrays/nd-array.js';
import { numbers } from './arrays/pixels.js';
import { refuseMore } from './refuse-more.js';

/** Softmax outputs in half precision, and tables with two decimals, sum to 1 only about as well as this. */
const SUM_TOLERANCE = 0.01;

/** What all rows of one model on one data set have in common. */
export interface RowTraits {
  /** Every row holds numbers in [0, 1] that sum to 1. */
  probabilities: boolean;
  /** Every number lies in [0, 1]. */
  unitInterval: boolean;
  /** The logsumexp of every row is 0. */
  normalised: boolean;
  /** Probabilities too small for a float32, 0 among them. */
  vanishing: number;
}

/** The rows of logits of one model on one data set. */
export interface PredictionRows {
  n: number;
  classes: number;
  written: string;
  /** Starts true, and becomes false as rows are read that say otherwise. */
  readonly traits: RowTraits;
  /** Logits (end - start, classes) as float32. Errors: `data-invalid` naming the example. */
  read(start: number, end: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Columns that pandas and people write beside the numbers. */
const NO_LOGIT =
  /^(|index|idx|id|unnamed.*|labels?|targets?|y|y_true|class|prediction|pred|correct|split|file(name)?)$/i;

/**
 * Checks that an array is one row of logits (or probabilities) per example.
 * Errors: `shape-mismatch`, `data-invalid`, naming the file.
 */
export function predictionRows(
  file: ArrayFile,
  { probabilities }: { probabilities: boolean },
): PredictionRows {
  const { array, written, columns, close } = file;
  const { place } = array.source;
  const [n, classes] = array.shape as readonly [number, number];
  const odd = columns?.find((name) => NO_LOGIT.test(name));
  if (odd !== undefined)
    throw new AssayError('data-invalid', `the column "${odd}" does not look like a class`, {
      ...place,
      expected: 'a column of numbers for every class, and no others',
      found: `columns ${columns?.slice(0, 12).join(', ')}${(columns?.length ?? 0) > 12 ? ', ...' : ''}`,
      hint: 'write the logits alone (pandas: `to_csv(file, index=False)`); labels go into `--labels FILE.csv:COLUMN`',
    });
  refuseShape(array.shape, place);
  refuseMore('examples', n, place);
  refuseMore('predictionRow', classes, place);
  const traits = { probabilities: true, unitInterval: true, normalised: true, vanishing: 0 };
  return {
    n,
    classes,
    written,
    traits,
    async read(start, end) {
      const values = numbers(await array.rows(start, end));
      const out = new Float32Array(values.length);
      for (let i = 0; i < end - start; i++) {
        const row = values.subarray(i * classes, (i + 1) * classes);
        const problem = probabilities ? improper(row) : notFinite(row);
        if (problem)
          throw new AssayError('data-invalid', problem.message, {
            file: place.file,
            path: [
              place.path,
              `example ${start + i}${problem.at === undefined ? '' : `, class ${problem.at}`}`,
            ]
              .filter(Boolean)
              .join(', '),
            ...problem.details,
          });
        observe(row, traits);
        if (probabilities) traits.vanishing += vanishing(row);
        for (let k = 0; k < classes; k++)
          out[i * classes + k] = probabilities ? Math.log(Math.max(row[k]!, SMALLEST_PROBABILITY)) : row[k]!;
      }
      return out;
    },
    close,
  };
}

type Row = Exclude<ReturnType<typeof numbers>, never>;

interface Problem {
  message: string;
  /** Class. */
  at?: number;
  details: { expected: string; found: string; hint: string };
}

function refuseShape(shape: readonly number[], place: { file: string; path?: string }): void {
  const [n, classes] = shape;
  const refuse = (message: string, hint: string, expected = 'shape (examples, classes)') =>
    new AssayError('shape-mismatch', message, {
      ...place,
      expected,
      found: `shape ${shapeText(shape)}`,
      hint,
    });
  if (shape.length === 1 || (shape.length === 2 && classes === 1))
    throw refuse(
      'there is one number per example where one per class is needed',
      'binary classifiers: save two columns, [0, z] for a logit z of class 1, or [1 - p, p] with --probabilities for its probability p; if these are labels, give them to --labels',
      'shape (examples, classes) with at least 2 classes',
    );
  if (shape.length !== 2)
    throw refuse(
      'this array does not hold one row per example',
      'reshape it to (examples, classes) before saving',
    );
  if (n === 0 || classes === 0)
    throw refuse(
      'there are no examples',
      'check that the right file is named',
      'at least one example and 2 classes',
    );
}

/** Float32 is what networks put out, and what is kept: beyond its range is infinity. */
function notFinite(row: Row): Problem | undefined {
  const at = row.findIndex((value: number) => !Number.isFinite(Math.fround(value)));
  if (at < 0) return undefined;
  return {
    message: 'a logit is not a finite number',
    at,
    details: {
      expected: 'finite float32 numbers',
      found: String(row[at]),
      hint: 'repair the model or leave this example out, for every model and in the labels; if these are log-probabilities with log 0, save probabilities and give --probabilities',
    },
  };
}

const outside = (value: number) => !(value >= -1e-6 && value <= 1 + 1e-6);

const sumOf = (row: Row): number => {
  let sum = 0;
  for (let k = 0; k < row.length; k++) sum += row[k]!;
  return sum;
};

function improper(row: Row): Problem | undefined {
  const at = row.findIndex(outside);
  if (at >= 0)
    return {
      message: 'a probability lies outside [0, 1]',
      at,
      details: {
        expected: 'numbers in [0, 1]',
        found: String(row[at]),
        hint: 'leave out --probabilities if these are logits',
      },
    };
  const sum = sumOf(row);
  if (Math.abs(sum - 1) <= SUM_TOLERANCE) return undefined;
  return {
    message: 'the probabilities of an example do not sum to 1',
    details: {
      expected: `a sum of 1 within ${SUM_TOLERANCE}`,
      found: String(Number(sum.toPrecision(6))),
      hint: 'save the output of softmax over all classes; sigmoid outputs of several classes are not a distribution',
    },
  };
}

/** Lets a row take away the traits that it has not. */
function observe(row: Row, traits: RowTraits): void {
  if (traits.unitInterval && row.some(outside)) traits.unitInterval = false;
  if (!traits.unitInterval || (traits.probabilities && Math.abs(sumOf(row) - 1) > SUM_TOLERANCE))
    traits.probabilities = false;
  if (traits.normalised && Math.abs(logSumExp(row)) > 1e-3) traits.normalised = false;
}

function vanishing(row: Row): number {
  let count = 0;
  for (let k = 0; k < row.length; k++) if (row[k]! < SMALLEST_PROBABILITY) count++;
  return count;
}

function logSumExp(row: Row): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < row.length; k++) max = Math.max(max, row[k]!);
  let sum = 0;
  for (let k = 0; k < row.length; k++) sum += Math.exp(row[k]! - max);
  return max + Math.log(sum);
}
