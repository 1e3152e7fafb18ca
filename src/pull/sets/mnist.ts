import { gunzip } from '../../fetch/unpack.js';
import type { NamedSet, RemoteFile } from '../named-set.js';

/** The four files of MNIST and of those that are stored like it: name, bytes, sha256. */
type Four = readonly (readonly [name: string, size: number, sha256: string])[];

const filesOf = (four: Four, places: readonly string[]): RemoteFile[] =>
  four.map(([name, size, sha256]) => ({
    name,
    size,
    sha256,
    urls: places.map((place) => `${place}${name}`),
  }));

/** The IDX files are kept inflated, so that they are read in place. */
const unpackEach =
  (four: Four): NamedSet['unpack'] =>
  async (fetched, into) => {
    for (const [name] of four) await gunzip(fetched(name), name.replace(/\.gz$/, ''), into);
  };

const entries = [
  { name: 'test', path: 't10k-images-idx3-ubyte' },
  { name: 'train', path: 'train-images-idx3-ubyte', more: { role: 'train' } },
];

const DIGITS: Four = [
  [
    't10k-images-idx3-ubyte.gz',
    1_648_877,
    '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
  ],
  ['t10k-labels-idx1-ubyte.gz', 4542, 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6'],
  [
    'train-images-idx3-ubyte.gz',
    9_912_422,
    '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
  ],
  ['train-labels-idx1-ubyte.gz', 28_881, '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c'],
];

export const mnist: NamedSet = {
  name: 'mnist',
  title: 'MNIST: 60,000 training and 10,000 test images of handwritten digits, 28x28 grey',
  home: 'http://yann.lecun.com/exdb/mnist/',
  // The page itself no longer gives the files to everybody; these copies are those of TensorFlow and of PyTorch.
  files: filesOf(DIGITS, [
    'https://storage.googleapis.com/cvdf-datasets/mnist/',
    'https://ossci-datasets.s3.amazonaws.com/mnist/',
  ]),
  checksums: 'TensorFlow Datasets, tensorflow_datasets/url_checksums/mnist.txt',
  licence:
    'Yann LeCun and Corinna Cortes hold the copyright. Made available under the Creative Commons Attribution-ShareAlike 3.0 licence.',
  citation: `@article{lecun1998gradient,
  title = {Gradient-Based Learning Applied to Document Recognition},
  author = {LeCun, Yann and Bottou, L{\\'e}on and Bengio, Yoshua and Haffner, Patrick},
  journal = {Proceedings of the IEEE},
  volume = {86},
  number = {11},
  pages = {2278--2324},
  year = {1998}
}`,
  room: 60_000_000,
  unpack: unpackEach(DIGITS),
  entries,
};

const FASHION: Four = [
  [
    't10k-images-idx3-ubyte.gz',
    4_422_102,
    '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
  ],
  ['t10k-labels-idx1-ubyte.gz', 5148, '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5'],
  [
    'train-images-idx3-ubyte.gz',
    26_421_880,
    '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
  ],
  ['train-labels-idx1-ubyte.gz', 29_515, 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845'],
];

export const fashionMnist: NamedSet = {
  name: 'fashion-mnist',
  title: 'Fashion-MNIST: 60,000 training and 10,000 test images of clothes, 28x28 grey',
  home: 'https://github.com/zalandoresearch/fashion-mnist',
  files: filesOf(FASHION, [
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    'https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/',
  ]),
  checksums: 'TensorFlow Datasets, tensorflow_datasets/url_checksums/fashion_mnist.txt',
  licence: 'MIT licence, copyright 2017 Zalando SE.',
  citation: `@article{xiao2017fashion,
  title = {Fashion-{MNIST}: a Novel Image Dataset for Benchmarking Machine Learning Algorithms},
  author = {Xiao, Han and Rasul, Kashif and Vollgraf, Roland},
  journal = {arXiv:1708.07747},
  year = {2017}
}`,
  room: 60_000_000,
  unpack: unpackEach(FASHION),
  entries,
};
