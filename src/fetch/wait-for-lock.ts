import { stat, utimes } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { interruption } from '../concurrency.js';
import { holderOf, takeAway, tryLock } from './lock.js';

/** Whoever has a lock says so this often, in ms. */
const BEAT = 30_000;

/** Who was silent for so long, in ms, is gone: on another machine nothing else tells. */
const SILENT = 10 * BEAT;

/**
 * Waits until no other process has a lock, on this machine or another one that shares the folder.
 * @param waiting is told once, where somebody has it
 * @param silent after how long without a sign, in ms, whoever has it is gone
 * @returns lets others have it
 * Errors: `output-unwritable`, `interrupted`.
 */
export async function waitForLock(
  file: string,
  { signal, waiting, silent = SILENT }: { signal: AbortSignal; waiting(): void; silent?: number },
): Promise<() => Promise<void>> {
  let seen: string | undefined;
  let since = performance.now();
  for (let step = 10; ; step = Math.min(step * 2, 500)) {
    const unlock = await tryLock(file);
    if (unlock) return beating(file, unlock);
    const holder = (await holderOf(file)) ?? '';
    const beat = await stat(file).then(
      ({ mtimeMs }) => `${mtimeMs} ${holder}`,
      () => '',
    );
    if (seen === undefined) waiting();
    if (beat !== seen) since = performance.now();
    else if (performance.now() - since > silent) await takeAway(file, holder);
    seen = beat;
    await setTimeout(step, undefined, { signal }).catch(() => {
      throw interruption(signal);
    });
  }
}

function beating(file: string, unlock: () => Promise<void>): () => Promise<void> {
  const beat = () => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined);
  };
  const timer = setInterval(beat, BEAT).unref();
  return async () => {
    clearInterval(timer);
    await unlock();
  };
}
