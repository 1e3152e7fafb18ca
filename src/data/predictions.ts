import { createHash } from 'node:crypto';
import { Closing } from '../bytes/closing.js';
import { AssayError } from '../errors.js';
import { openArrayFile } from './arrays/array-file.js';
import { readLabels } from './arrays/labels.js';
import type { Dataset, DatasetInfo } from './dataset.js';
import { type PredictionRows, predictionRows, type RowTraits } from './prediction-rows.js';

/** Numbers read at a time when predictions are looked through. */
const CHUNK = 2 ** 22;

/** One data set as several models predicted it. */
export interface PredictionSpec {
  name: string;
  role: DatasetInfo['role'];
  distance?: DatasetInfo['distance'];
  /** A file per model, each with the same examples in the same order. */
  files: readonly string[];
  labels?: string;
  /** The files hold probabilities, whose logarithm is used. */
  probabilities: boolean;
  /** Where paths start. */
  directory: string;
}

/** What one model predicted. */
export interface ModelPredictions {
  /** As the user wrote it, with the name of the array. */
  written: string;
  traits: RowTraits;
  /** sha256 of the logits. */
  hash: string;
}

/** A data set without images: its examples have numbers and labels, and are of no pixels. */
export interface PredictedSet extends Dataset {
  readonly classes: number;
  readonly models: readonly ModelPredictions[];
  /** What model `position` predicted of examples start to end: (n, classes). Errors: those of reading. */
  logits(position: number, start: number, end: number): Promise<Float32Array>;
}

/**
 * Opens the predictions of one or more models on a data set. Every row is read once, so that bad numbers are found
 * before anything is measured, and hashed. Files are then read by ranges; labels are held.
 * Errors: `file-unreadable`, `file-malformed`, `data-invalid`, `shape-mismatch`, `unknown-name`; all name the file.
 */
export async function openPredictions(spec: PredictionSpec): Promise<PredictedSet> {
  const closing = new Closing();
  return closing.guard(async () => {
    const parts: PredictionRows[] = [];
    for (const written of spec.files) {
      const file = closing.add(await openArrayFile(written, 'logits', spec.directory));
      parts.push(predictionRows(file, spec));
    }
    const { n, classes } = parts[0]!;
    parts.forEach((part) => {
      refuseOtherShape(part, parts[0]!);
    });
    const labels = await labelsOf(spec, parts[0]!);
    const hashes = await lookThrough(parts, spec.probabilities);
    const info: DatasetInfo = {
      name: spec.name,
      role: spec.role,
      ...(spec.distance && { distance: spec.distance }),
      size: n,
      shape: [0, 0, 0],
      labelled: labels !== undefined,
      ...(labels && { highestLabel: highest(labels) }),
      content: 'predictions',
      fingerprint: fingerprintOf([parts.length, 1, classes], hashes, labels),
      examples: examplesOf(n, labels),
      path: parts.map(({ written }) => written).join(', '),
      note: noteOf(n, classes, spec),
    };
    return {
      info,
      classes,
      models: parts.map(({ written, traits }, m) => ({ written, traits: { ...traits }, hash: hashes[m]! })),
      logits: (position, start, end) => parts[position]!.read(start, end),
      read: async (start, end) => ({
        n: end - start,
        indices: Int32Array.from({ length: end - start }, (_, i) => start + i),
        pixels: new Float32Array(0),
        ...(labels && { labels: labels.slice(start, end) }),
      }),
      close: closing.close,
    };
  });
}

function refuseOtherShape(part: PredictionRows, first: PredictionRows): void {
  if (part.n === first.n && part.classes === first.classes) return;
  throw new AssayError('shape-mismatch', 'the models were not evaluated on the same examples and classes', {
    file: part.written,
    expected: `${first.n} examples of ${first.classes} classes, as in ${first.written}`,
    found: `${part.n} examples of ${part.classes} classes`,
    hint: 'models can be compared on the same examples only, in the same order',
  });
}

