import { basename, join } from 'node:path';

/** Where `assay run --preset` writes if it is not told: by the names of the protocol and the checkpoint, or its card. */
export const presetFolder = (preset: string, checkpoint: string): string =>
  join('assay-runs', `${preset}-${basename(checkpoint).replace(/(\.model)?\.[a-z0-9]+$/i, '')}`);
