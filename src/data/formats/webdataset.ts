import type { DataFormat } from '../source.js';
import { holdsShards, isShard } from './shard-paths.js';

/** Tar archives with the members of an example one after the other: `000.jpg`, `000.cls`. */
export const webdataset: DataFormat = {
  name: 'webdataset',
  title: 'WebDataset (tar shards)',
  recognises: ({ path, entries }) => (entries ? holdsShards(entries) : isShard(path)),
  open: async (spec) => (await import('./webdataset-images.js')).openWebdataset(spec),
};
