import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimFetch, waitForFetch } from '../../src/fetch/fetch-claim.js';
import { folder } from '../e2e/assay.js';
import { claimedElsewhere } from './claimed-elsewhere.js';

const never = new AbortController().signal;

describe('the claim of who fetches', () => {
  it('that is left is taken over by one of those that find it', async () => {
    const at = folder();
    for (let round = 0; round < 20; round++) {
      claimedElsewhere(at, { silent: 400 });
      const taken = await Promise.allSettled(Array.from({ length: 8 }, () => claimFetch(at)));
      const releases = taken.filter((one) => one.status === 'fulfilled');
      expect(releases).toHaveLength(1);
      await releases[0]!.value();
      expect(readdirSync(at)).toEqual([]);
    }
  });

  it('is not given while another process has it, and told where none can be made', async () => {
    const at = folder();
    claimedElsewhere(at);
    await expect(claimFetch(at)).rejects.toMatchObject({
      code: 'output-unwritable',
      message: 'another process fetches this data set',
      details: { file: join(at, 'claims') },
    });
    const other = folder();
    writeFileSync(join(other, 'claims'), '');
    await expect(claimFetch(other)).rejects.toMatchObject({
      code: 'output-unwritable',
      details: { found: expect.stringContaining('ENOTDIR') },
    });
  });

  it('is not let go for another one that has it by now', async () => {
    const at = folder();
    const release = await claimFetch(at);
    claimedElsewhere(at);
    await release();
    expect(readdirSync(join(at, 'claims')).sort()).toEqual([
      '0123456789ab-1-5-0a0a0a0a.owner',
      'fetch.0.claim',
    ]);
  });

  it('is waited for, by one after the other, and taken from one that gives no sign', async () => {
    const at = folder();
    // No sign for a minute: one that holds it, and is held up itself for less, keeps it.
    claimedElsewhere(at, { silent: 59 });
    const told: number[] = [];
    let holding = 0;
    await Promise.all(
      Array.from({ length: 4 }, async (_, i) => {
        const beat = { everyMs: 50, staleMs: 60_000 };
        const release = await waitForFetch(at, { signal: never, waiting: () => told.push(i), beat });
        expect(++holding).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 20));
        holding--;
        await release();
      }),
    );
    expect(told.sort()).toEqual([0, 1, 2, 3]);
    expect(existsSync(join(at, 'claims'))).toBe(false);
  });

  it('is not waited for any longer than wanted', async () => {
    const at = folder();
    claimedElsewhere(at);
    const ending = new AbortController();
    const waiting = waitForFetch(at, { signal: ending.signal, waiting: () => ending.abort() });
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
    expect(readdirSync(join(at, 'claims'))).toHaveLength(2);
  });
});
