import { createHash } from 'node:crypto';
import type { Architecture, ArchitectureChoice, BuiltNetwork } from '../architectures/architecture.js';
import type { ImageShape } from '../architectures/image-shape.js';
import type { CheckpointFormat } from '../checkpoints/checkpoint.js';
import { readCheckpoint } from '../checkpoints/registry.js';
import { flow } from '../config/flow.js';
import type { Engine } from '../engines/engine.js';
import type { Note } from '../graph/graph.js';
import type { Loss } from '../losses/loss.js';
import type { Registry } from '../registry.js';
import { modelOf } from './assemble.js';
import type { ModelCard } from './card/card.js';
import { contractOf } from './card/contract.js';
import { forImages } from './card/image-shape.js';
import { type ReadCard, readCard } from './card/read-card.js';
import { checkHash } from './checks.js';
import type { Model } from './model.js';

export interface OpenOptions {
  /** Where a card given as an object, or a relative path of a card file, starts. Default: the working directory. */
  directory?: string;
  /** Instead of the card's own: what was chosen where it leaves something open. */
  architecture?: ArchitectureChoice;
  /** More to tell of how the network is used. */
  notes?: readonly Note[];
  /** What cards may name. Default: what comes with Assay. */
  checkpointFormats?: Registry<CheckpointFormat>;
  architectures?: Registry<Architecture>;
  losses?: Registry<Loss>;
  /** Shape of the images it will be given, for a card that says only how many numbers its network reads. */
  image?: ImageShape;
}

/** What messages call a card. */
const calledOf = ({ card, file }: ReadCard): string => file ?? `model card "${card.name}"`;

/** `openCard` of a card that is still to be read. @param source a card's file, or a card. Errors: of both. */
export const openModel = async (
  source: string | object,
  engine: Engine,
  options: OpenOptions = {},
): Promise<Model> => openCard(await readCard(source, options), engine, options);

/**
 * Opens the model that a card describes: reads its checkpoint, puts the card around it, tries it out on noise, and
 * finds out whether it can be differentiated.
 * Errors: `config-invalid`, `file-unreadable`, `file-malformed`, `shape-mismatch`, `model-invalid`; all name file,
 * key and remedy.
 */
export async function openCard(
  read: ReadCard,
  engine: Engine,
  options: Omit<OpenOptions, 'directory'> = {},
): Promise<Model> {
  const { card, file, checkpoint } = read;
  const { architecture = card.architecture, notes: given = [], image } = options;
  const contract = contractOf(card, file);
  const { graph, sha256, built } = await readCheckpoint(checkpoint, card.format, {
    architecture,
    shape: contract.shape,
    card: calledOf(read),
    checkpointFormats: options.checkpointFormats,
    architectures: options.architectures,
  });
  checkHash(card, sha256, checkpoint);
  // The same weights under another architecture are another model.
  const identity = built ? hashOf([sha256, built.architecture]) : sha256;
  const network = built && describeBuilt(built);
  const notes = [...given, ...(built ? normaliserNotes(built, card) : [])];
  const used = forImages(card, image);
  return modelOf(graph, used, engine, {
    contract: used === card ? contract : contractOf(used, file),
    checkpoint,
    sha256: identity,
    network,
    notes,
    chains: built?.replayBuffer,
    ...(options.losses && { losses: options.losses }),
  });
}

/** The network, and first what might be wrong about it. */
function describeBuilt({ title, layout, open }: BuiltNetwork): string {
  const said = flow(open).slice(2, -2);
  return said === ''
    ? `a ${title} (${layout})`
    : `a ${title} (${layout}) with ${said}, which weights do not tell`;
}

/** A card without mean and std, for a file that keeps them. */
function normaliserNotes({ normaliser }: BuiltNetwork, { input }: ModelCard): Note[] {
  const { range, mean, std } = input;
  if (!normaliser || range || mean !== undefined || std !== undefined) return [];
  const { source, ...numbers } = normaliser;
  return [
    {
      code: 'input-not-normalised',
      severity: 'warning',
      message: `the card gives the network pixels as they are, and ${source} say otherwise: ${flow(numbers).slice(2, -2)}`,
      why: 'with inputs on another scale than in training, every number here is of another network; put them under `input`, or say `range: [0, 1]` if that is meant',
    },
  ];
}

const hashOf = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
