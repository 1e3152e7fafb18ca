import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openFile } from '../../bytes/byte-source.js';
import { Closing } from '../../bytes/closing.js';
import { noteFolder } from '../../bytes/read-log.js';
import { unreadable } from '../../bytes/regular-file.js';
import { AssayError, unknownName } from '../../errors.js';
import { type ArrayHeader, type ArraySource, arraySource } from '../arrays/array-source.js';
import { elements, shapeText } from '../arrays/nd-array.js';
import { readNpyHeader } from '../arrays/npy.js';
import { type PixelReader, pixelReader } from '../arrays/pixels.js';
import { refuseMore } from '../refuse-more.js';
import type { ImageSource } from '../source.js';
import { framesOf } from './frames.js';
import { AVERAGED_PERTURBATIONS, type PerturbedSpec } from './perturbed-spec.js';

/** Sequences of one perturbation: an array of frames, those of an image one after the other. */
interface Sequences extends PixelReader {
  name: string;
  images: number;
  frames: number;
}

/**
 * Sequences of frames of the same images, a file for every perturbation. Examples are frames, image after image, so that
 * the first ones are complete; see `ImageSource.sequences`. Labels are not read: sequences are compared with themselves.
 * Errors: `file-unreadable`, `file-malformed`, `config-invalid`, `unknown-name`, `data-invalid` for another layout.
 */
export async function openCifarP(spec: PerturbedSpec): Promise<ImageSource> {
  const { path } = spec;
  if (spec.severity !== undefined)
    throw new AssayError('config-invalid', 'sequences have no severity', {
      file: path,
      path: 'severity',
      hint: 'leave the key out',
    });
  noteFolder(path);
  const entries = await readdir(path).catch((cause) => {
    throw unreadable(path, cause);
  });
  const names = filesOf(entries, spec);
  const closing = new Closing();
  return closing.guard(async () => {
    const all: Sequences[] = [];
    for (const name of names) {
      const source = closing.add(await openFile(join(path, `${name}.npy`)));
      const header = await readNpyHeader(source);
      const array = arraySource(source, header);
      refuseOther(array, all[0]);
      const [images = 0, frames = 0, ...image] = array.shape;
      const each: ArrayHeader = { ...header, shape: [images * frames, ...image] };
      const reader = pixelReader(arraySource(source, each), { ...spec, layout: 'NHWC' });
      refuseMore('example', elements(reader.shape), source.place);
      all.push({ ...reader, name, images, frames });
    }
    const [first] = all as [Sequences];
    refuseMore('examples', first.images * framesOf(all), { file: path });
    return sequencesTogether(all, closing);
  });
}

function sequencesTogether(all: readonly Sequences[], closing: Closing): ImageSource {
  const [first] = all as [Sequences];
  const sequences = all.map(({ name, frames }) => ({ name: nameOf(name), frames }));
  const each = framesOf(sequences);
  const size = elements(first.shape);
  const starts = all.map((_, s) => framesOf(sequences.slice(0, s)));
  return {
    n: first.images * each,
    shape: first.shape,
    sequences,
    plain: true,
    note: `${first.note}, published sequences: ${sequences.map(({ name, frames }) => `${name} (${frames})`).join(', ')}`,
    async read(start, end, out) {
      for (let at = start; at < end; ) {
        const [image, within] = [Math.floor(at / each), at % each];
        const s = starts.findLastIndex((from) => from <= within);
        const { frames, read } = all[s] as Sequences;
        const frame = within - (starts[s] ?? 0);
        const count = Math.min(frames - frame, end - at);
        const from = image * frames + frame;
        await read(from, from + count, out.subarray((at - start) * size, (at - start + count) * size));
        at += count;
      }
    },
    close: closing.close,
  };
}

/** Files of the perturbations, without `.npy`: those that are named, or those that are averaged over as far as they are there. */
function filesOf(entries: readonly string[], { path, perturbations }: PerturbedSpec): string[] {
  const present = entries
    .filter((name) => name.endsWith('.npy') && name !== 'labels.npy')
    .map((name) => name.slice(0, -4))
    .sort();
  const usual = AVERAGED_PERTURBATIONS.filter((name) => present.includes(name));
  if (perturbations === undefined && usual.length === 0)
    throw new AssayError('config-invalid', 'the data set does not say which perturbations', {
      file: path,
      path: 'perturbations',
      expected:
        present.length > 0 ? `some of ${present.join(', ')}` : 'a file such as rotate.npy in the folder',
      hint: `write perturbations: [${present[0] ?? 'rotate'}]`,
    });
  const wanted = perturbations?.map((given) => {
    const name = present.find((one) => one === given || one === given.replaceAll('-', '_'));
    if (name === undefined) throw unknownName('file of a perturbation', given, present, { file: path });
    return name;
  });
  const twice = wanted?.find((name, i) => wanted.some((one, k) => k < i && nameOf(one) === nameOf(name)));
  if (twice === undefined) return wanted ?? usual;
  throw new AssayError('config-invalid', `the perturbation "${nameOf(twice)}" is named twice`, {
    file: path,
    path: 'perturbations',
    expected: 'each one once: dashes and underscores are the same',
    hint: 'leave one of them out',
  });
}

/** What a sequence is called, by its file. */
const nameOf = (file: string) => file.replaceAll('_', '-');

/** Errors: `data-invalid` for what holds no sequences, or not of the images of the first file. */
function refuseOther({ shape, dtype, source: { place } }: ArraySource, first: Sequences | undefined): void {
  const [images = 0, frames = 0, height = 0, width = 0, channels] = shape;
  if (!(dtype === 'u1' && shape.length === 5 && channels === 3 && images > 0 && frames > 1))
    throw new AssayError('data-invalid', 'this is not a file of CIFAR-P', {
      ...place,
      expected: 'uint8 of shape (n, frames, height, width, 3), two frames or more',
      found: `${dtype} of shape ${shapeText(shape)}`,
      hint: 'fetch the file again, or read it as `format: npy`',
    });
  if (first && (first.images !== images || first.shape[1] !== height || first.shape[2] !== width))
    throw new AssayError('data-invalid', 'the files do not hold the same images', {
      ...place,
      expected: `${first.images} images of ${first.shape[1]} x ${first.shape[2]}, as ${first.name}.npy`,
      found: `${images} of ${height} x ${width}`,
      hint: 'take all files from the same archive, or name those that belong together under `perturbations`',
    });
  refuseMore('examples', images * frames, place);
}
