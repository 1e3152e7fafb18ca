import type { Room } from './engine.js';
import type { Limits } from './guard/limits.js';

/** Of what the system can still give, or a container is allowed. */
const SHARE = 0.5;

/** MiB that calls may take together when nothing is said. */
export const usualBatchMebibytes = (): number => Math.floor((SHARE * process.availableMemory()) / 2 ** 20);

interface Shared {
  limits?: Partial<Limits> | undefined;
  /** That share it, this one among them. */
  processes?: number | undefined;
  notice?: Room['notice'];
}

/** @param usual where nothing is said; absent where this machine's memory is not what calls take */
export function roomOf({ limits, processes = 1, notice }: Shared, usual?: () => number): Room | undefined {
  const mebibytes = limits?.batchMebibytes ?? usual?.();
  return mebibytes === undefined ? undefined : { bytes: (mebibytes * 2 ** 20) / processes, notice };
}
