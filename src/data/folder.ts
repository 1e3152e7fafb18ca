import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import sharp from 'sharp';
import { readWhole, unreadable } from '../bytes/regular-file.js';
import { AssayError } from '../errors.js';
import { malformed } from './byte-source.js';
import { decodeImage, type ImageWish } from './image-file.js';
import type { FormatRow } from './source.js';
import type { DatasetSpec } from './spec.js';

const DECODED = ['.png', '.jpg', '.jpeg'];
/** Images that would be missed in silence. */
const NOT_DECODED = ['.webp', '.gif', '.bmp', '.tif', '.tiff', '.avif', '.heic', '.ppm', '.pgm'];
/** Images decoded at once. */
const LANES = 8;

interface Listing {
  files: string[];
  /** Class of each file; absent when there are no subfolders. */
  labels?: Int32Array;
  classes?: string[];
}

/** A folder of PNG and JPEG images, a subfolder per class; without subfolders, images without labels. */
export const folder: FormatRow = {
  title: 'folder of images',
  recognises: ({ entries }) => entries !== undefined && entries.length > 0,
  async open(spec) {
    const { files, labels, classes } = await list(spec.path);
    if (files.length === 0)
      throw new AssayError('data-invalid', 'the data set is empty', {
        file: spec.path,
        expected: 'PNG or JPEG images, in a subfolder per class',
        found: 'none',
        hint: 'check the path; for CIFAR fetch the binary version',
      });
    const wish = await wishOf(files[0], spec);
    const [channels, height, width] = wish.shape;
    const size = channels * height * width;
    return {
      n: files.length,
      shape: wish.shape,
      ...(labels && spec.labels !== false && { labels, classes }),
      note: `${spec.resize ? 'resized (cubic), ' : ''}decoded by libvips ${sharp.versions.vips}`,
      async read(start, end, out) {
        let next = start;
        const lane = async () => {
          while (next < end) {
            const i = next++;
            await decodeImage(files[i], wish, out.subarray((i - start) * size, (i - start + 1) * size));
          }
        };
        await Promise.all(Array.from({ length: LANES }, lane));
      },
      async close() {},
    };
  },
};

/** Names in a folder by code units, so that the order is the same everywhere; hidden ones are left out. */
async function namesIn(path: string): Promise<{ images: string[]; folders: string[] }> {
  try {
    const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort();
    const images: string[] = [];
    const folders: string[] = [];
    for (const name of names) {
      const extension = extname(name).toLowerCase();
      if ((await stat(join(path, name))).isDirectory()) folders.push(name);
      else if (DECODED.includes(extension)) images.push(name);
      else if (NOT_DECODED.includes(extension))
        throw new AssayError('data-invalid', 'images of this kind are not read', {
          file: join(path, name),
          expected: 'PNG or JPEG',
          hint: 'convert it to PNG, or move it elsewhere',
        });
    }
    return { images, folders };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function list(path: string): Promise<Listing> {
  const { images, folders } = await namesIn(path);
  if (folders.length === 0) return { files: images.map((name) => join(path, name)) };
  if (images.length > 0)
    throw new AssayError('data-invalid', 'there are images beside the subfolders', {
      file: join(path, images[0]),
      expected: 'either a subfolder per class, or images alone',
      found: `${images.length} images and ${folders.length} subfolders`,
      hint: 'move the images into the subfolder of their class',
    });
  const files: string[] = [];
  const labels: number[] = [];
  for (const [label, name] of folders.entries()) {
    const inside = await namesIn(join(path, name));
    if (inside.images.length === 0)
      throw new AssayError('data-invalid', 'a class has no images', {
        file: join(path, name),
        expected: 'PNG or JPEG images',
        found: inside.folders.length > 0 ? `subfolders ${inside.folders.slice(0, 3).join(', ')}` : 'none',
        hint: 'every subfolder counts as a class: remove it, or name the folder that holds the classes',
      });
    for (const image of inside.images) {
      files.push(join(path, name, image));
      labels.push(label);
    }
  }
  return { files, labels: Int32Array.from(labels), classes: folders };
}

/** What every image must be: as the first one is, unless the spec says otherwise. */
async function wishOf(first: string, { resize, channels }: DatasetSpec): Promise<ImageWish> {
  const bytes = await readWhole(first, 'image');
  const found = await sharp(bytes)
    .metadata()
    .catch((cause: Error) => {
      throw malformed({ file: first }, 'the image cannot be decoded', { found: cause.message, cause });
    });
  const grey = found.channels - (found.hasAlpha ? 1 : 0) === 1;
  const [height, width] = resize ?? [found.height, found.width];
  return {
    shape: [channels ?? (grey ? 1 : 3), height, width],
    resize: resize !== undefined,
    convert: channels !== undefined,
  };
}
