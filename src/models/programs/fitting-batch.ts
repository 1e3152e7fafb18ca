import type { Engine } from '../../engines/engine.js';
import { type CallKind, measuredPerImage, supposedPerImage } from './call-memory.js';

/** A model that wants a batch. */
export interface Wanting {
  /** For what is told. */
  name: string;
  /** Images of a call, from 1. */
  batch: number;
  /** Images of every call, where the network insists. */
  fixedBatch: number | undefined;
  call: CallKind;
  /** What the calls are for. Default: whatever the model does. */
  purpose?: string;
}

/**
 * The images of a call, as many as are wanted or fit: all calls that run at once stay within the engine's room. What an
 * image takes is measured where the shapes of the network do not tell that the batch fits anyway. No result depends on it.
 * @param guard where that is measured
 */
export async function fittingBatch(
  { room, concurrency }: Pick<Engine, 'room' | 'concurrency'>,
  guard: Engine,
  wanting: Wanting,
): Promise<number> {
  const { batch: wanted, name, fixedBatch, call, purpose } = wanting;
  // A batch that the network insists on is what it is.
  if (!room || wanted === 1 || fixedBatch !== undefined) return wanted;
  const share = room.bytes / concurrency;
  if (wanted * supposedPerImage(call) <= share) return wanted;
  const measured = await measuredPerImage(guard, call);
  const each = measured ?? supposedPerImage(call);
  const batch = Math.min(wanted, Math.max(1, Math.floor(share / each)));
  const instead = `${batch < wanted ? ` instead of ${wanted}` : ''}${purpose ? ` for ${purpose}` : ''}`;
  const calls = concurrency > 1 ? `each of ${concurrency} calls at once` : 'a call';
  room.notice?.(
    `${name}: batches of ${batch}${instead}: an image takes ${mebibytes(each)}, ${measured !== undefined ? 'measured' : 'as its shapes tell'}, and ${calls} may take ${mebibytes(share)} (--batch-memory)`,
  );
  return batch;
}

const mebibytes = (bytes: number) => `${Number((bytes / 2 ** 20).toPrecision(3))} MiB`;
