import { basename, extname, join } from 'node:path';
import { slug } from '../report/names.js';

/** What a run is called: as its file says, or as the file itself is called, without its endings. */
export const titleOf = (name: string | undefined, file: string): string =>
  name ?? basename(file, extname(file)).replace(/\.run$/, '');

/** Where a run of that title goes when nothing else is said. */
export const usualFolder = (title: string): string => join('assay-runs', slug(title));
