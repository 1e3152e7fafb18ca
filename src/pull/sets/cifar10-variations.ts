import { malformed, openFile } from '../../bytes/byte-source.js';
import { isNpy } from '../../bytes/magic.js';
import { corruptions } from '../../data/corruptions/registry.js';
import { unpack } from '../../fetch/unpack.js';
import type { NamedSet } from '../named-set.js';
import { mustHave } from './must-have.js';

const ARCHIVE = 'CIFAR-10-C.tar';

export const cifar10C: NamedSet = {
  name: 'cifar10-c',
  title: 'CIFAR-10-C: the test images of CIFAR-10 under 19 corruptions at 5 severities',
  home: 'https://github.com/hendrycks/robustness',
  files: [
    {
      name: ARCHIVE,
      urls: ['https://zenodo.org/records/2535967/files/CIFAR-10-C.tar'],
      size: 2_918_471_680,
      sha256: 'c72763e101c723b7c507b96205f7e938912a5d587376173b825850cf3cb876a7',
    },
  ],
  checksums: 'TensorFlow Datasets, tensorflow_datasets/url_checksums/cifar10_corrupted.txt',
  licence: 'Creative Commons Attribution 4.0 International, as its record at Zenodo says.',
  citation: `@inproceedings{hendrycks2019robustness,
  title = {Benchmarking Neural Network Robustness to Common Corruptions and Perturbations},
  author = {Hendrycks, Dan and Dietterich, Thomas},
  booktitle = {International Conference on Learning Representations},
  year = {2019}
}`,
  room: 2_950_000_000,
  async unpack(fetched, into) {
    const target = (name: string) => /(?:^|\/)([a-z_]+\.npy)$/.exec(name)?.[1];
    await unpack(fetched(ARCHIVE), target, into);
    const names = corruptions.names.map((name) => `${name.replaceAll('-', '_')}.npy`);
    mustHave(into, ['labels.npy', ...names], fetched(ARCHIVE));
  },
  entries: [{ name: 'fog-3', more: { corruption: 'fog', severity: 3, shift: 'covariate' } }],
};

const PLACE = 'https://raw.githubusercontent.com/modestyachts/CIFAR-10.1/master/datasets/';

const VERSIONS = [
  ['cifar10.1_v6_data.npy', 6_144_128, '2997188e5816f5bd545dc77771b6227828c28146049fcecf3fa10775474cacc6'],
  ['cifar10.1_v6_labels.npy', 8128, 'ae40beda001693674edc94d925ee8268cfe68905f8f9aff800c8dcdfcd6c9448'],
  ['cifar10.1_v4_data.npy', 6_208_640, '5aaedc268df8f4cffca2ac0cf9e608ae1897a8cddb630c7a850a2ea8f6558e75'],
  ['cifar10.1_v4_labels.npy', 8212, '1f9544300ded199539b6662364ce7fe6c2e1ea9f87408f06db4b1a6184cffb18'],
] as const;

export const cifar10Point1: NamedSet = {
  name: 'cifar10-1',
  title: 'CIFAR-10.1: about 2,000 new test images for CIFAR-10, versions v4 and v6',
  home: 'https://github.com/modestyachts/CIFAR-10.1',
  files: VERSIONS.map(([name, size, sha256]) => ({ name, size, sha256, urls: [`${PLACE}${name}`] })),
  checksums: 'TensorFlow Datasets, tensorflow_datasets/url_checksums/cifar10_1.txt',
  licence: 'MIT licence, copyright 2018 modestyachts. The images are from 80 Million Tiny Images.',
  citation: `@article{recht2018cifar10.1,
  title = {Do {CIFAR}-10 Classifiers Generalize to {CIFAR}-10?},
  author = {Recht, Benjamin and Roelofs, Rebecca and Schmidt, Ludwig and Shankar, Vaishaal},
  journal = {arXiv:1806.00451},
  year = {2018}
}
@article{torralba2008tinyimages,
  title = {80 Million Tiny Images: A Large Data Set for Nonparametric Object and Scene Recognition},
  author = {Torralba, Antonio and Fergus, Rob and Freeman, William T.},
  journal = {IEEE Transactions on Pattern Analysis and Machine Intelligence},
  volume = {30},
  number = {11},
  pages = {1958--1970},
  year = {2008}
}`,
  room: 13_000_000,
  async unpack(fetched, into) {
    for (const [name] of VERSIONS) {
      const source = await openFile(fetched(name));
      try {
        if (!isNpy(await source.read(0, Math.min(6, source.size))))
          throw malformed(source.place, 'this is not a .npy array');
        await into.put(name, source);
      } finally {
        await source.close();
      }
    }
  },
  entries: [
    { name: 'cifar10-1', path: 'cifar10.1_v6_data.npy', more: { shift: 'covariate' } },
    { name: 'cifar10-1-v4', path: 'cifar10.1_v4_data.npy', more: { shift: 'covariate' } },
  ],
  note: 'v6 has 2,000 images, v4 has 2,021.',
};