/** Class numbers of all examples. Errors: `data-invalid`, `shape-mismatch`. */
async function labelsOf(
  { labels: written, directory }: PredictionSpec,
  { n, classes, written: logits }: PredictionRows,
): Promise<Int32Array | undefined> {
  if (written === undefined) return undefined;
  const { array, close } = await openArrayFile(written, 'labels', directory);
  try {
    const { place } = array.source;
    if (array.shape.length > 0 && array.shape[0] !== n)
      throw new AssayError('shape-mismatch', 'there must be one label per row of logits', {
        ...place,
        expected: `${n} labels, as many as there are rows in ${logits}`,
        found: `${array.shape[0]}`,
        hint:
          array.shape[0] === n + 1
            ? 'if the first line of the file is a header that is a number, write it without (pandas: `header=False`)'
            : 'check that both files belong to the same part of the data, and that no batch was dropped',
      });
    const labels = await readLabels(array, n);
    const at = labels.findIndex((label) => label >= classes);
    if (at < 0) return labels;
    const fromOne = labels[at] === classes && !labels.includes(0);
    throw new AssayError('data-invalid', 'a label is no class of the predictions', {
      file: place.file,
      path: [place.path, `example ${at}`].filter(Boolean).join(', '),
      expected: `0 to ${classes - 1}, since ${logits} has ${classes} columns`,
      found: String(labels[at]),
      hint: fromOne
        ? 'these labels count from 1: save labels - 1'
        : 'labels count from 0, in the order of the columns of the logits; for images of other classes use --ood',
    });
  } finally {
    await close();
  }
}

/** Reads everything once. Returns the hash of each model's logits. Errors: `data-invalid`. */
async function lookThrough(parts: readonly PredictionRows[], probabilities: boolean): Promise<string[]> {
  const hashes: string[] = [];
  for (const part of parts) {
    const hash = createHash('sha256').update(`assay predictions 1 ${part.n} ${part.classes}\n`);
    const step = Math.max(1, Math.floor(CHUNK / part.classes));
    for (let start = 0; start < part.n; start += step)
      hash.update(await part.read(start, Math.min(part.n, start + step)));
    if (part.traits.probabilities && !probabilities)
      throw new AssayError('data-invalid', 'these are probabilities, not logits', {
        file: part.written,
        expected: 'logits: the numbers before the softmax',
        found: 'rows of numbers in [0, 1] that sum to 1',
        hint: 'save the logits: log p(x) and max logit are lost behind the softmax; or give --probabilities to work with their logarithm',
      });
    hashes.push(hash.digest('hex'));
  }
  return hashes;
}

function highest(labels: Int32Array): { label: number; example: number } {
  const label = labels.reduce((a, b) => Math.max(a, b), 0);
  return { label, example: labels.indexOf(label) };
}

function fingerprintOf(shape: readonly number[], hashes: readonly string[], labels?: Int32Array): string {
  const hash = createHash('sha256');
  hash.update(`assay predictions 1 ${shape.join('x')} ${hashes.join()} ${labels ? 'labelled' : ''}\n`);
  if (labels) hash.update(labels);
  return hash.digest('hex');
}

/** Other models predict other rows of the same examples: their number and labels are what tells them from others. */
function examplesOf(n: number, labels?: Int32Array): string {
  const hash = createHash('sha256').update(`assay predicted examples 1 ${n} ${labels ? 'labelled' : ''}\n`);
  if (labels) hash.update(labels);
  return hash.digest('hex');
}

function noteOf(n: number, classes: number, { files, labels, probabilities }: PredictionSpec): string {
  const what = probabilities ? 'log-probabilities' : 'logits';
  const models = files.length > 1 ? ` of ${files.length} models` : '';
  return `${n} rows of ${classes} ${what}${models}${labels === undefined ? '' : `; labels from ${labels}`}`;
}
