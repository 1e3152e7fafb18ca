import { createHash } from 'node:crypto';
import { AssayError } from '../errors.js';
import type { Fetching } from '../fetch/remote.js';
import type { Registry } from '../registry.js';
import { alignClasses } from './align-classes.js';
import type { Dataset, DatasetInfo, Examples } from './dataset.js';
import { formatOf } from './format-of.js';
import { framesOf } from './formats/frames.js';
import { DecodedBudget, keepDecoded, type PixelRead } from './images/decoded-images.js';
import { located, placeText } from './located.js';
import { type Selection, select } from './selection.js';
import { shiftOf } from './shift.js';
import type { DataFormat, ImageSource } from './source.js';
import type { DatasetEntry, DatasetSpec } from './spec.js';

/** Pixels decoded at a time when a data set is looked through. */
const CHUNK = 2 ** 22;

export interface DatasetOptions extends Fetching {
  /** Where relative paths start: the run file's folder. */
  directory: string;
  /** Names of the models' classes, which number the labels where the data set has names too. */
  classes?: readonly string[];
  /** For images that are kept once they are decoded. Default: one of its own. */
  budget?: DecodedBudget;
  /** Formats that are tried. Default: those that come with Assay. */
  dataFormats?: Registry<DataFormat>;
  /** The run file, for messages. */
  file?: string;
}

/**
 * Opens a data set. Every selected example is decoded once, so that bad pixels and unreadable images are found
 * before anything is measured, and hashed: the fingerprint is the sha256 of shape, source positions, labels and
 * decoded pixels. The same images under another name or in another format have the same fingerprint.
 * Errors: `file-unreadable`, `file-malformed`, `data-invalid`, `unknown-name`, `config-invalid`.
 */
export async function openDataset(
  name: string,
  spec: DatasetEntry,
  options: DatasetOptions,
): Promise<Dataset> {
  const { source, selection, read, format, absent, path } = await openSource(spec, { ...options, name });
  try {
    const { brightest, ...facts } = await lookThrough(source, selection, read);
    if (!spec.range && brightest > 0 && brightest < 1.5 / 255) throw nearlyBlack(path, brightest);
    return {
      info: {
        name,
        role: spec.role ?? 'test',
        ...(spec.distance && { distance: spec.distance }),
        ...shiftOf(spec, name),
        size: selection.indices.length,
        shape: source.shape,
        labelled: source.labels !== undefined,
        ...(source.corruption !== undefined && {
          corruption: { name: source.corruption, ...(spec.severity && { severity: spec.severity }) },
        }),
        ...(source.sequences && { sequences: source.sequences }),
        ...(source.classes && { classes: source.classes }),
        ...facts,
        ...(absent.length > 0 && { absentClasses: absent }),
        path: placeText(spec),
        ...(source.part !== undefined && { part: source.part }),
        note: `${selection.note}; ${format.title}, ${source.note}`,
      },
      read,
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** The format's reader of the selected examples, before anything is decoded. */
export async function openSource(
  spec: DatasetEntry,
  { directory: base, classes, budget, dataFormats, ...fetching }: DatasetOptions & { name?: string },
) {
  const { spec: absolute, directory } = await located(spec, base, fetching);
  const format = await formatOf(absolute, dataFormats);
  const source = await format.open(absolute, directory);
  try {
    const { absent, ...aligned } = alignClasses(source, spec.role === 'ood' ? undefined : classes);
    Object.assign(source, aligned);
    const { severity, ...rest } = absolute;
    const selection = selectFrom(source, source.wholeSeverity ? rest : absolute);
    return {
      source,
      selection,
      read: reader(source, selection, budget ?? new DecodedBudget()),
      format,
      absent,
      path: absolute.path,
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Of sequences, images with all of their frames. */
function selectFrom({ n, labels, sequences }: ImageSource, spec: DatasetSpec): Selection {
  if (!sequences) return select(n, labels, spec);
  const each = framesOf(sequences);
  const { indices, note } = select(n / each, undefined, spec);
  const frames = new Int32Array(indices.length * each);
  for (let at = 0; at < frames.length; at++)
    frames[at] = (indices[Math.floor(at / each)] ?? 0) * each + (at % each);
  return { indices: frames, note: `${note}, ${each} frames of each` };
}

/** Reads positions of the selection, run by run of neighbours in the source. */
function reader(source: ImageSource, { indices }: Selection, budget: DecodedBudget): Dataset['read'] {
  const size = source.shape[0] * source.shape[1] * source.shape[2];
  const decode: PixelRead = async (start, end, pixels) => {
    const own = indices.subarray(start, end);
    for (let from = 0, to = 0; from < own.length; from = to) {
      do to++;
      while (to < own.length && own[to] === own[to - 1]! + 1);
      await source.read(own[from]!, own[to - 1]! + 1, pixels.subarray(from * size, to * size));
    }
  };
  const read = source.plain ? decode : keepDecoded(decode, indices.length, size, budget);
  return async (start, end) => {
    if (
      !(
        Number.isInteger(start) &&
        Number.isInteger(end) &&
        0 <= start &&
        start <= end &&
        end <= indices.length
      )
    )
      throw new RangeError(`examples ${start} to ${end} of ${indices.length}`);
    const own = indices.slice(start, end);
    const pixels = new Float32Array(own.length * size);
    await read(start, end, pixels);
    const examples: Examples = { n: own.length, indices: own, pixels };
    const { labels } = source;
    return labels ? { ...examples, labels: own.map((i) => labels[i]!) } : examples;
  };
}

/** Decodes and hashes what is selected. */
async function lookThrough(
  source: ImageSource,
  { indices }: Selection,
  read: Dataset['read'],
): Promise<Pick<DatasetInfo, 'fingerprint' | 'highestLabel'> & { brightest: number }> {
  const { shape } = source;
  const hash = createHash('sha256');
  hash.update(`assay examples 1 ${shape.join('x')} ${indices.length} ${source.labels ? 'labelled' : ''}\n`);
  const step = Math.max(1, Math.floor(CHUNK / (shape[0] * shape[1] * shape[2])));
  let brightest = 0;
  let highestLabel: DatasetInfo['highestLabel'];
  for (let start = 0; start < indices.length; start += step) {
    const { pixels, labels, indices: positions } = await read(start, Math.min(indices.length, start + step));
    hash.update(positions);
    if (labels) hash.update(labels);
    hash.update(pixels);
    for (let p = 0; p < pixels.length; p++) if (pixels[p]! > brightest) brightest = pixels[p]!;
    labels?.forEach((label, i) => {
      if (label > (highestLabel?.label ?? -1)) highestLabel = { label, example: positions[i]! };
    });
  }
  return { brightest, fingerprint: hash.digest('hex'), ...(highestLabel && { highestLabel }) };
}

/** Bytes of 0 and 1 are rarely meant as 0/255 and 1/255; floats that were divided by 255 twice neither. */
const nearlyBlack = (file: string, brightest: number) =>
  new AssayError('data-invalid', 'the images are nearly black', {
    file,
    expected: 'pixels over the whole range',
    found: `none above ${brightest.toPrecision(3)} of white`,
    hint: 'say which values are black and white: `range: [0, 1]` for bytes of 0 and 1, `range: [0, 255]` if this is intended',
  });
