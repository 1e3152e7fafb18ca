import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type ByteSource, malformed, openFile } from '../../bytes/byte-source.js';
import { Closing } from '../../bytes/closing.js';
import { noteAbsent } from '../../bytes/read-log.js';
import { readText, unreadable } from '../../bytes/regular-file.js';
import { AssayError, unknownName } from '../../errors.js';
import { classIndices } from '../arrays/labels.js';
import { refuseMore } from '../refuse-more.js';
import type { ImageSource } from '../source.js';
import type { DatasetSpec } from '../spec.js';
import type { LabelByte, Variant } from './cifar-variants.js';

// The binary version of CIFAR (Krizhevsky 2009): records of label bytes and 3072 pixel bytes, (C, H, W).
const PIXELS = 3 * 32 * 32;

/** Opens the files of a variant. Errors: `file-unreadable`, `file-malformed`, `data-invalid`, `unknown-name`. */
export async function openCifar(variant: Variant, spec: DatasetSpec): Promise<ImageSource> {
  const closing = new Closing();
  return closing.guard(async () => {
    const sources: ByteSource[] = [];
    for (const file of await partsOf(variant, spec)) sources.push(closing.add(await openFile(file)));
    return records(variant, sources, spec, closing.close);
  });
}

/** The files to read: the one named, or those of a part of the folder. */
async function partsOf({ parts }: Variant, { path, split }: DatasetSpec): Promise<string[]> {
  const folder = await stat(path).then(
    (stats) => stats.isDirectory(),
    (cause) => {
      throw unreadable(path, cause);
    },
  );
  return folder ? parts[split ?? 'test'].map((name) => join(path, name)) : [path];
}

async function records(
  variant: Variant,
  sources: readonly ByteSource[],
  spec: DatasetSpec,
  close: () => Promise<void>,
): Promise<ImageSource> {
  const record = variant.labelBytes + PIXELS;
  for (const { place, size } of sources)
    if (size === 0 || size % record !== 0)
      throw malformed(place, `this is not a file of ${variant.title} records`, {
        expected: `a multiple of ${record} bytes`,
        found: `${size} bytes`,
        hint: 'fetch the binary version again, not the Python one',
      });
  const starts = [0];
  for (const { size } of sources) starts.push(starts[starts.length - 1]! + size / record);
  refuseMore('examples', starts[starts.length - 1]!, sources[0]!.place);
  const kind = labelByte(variant, spec);
  const labels = kind && (await readLabelBytes(sources, record, kind));
  const classes = kind && (await classNames(dirname(sources[0]!.place.file), kind));
  return {
    n: starts[starts.length - 1]!,
    shape: [3, 32, 32],
    ...(labels && { labels }),
    ...(classes && { classes }),
    part: sources.map(({ place }) => basename(place.file)).join(', '),
    plain: true,
    note: 'bytes',
    async read(start, end, out) {
      for (const [part, source] of sources.entries()) {
        const first = Math.max(start, starts[part]!);
        const last = Math.min(end, starts[part + 1]!);
        if (first >= last) continue;
        const bytes = await source.read((first - starts[part]!) * record, (last - first) * record);
        for (let i = 0; i < last - first; i++)
          for (let p = 0; p < PIXELS; p++)
            out[(first - start + i) * PIXELS + p] = bytes[i * record + variant.labelBytes + p]! / 255;
      }
    },
    close,
  };
}

function labelByte({ labels }: Variant, spec: DatasetSpec): LabelByte | undefined {
  if (spec.labels === false) return undefined;
  const name = spec.labels ?? 'fine';
  if (Object.hasOwn(labels, name)) return labels[name];
  throw unknownName('kind of labels', name, Object.keys(labels), { file: spec.path, path: 'labels' });
}

async function readLabelBytes(
  sources: readonly ByteSource[],
  record: number,
  { offset, classes }: LabelByte,
): Promise<Int32Array> {
  const all: number[] = [];
  for (const source of sources) {
    const labels: number[] = [];
    // A thousand records at a time.
    for (let at = 0; at < source.size; at += 1000 * record) {
      const bytes = await source.read(at, Math.min(1000 * record, source.size - at));
      for (let i = offset; i < bytes.length; i += record) labels.push(bytes[i]!);
    }
    for (const label of classIndices(labels, source.place, classes)) all.push(label);
  }
  return Int32Array.from(all);
}

/** Names from the file that comes with the data, where it is present. */
async function classNames(folder: string, { names, classes }: LabelByte): Promise<string[] | undefined> {
  const file = join(folder, names);
  const present = await stat(file).catch(() => undefined);
  if (!present) {
    noteAbsent(file);
    return undefined;
  }
  const lines = (await readText(file, 'classNames'))
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  if (lines.length === classes) return lines;
  throw new AssayError('file-malformed', 'the file of class names does not fit the data', {
    file,
    expected: `${classes} names`,
    found: `${lines.length}`,
    hint: 'correct or remove it',
  });
}
