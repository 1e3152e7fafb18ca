import { join } from 'node:path';
import { type Beat, CLAIMS, type Claim, FolderClaims } from '../bytes/claims.js';
import { waitForClaim } from '../bytes/wait-for-claim.js';
import { AssayError } from '../errors.js';

/** Unpacking and converting hold up a process for longer than measuring does. */
const BEAT: Beat = { everyMs: 30_000, staleMs: 300_000 };

/** How often a claim is asked for that somebody may be letting go. */
const TRIES = 3;

/**
 * Keeps other processes, of this machine or one that shares the folder, from fetching into it. What a process claimed that is
 * gone, the next one takes over.
 * @returns lets others have it
 * Errors: `output-unwritable`, also when another process has it.
 */
export const claimFetch = (folder: string, beat = BEAT): Promise<Release> =>
  claimed(folder, beat, async (claims) => {
    for (let tries = 0; tries < TRIES; tries++) {
      const claim = await claims.take(NAME);
      if (claim) return claim;
    }
    throw new AssayError('output-unwritable', 'another process fetches this data set', {
      file: join(folder, CLAIMS),
      hint: 'wait for it; one that is gone, on another machine, is noticed after five minutes',
    });
  });

/**
 * As `claimFetch`, but waits for whoever has it.
 * @param waiting is told once, where somebody has it
 * Errors: `output-unwritable`, `interrupted`.
 */
export const waitForFetch = (
  folder: string,
  { beat = BEAT, ...tools }: { signal: AbortSignal; waiting(): void; beat?: Beat },
): Promise<Release> => claimed(folder, beat, (claims) => waitForClaim(claims, NAME, tools));

export type Release = () => Promise<void>;

const NAME = 'fetch';

async function claimed(
  folder: string,
  beat: Beat,
  take: (claims: FolderClaims) => Promise<Claim>,
): Promise<Release> {
  let none: string | undefined;
  const claims = await FolderClaims.open(folder, beat, (text) => {
    none = text;
  });
  try {
    const claim = await take(claims);
    if (none !== undefined)
      throw new AssayError('output-unwritable', 'the folder that is fetched into cannot be written', {
        file: folder,
        found: none,
        hint: 'choose a folder that you may write to, or make room on its disk',
      });
    return async () => {
      await claim.release();
      await claims.close();
    };
  } catch (error) {
    await claims.close();
    throw error;
  }
}
