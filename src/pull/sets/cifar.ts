import { cifar10Variant, cifar100Variant, type Variant } from '../../data/formats/cifar-variants.js';
import { unpack } from '../../fetch/unpack.js';
import type { NamedSet } from '../named-set.js';
import { mustHave } from './must-have.js';

const home = 'https://www.cs.toronto.edu/~kriz/cifar.html';
const licence = 'Its makers state no licence. They ask that the technical report below is cited.';
const citation = `@techreport{krizhevsky2009learning,
  title = {Learning Multiple Layers of Features from Tiny Images},
  author = {Krizhevsky, Alex},
  institution = {University of Toronto},
  year = {2009}
}`;
const entries = [{ name: 'test' }, { name: 'train', more: { split: 'train', role: 'train' } }];

/** Takes the records and the class names out of an archive with one folder. */
function unpackBinary(archive: string, variant: Variant): NamedSet['unpack'] {
  const needed = [
    ...Object.values(variant.parts).flat(),
    ...Object.values(variant.labels).map(({ names }) => names),
  ];
  return async (fetched, into) => {
    const target = (name: string) => needed.find((file) => name.endsWith(`/${file}`));
    await unpack(fetched(archive), target, into);
    mustHave(into, needed, fetched(archive));
  };
}

export const cifar10: NamedSet = {
  name: 'cifar10',
  title: 'CIFAR-10: 50,000 training and 10,000 test photographs of 32x32 in 10 classes',
  home,
  files: [
    {
      name: 'cifar-10-binary.tar.gz',
      urls: ['https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz'],
      size: 170_052_171,
      sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
    },
  ],
  checksums: 'TensorFlow Datasets, tensorflow_datasets/url_checksums/cifar10.txt',
  licence,
  citation,
  room: 200_000_000,
  unpack: unpackBinary('cifar-10-binary.tar.gz', cifar10Variant),
  entries,
};

export const cifar100: NamedSet = {
  name: 'cifar100',
  title: 'CIFAR-100: 50,000 training and 10,000 test photographs of 32x32 in 100 classes',
  home,
  files: [
    {
      name: 'cifar-100-binary.tar.gz',
      urls: ['https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz'],
      size: 168_513_733,
      sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
    },
  ],
  checksums: 'TensorFlow Datasets, tensorflow_datasets/url_checksums/cifar100.txt',
  licence,
  citation,
  room: 200_000_000,
  unpack: unpackBinary('cifar-100-binary.tar.gz', cifar100Variant),
  entries,
};
