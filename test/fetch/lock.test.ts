import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tryLock } from '../../src/fetch/lock.js';
import { waitForLock } from '../../src/fetch/wait-for-lock.js';
import { folder } from '../e2e/assay.js';

/** A lock of a process of another machine, which is gone where it is old. */
function held(at: string, { left }: { left: boolean }): string {
  const file = join(at, 'lock');
  writeFileSync(file, 'lock.00000000-1-00000000.tmp');
  if (left) utimesSync(file, 0, 0);
  return file;
}

describe('a lock', () => {
  it('that is left is taken over by one of those that find it', async () => {
    const at = folder();
    for (let round = 0; round < 50; round++) {
      const file = held(at, { left: true });
      const taken = await Promise.all(Array.from({ length: 8 }, () => tryLock(file)));
      const unlocks = taken.filter((unlock) => unlock !== undefined);
      expect(unlocks).toHaveLength(1);
      await unlocks[0]!();
      expect(readdirSync(at)).toEqual([]);
    }
  });

  it('is not given while another process has it, nor where something else has its name', async () => {
    expect(await tryLock(held(folder(), { left: false }))).toBeUndefined();
    const file = join(folder(), 'lock');
    mkdirSync(file);
    expect(await tryLock(file)).toBeUndefined();
  });

  it('is not let go for another one that has it by now', async () => {
    const at = folder();
    const unlock = await tryLock(join(at, 'lock'));
    held(at, { left: false });
    await unlock!();
    expect(readdirSync(at)).toEqual(['lock']);
  });

  it('of a process that gives no sign is taken over', async () => {
    const file = held(folder(), { left: false });
    const told: string[] = [];
    const unlock = await waitForLock(file, {
      signal: new AbortController().signal,
      waiting: () => told.push('waiting'),
      silent: 1,
    });
    await unlock();
    expect(told).toEqual(['waiting']);
  });
});
