import type { Dataset, DatasetInfo } from '../../../src/data/dataset.js';

export interface MemoryOptions extends Partial<DatasetInfo> {
  images: readonly (readonly number[])[];
  labels?: readonly number[];
  /** Source indices; default 0, 1, ... */
  indices?: readonly number[];
}

/** A data set held in memory. */
export function memoryDataset({ images, labels, indices, ...info }: MemoryOptions): Dataset {
  const size = images[0]?.length ?? 1;
  const name = info.name ?? 'test';
  const source = indices ?? images.map((_, i) => i);
  return {
    info: {
      name,
      role: 'test',
      size: images.length,
      shape: [1, 1, size],
      labelled: labels !== undefined,
      fingerprint: JSON.stringify([images, labels, source]),
      path: `${name}.npz`,
      ...info,
    },
    async read(start, end) {
      return {
        n: end - start,
        indices: Int32Array.from(source.slice(start, end)),
        pixels: Float32Array.from(images.slice(start, end).flat()),
        ...(labels && { labels: Int32Array.from(labels.slice(start, end)) }),
      };
    },
    async close() {},
  };
}
