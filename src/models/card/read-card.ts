import { dirname, extname, resolve } from 'node:path';
import type { Architecture } from '../../architectures/architecture.js';
import { checkArchitecture } from '../../architectures/registry.js';
import { checkConfined } from '../../bytes/confine.js';
import { readConfigFile } from '../../config/read-file.js';
import { check } from '../../config/validate.js';
import { AssayError } from '../../errors.js';
import type { Fetching } from '../../fetch/remote.js';
import type { Registry } from '../../registry.js';
import { ModelCard } from './card.js';

interface CardOptions extends Fetching {
  /** Where a card given as an object, or a relative path of a card file, starts. Default: the working directory. */
  directory?: string;
  /** Default: the built-in ones. */
  architectures?: Registry<Architecture> | undefined;
}

/** A card as read: checked, with the paths it lives by. */
export interface ReadCard {
  card: ModelCard;
  /** The card's file; undefined for a card given as an object. */
  file: string | undefined;
  /** The checkpoint's file. */
  checkpoint: string;
}

/**
 * Reads and checks a model card, and fetches its checkpoint where that is named by its address.
 * Errors: `config-invalid`; `file-unreadable`, also for a checkpoint outside of --confine; those of `localFile`. They name
 * file and key.
 */
export async function readCard(source: string | object, options: CardOptions = {}): Promise<ReadCard> {
  const { locate, ...read } = await readCardAlone(source, options);
  return { ...read, checkpoint: await locate(options) };
}

/**
 * The same of the card alone: nothing is fetched until its checkpoint is asked for.
 * Errors: `config-invalid`, `file-unreadable`; of `locate`, the others of `readCard`.
 */
export async function readCardAlone(
  source: string | object,
  { directory = '.', architectures }: Pick<CardOptions, 'directory' | 'architectures'> = {},
): Promise<Omit<ReadCard, 'checkpoint'> & { locate(fetching?: Fetching): Promise<string> }> {
  if (typeof source !== 'string') {
    const card = check(ModelCard, source, { what: 'model card' });
    if (card.architecture) checkArchitecture(card.architecture, `model card "${card.name}"`, architectures);
    return {
      card,
      file: undefined,
      locate: (fetching) => checkpointOf(card, directory, undefined, fetching),
    };
  }
  const file = resolve(directory, source);
  if (!['.yaml', '.yml', '.json'].includes(extname(file).toLowerCase()))
    throw new AssayError('config-invalid', 'a model is described by a model card, and this is not one', {
      file,
      expected: 'a .yaml or .json file',
      found: extname(file) || 'no extension',
      hint: `\`assay inspect ${source}\` prints a card to start from; \`assay init\` writes one`,
    });
  const card = check(ModelCard, await readConfigFile(file), { file, what: 'model card' });
  if (card.architecture) checkArchitecture(card.architecture, file, architectures);
  return { card, file, locate: (fetching) => checkpointOf(card, dirname(file), file, fetching) };
}

/** Fetched, where the card names it by its address. */
async function checkpointOf(
  { name, checkpoint }: ModelCard,
  directory: string,
  file: string | undefined,
  { onlyKept, signal, tell }: Fetching = {},
): Promise<string> {
  if (typeof checkpoint !== 'string') {
    const { localFile } = await import('../../fetch/remote-file.js');
    const namedBy = file === undefined ? { path: `${name}.checkpoint` } : { file, path: 'checkpoint' };
    return (await localFile(checkpoint, { ...(onlyKept && { onlyKept }), signal, tell, namedBy })).path;
  }
  const path = resolve(directory, checkpoint);
  if (file !== undefined) checkConfined(path, { file, path: 'checkpoint' });
  return path;
}
