import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { readCheckpoint } from '../../checkpoints/registry.js';
import { openSource } from '../../data/open.js';
import { AssayError } from '../../errors.js';
import type { ModelCard } from '../../models/card/card.js';
import { placeFrom } from '../starting/place-from.js';
import type { FoundSet, LargerModel } from './preset.js';

/** Photographs that public code scales by their shorter side: they come to another size than the network's images. */
export interface OwnSize {
  set: FoundSet;
  /** (height, width) by the shorter side. */
  size: readonly [number, number];
  /** The same weights for that size; absent where the checkpoint takes no other. */
  larger?: LargerModel & { text: string };
}

/**
 * @param card of the model, `locate` where its checkpoint lies, which may have to be fetched
 * @param directory of the run file
 * Undefined where the photographs have the proportions of the network's images. Errors: those of opening the data set.
 */
export async function ownSizeOf(
  set: FoundSet,
  { card, locate }: { card: ModelCard; locate(): Promise<string> },
  directory: string,
): Promise<OwnSize | undefined> {
  const [channels, ...sides] = card.input.shape as [number, ...number[]];
  const { source } = await openSource({ ...set.entry, resize: Math.min(...sides) }, { directory });
  const [, height, width] = source.shape;
  await source.close();
  if (height === sides[0] && width === sides[1]) return undefined;
  const size = [height, width] as const;
  const checkpoint = await locate();
  if (!(await takes(card, checkpoint, [channels, height, width]))) return { set, size };
  const name = `${card.name}-${height}x${width}`;
  // What it is known to reach was measured on images of the other size.
  const { expect: _, ...rest } = card;
  const named = typeof card.checkpoint === 'string' ? placeFrom(directory, checkpoint) : card.checkpoint;
  const input = { ...card.input, shape: [channels, height, width] };
  const larger = { ...rest, name, checkpoint: named, input };
  return {
    set,
    size,
    larger: {
      name,
      card: `./${name}.model.yaml`,
      text: `# ${card.name} for images of another size.\n${stringify(larger)}`,
    },
  };
}

/** Whether a network of that size can be built: files that hold a network hold it for one size. */
async function takes(
  { format, architecture }: ModelCard,
  checkpoint: string,
  shape: readonly [number, number, number],
): Promise<boolean> {
  try {
    const { built } = await readCheckpoint(resolve(checkpoint), format, { architecture, shape });
    return built !== undefined;
  } catch (error) {
    if (error instanceof AssayError) return false;
    throw error;
  }
}
