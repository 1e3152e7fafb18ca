import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openFile } from '../../bytes/byte-source.js';
import { Closing } from '../../bytes/closing.js';
import { noteFolder } from '../../bytes/read-log.js';
import { unreadable } from '../../bytes/regular-file.js';
import { AssayError, unknownName } from '../../errors.js';
import { arrayImages } from '../arrays/array-images.js';
import type { ArraySource } from '../arrays/array-source.js';
import { readLabels } from '../arrays/labels.js';
import { shapeText } from '../arrays/nd-array.js';
import { openNpy } from '../arrays/npy.js';
import { SEVERITIES } from '../corruptions/corruption.js';
import type { ImageSource } from '../source.js';
import type { PublishedSpec } from './published-spec.js';

const LABELS = 'labels.npy';

/**
 * The images of one corruption: five blocks, a severity each, of the same examples in the same order. Read by ranges.
 * Errors: `file-unreadable`, `file-malformed`, `config-invalid` where none is named, `unknown-name`, `data-invalid` for
 * another layout or other labels.
 */
export async function openCifarC(spec: PublishedSpec): Promise<ImageSource> {
  const { path, corruption, labels } = spec;
  noteFolder(path);
  const entries = await readdir(path).catch((cause) => {
    throw unreadable(path, cause);
  });
  const file = join(path, fileOf(path, entries, corruption));
  if (labels !== false && !entries.includes(LABELS)) throw withoutLabels(path);
  const closing = new Closing();
  return closing.guard(async () => {
    const openArray = async (name: string) => openNpy(closing.add(await openFile(name)));
    const images = await openArray(file);
    const each = blockOf(images);
    const stored = await arrayImages(images, undefined, { ...spec, layout: 'NHWC' }, closing.close);
    const note = `${stored.note}, published corruption, ${each} examples at ${SEVERITIES.length} severities`;
    const name = basename(file, '.npy').replaceAll('_', '-');
    const source = { ...stored, part: basename(file), corruption: name, note };
    if (labels === false) return source;
    return { ...source, labels: await labelsFor(await openArray(join(path, LABELS)), each) };
  });
}

/** The file of a corruption. */
function fileOf(path: string, entries: readonly string[], corruption: string | undefined): string {
  const present = entries
    .filter((name) => name.endsWith('.npy') && name !== LABELS)
    .map((name) => name.slice(0, -4))
    .sort();
  if (corruption === undefined)
    throw new AssayError('config-invalid', 'the data set does not say which corruption', {
      file: path,
      path: 'corruption',
      expected: present.length > 0 ? `one of ${present.join(', ')}` : 'a file such as fog.npy in the folder',
      hint: `write corruption: ${present[0] ?? 'fog'}`,
    });
  const name = present.find((one) => one === corruption || one === corruption.replaceAll('-', '_'));
  if (name === undefined) throw unknownName('file of a corruption', corruption, present, { file: path });
  return `${name}.npy`;
}

const withoutLabels = (path: string) =>
  new AssayError('data-invalid', 'the labels are missing', {
    file: path,
    expected: `${LABELS}, which comes with the images`,
    found: 'none',
    hint: 'fetch it from the same archive, or say `labels: false`',
  });

/** How many examples there are at each severity. */
function blockOf({ shape, dtype, source: { place } }: ArraySource): number {
  const [count = 0, , , channels] = shape;
  const fits = shape.length === 4 && channels === 3 && count > 0 && count % SEVERITIES.length === 0;
  if (fits && dtype === 'u1') return count / SEVERITIES.length;
  throw new AssayError('data-invalid', 'this is not a file of CIFAR-C', {
    ...place,
    expected: 'uint8 of shape (5 n, height, width, 3): a block of n images for each of five severities',
    found: `${dtype} of shape ${shapeText(shape)}`,
    hint:
      shape.length === 5
        ? 'sequences of frames are read with `format: cifar-p`'
        : 'fetch the file again, or read it as `format: npy`',
  });
}

/** Labels of all images, from one for each of them, or one for each example. */
async function labelsFor(array: ArraySource, each: number): Promise<Int32Array> {
  const { place } = array.source;
  const [count = 0] = array.shape;
  if (count !== each && count !== SEVERITIES.length * each)
    throw new AssayError('data-invalid', 'the labels are not those of the images', {
      ...place,
      expected: `${SEVERITIES.length * each} labels, or ${each} that hold for every severity`,
      found: `${count}`,
      hint: 'take labels and images from the same archive, or say `labels: false`',
    });
  const read = await readLabels(array, count);
  const labels = new Int32Array(SEVERITIES.length * each);
  for (let start = 0; start < labels.length; start += each) labels.set(read.subarray(0, each), start);
  const other = read.findIndex((label, i) => label !== labels[i]);
  if (other < 0) return labels;
  throw new AssayError('data-invalid', 'the labels do not repeat with every severity', {
    ...place,
    path: `example ${other}`,
    expected: `${labels[other]}, as of example ${other % each}`,
    found: String(read[other]),
    hint: 'all severities hold the same examples in the same order: fetch the labels again',
  });
}
