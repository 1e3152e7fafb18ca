import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { noteAbsent } from '../../bytes/read-log.js';
import { readText, unreadable } from '../../bytes/regular-file.js';
import { AssayError } from '../../errors.js';
import type { Lister } from './folder-names.js';

/** The images of a folder. */
export interface Listing {
  files: string[];
  /** Class of each file; absent where nothing tells. */
  labels?: Int32Array;
  classes?: string[];
}

/** The list of labels that comes with the validation part of Tiny ImageNet. */
const ANNOTATIONS = 'val_annotations.txt';

/**
 * Finds the images of a folder and their labels: `CLASS/x.png`, `CLASS/images/x.png` (Tiny ImageNet, training part),
 * `images/x.png` beside val_annotations.txt (its validation part), or `x.png` without labels.
 * Errors: `file-unreadable`, `file-malformed`, `data-invalid`.
 */
export async function listImages(path: string, list: Lister): Promise<Listing> {
  const annotated = await annotations(path);
  if (annotated) return listAnnotated(annotated, list);
  const { images, folders } = await list(path);
  if (folders.length === 0) return { files: images.map((name) => join(path, name)) };
  if (images.length > 0)
    throw new AssayError('data-invalid', 'there are images beside the subfolders', {
      file: join(path, images[0]!),
      expected: 'either a subfolder per class, or images alone',
      found: `${images.length} images and ${folders.length} subfolders`,
      hint: 'move the images into the subfolder of their class',
    });
  const files: string[] = [];
  const labels: number[] = [];
  for (const [label, name] of folders.entries())
    for (const file of await imagesOfClass(join(path, name), list)) {
      files.push(file);
      labels.push(label);
    }
  return { files, labels: Int32Array.from(labels), classes: folders };
}

async function imagesOfClass(path: string, list: Lister): Promise<string[]> {
  const { images, folders } = await list(path);
  if (images.length > 0) return images.map((name) => join(path, name));
  if (folders.join() === 'images') return imagesOfClass(join(path, 'images'), list);
  throw new AssayError('data-invalid', 'a class has no images', {
    file: path,
    expected: 'PNG or JPEG images',
    found: folders.length > 0 ? `subfolders ${folders.slice(0, 3).join(', ')}` : 'none',
    hint: 'every subfolder counts as a class: remove it, or name the folder that holds the classes',
  });
}

interface Annotated {
  /** The list. */
  file: string;
  /** The folder of the images. */
  images: string;
}

/** For the folder that holds `images` and the list, or for that `images` itself. */
async function annotations(path: string): Promise<Annotated | undefined> {
  const places =
    basename(path) === 'images'
      ? [{ file: join(dirname(path), ANNOTATIONS), images: path }]
      : [{ file: join(path, ANNOTATIONS), images: join(path, 'images') }];
  for (const place of places)
    try {
      if ((await stat(place.file)).isFile() && (await stat(place.images)).isDirectory()) return place;
    } catch (cause) {
      const error = unreadable(place.file, cause);
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      noteAbsent(place.file);
    }
  return undefined;
}

/** A line an image: its name, its class, and what is of no interest here, parted by tabs. */
async function listAnnotated({ file, images: folder }: Annotated, list: Lister): Promise<Listing> {
  const refuse = (message: string, path: string, details: { expected: string; found: string }) =>
    new AssayError('data-invalid', message, {
      file,
      path,
      ...details,
      hint: 'fetch the data again, or sort the images into a subfolder per class',
    });
  const classOf = new Map<string, string>();
  for (const [i, line] of (await readText(file, 'annotations')).split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const [image, name] = line.split('\t') as [string, string];
    if (!name || classOf.has(image))
      throw refuse('a line of the labels is not understood', `line ${i + 1}`, {
        expected: 'the name of an image, a tab and its class; each image once',
        found: line.slice(0, 80),
      });
    classOf.set(image, name.trim());
  }
  const { images } = await list(folder);
  const present = new Set(images);
  const absent = [...classOf.keys()].find((image) => !present.has(image));
  if (absent !== undefined)
    throw refuse('an image that the labels name is not there', absent, {
      expected: `a file in ${folder}`,
      found: 'none',
    });
  const classes = [...new Set(classOf.values())].sort();
  const numbers = new Map(classes.map((name, k) => [name, k]));
  const labels = images.map((image) => {
    const label = numbers.get(classOf.get(image) ?? '');
    if (label !== undefined) return label;
    throw refuse('an image has no label', image, { expected: 'a line with its name', found: 'none' });
  });
  return { files: images.map((name) => join(folder, name)), labels: Int32Array.from(labels), classes };
}
