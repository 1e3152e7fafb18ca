import { basename, extname, join } from 'node:path';
import { slug } from '../../report/names.js';
import type { ShardName } from './shard-name.js';

/** What a run is called: as its file says, or as the file itself is called, without its endings. */
export const titleOf = (name: string | undefined, file: string): string =>
  name ?? basename(file, extname(file)).replace(/\.run$/, '');

/** Where units lie in a run folder. */
export const UNITS = 'units';

/** Where a run of that title, or a shard of it, goes when nothing else is said. */
export const usualFolder = (title: string, shard?: ShardName): string =>
  join('assay-runs', shard ? `${slug(title)}-shard-${shard.index}-of-${shard.of}` : slug(title));
