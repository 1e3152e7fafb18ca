import { basename, dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeNpz } from '../../src/data/arrays/npz.js';
import type { DatasetSpec } from '../../src/data/spec.js';
import { float32, torchLegacy, torchZip } from '../checkpoints/torch-writer.js';
import { bytes, npy, readAll } from '../data/files.js';
import type { FuzzedFormat } from './format.js';

const images = { shape: [5, 3, 3], data: bytes(45) };
const labels = { shape: [5], data: Int32Array.of(0, 1, 2, 1, 0) };
const idx = Buffer.concat([Buffer.from('00000803000000050000000300000003', 'hex'), images.data]);

const tensors = {
  images: float32(
    images.shape,
    Array.from(images.data, (level) => level / 255),
  ),
  labels: { dims: labels.shape, bytes: new Uint8Array(labels.data.buffer), storage: 'IntStorage' },
};

const readAs = (spec: Omit<DatasetSpec, 'path'>) => async (file: string) => {
  const { pixels, labels } = await readAll(dirname(file), { path: basename(file), ...spec });
  return { pixels, labels };
};

/** Readers of data sets. */
export const dataFormats: readonly FuzzedFormat[] = [
  {
    format: 'npz',
    samples: () => ({
      'deflated.npz': encodeNpz({ images, labels }),
      'stored.npz': encodeNpz({ images, labels }, { compress: false }),
    }),
    summed: { 'deflated.npz': 'all', 'stored.npz': 'all' },
    // Named here, as the names in an archive have no checksum.
    read: readAs({ format: 'npz', images: 'images', labels: 'labels' }),
  },
  {
    format: 'npy',
    samples: () => ({ 'array.npy': npy(images.shape, images.data) }),
    read: readAs({ format: 'npy' }),
  },
  {
    format: 'pytorch, data',
    samples: () => ({ 'zip-data.pt': torchZip(tensors), 'legacy-data.pt': torchLegacy(tensors) }),
    summed: { 'zip-data.pt': 'all' },
    read: readAs({ format: 'pytorch' }),
  },
  {
    format: 'idx',
    samples: () => ({ 'array.idx': idx, 'array.idx.gz': gzipSync(idx) }),
    summed: { 'array.idx.gz': 'all' },
    read: readAs({ format: 'idx' }),
  },
];
