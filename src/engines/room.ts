import type { Room } from './engine.js';
import type { Limits } from './guard/limits.js';

/** Of what the system can still give, or a container is allowed. */
const SHARE = 0.5;

/** MiB that calls may take together when nothing is said. */
export const usualBatchMebibytes = (): number => Math.floor((SHARE * process.availableMemory()) / 2 ** 20);

/** @param usual where nothing is said; undefined where this machine's memory is not what calls take */
export function roomOf(
  { batchMebibytes }: Partial<Limits> = {},
  usual: (() => number) | undefined,
  notice: Room['notice'],
): Room | undefined {
  const mebibytes = batchMebibytes ?? usual?.();
  return mebibytes === undefined ? undefined : { bytes: mebibytes * 2 ** 20, notice };
}
