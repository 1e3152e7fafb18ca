import { join } from 'node:path';
import { malformed } from '../../bytes/byte-source.js';
import { readText } from '../../bytes/regular-file.js';
import type { Staging } from '../../fetch/staging.js';
import { unpack } from '../../fetch/unpack.js';
import type { NamedSet } from '../named-set.js';

const ARCHIVE = 'dtd-r1.0.1.tar.gz';

/** Parts of the first of the ten splits, by the lists of their images, and what they are called here. */
const PARTS = { test1: 'test', val1: 'validation', train1: 'train' };

/** Images by class, all of them; and those of each part of the first split. */
async function unpackTextures(archive: string, into: Staging): Promise<void> {
  const target = (name: string) =>
    /(?:^|\/)dtd\/((?:images\/[^/]+\/[^/]+\.jpg)|(?:labels\/[a-z_0-9]+\.txt))$/.exec(name)?.[1];
  await unpack(archive, target, into);
  const byPath = new Map(into.files.map((file) => [file.path, file]));
  for (const [list, part] of Object.entries(PARTS)) {
    const path = `labels/${list}.txt`;
    const place = { file: archive, path };
    if (!byPath.has(path)) throw malformed(place, 'the archive lacks a list of images');
    for (const line of (await readText(join(into.folder, path), 'annotations')).split(/\r?\n/)) {
      if (line.trim() === '') continue;
      const image = byPath.get(`images/${line.trim()}`);
      if (!image)
        throw malformed(place, 'a list of images names one that is not there', {
          found: line.slice(0, 80),
        });
      await into.alias(`splits/${part}/${line.trim()}`, image, place);
    }
  }
}

/** Images of different sizes: what a network takes, the run file says. */
const scaled = { resize: [32, 32], channels: 3 };

export const textures: NamedSet = {
  name: 'textures',
  title: 'Describable Textures Dataset (DTD): 5,640 photographs of textures in 47 classes',
  home: 'https://www.robots.ox.ac.uk/~vgg/data/dtd/',
  files: [
    {
      name: ARCHIVE,
      urls: ['https://www.robots.ox.ac.uk/~vgg/data/dtd/download/dtd-r1.0.1.tar.gz'],
      size: 625_239_812,
      sha256: 'e42855a52a4950a3b59612834602aa253914755c95b0cff9ead6d07395f8e205',
    },
  ],
  checksums: 'TensorFlow Datasets, tensorflow_datasets/url_checksums/dtd.txt',
  licence: 'Made available to the computer vision community for research purposes.',
  citation: `@inproceedings{cimpoi14describing,
  title = {Describing Textures in the Wild},
  author = {Cimpoi, Mircea and Maji, Subhransu and Kokkinos, Iasonas and Mohamed, Sammy and Vedaldi, Andrea},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition},
  year = {2014}
}`,
  room: 1_400_000_000,
  unpack: (fetched, into) => unpackTextures(fetched(ARCHIVE), into),
  entries: [
    { name: 'textures', path: 'images', more: { role: 'ood', distance: 'far', ...scaled } },
    { name: 'test', path: 'splits/test', more: scaled },
    { name: 'validation', path: 'splits/validation', more: { role: 'validation', ...scaled } },
    { name: 'train', path: 'splits/train', more: { role: 'train', ...scaled } },
  ],
  note: 'Images have different sizes: set `resize` to what the network takes. `images` has all of them, `splits` those of the first of the ten splits; the lists of the others are in `labels`.',
};
