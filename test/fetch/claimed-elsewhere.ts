import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const OWNER = '0123456789ab-1-5-0a0a0a0a';

/** What a process of another machine leaves in a folder that it fetches into, and was heard of so many seconds ago. */
export function claimedElsewhere(folder: string, { silent = 0 }: { silent?: number } = {}): void {
  mkdirSync(join(folder, 'claims'), { recursive: true });
  const at = Date.now() / 1000 - silent;
  for (const name of ['fetch.0.claim', `${OWNER}.owner`]) {
    writeFileSync(join(folder, 'claims', name), OWNER);
    utimesSync(join(folder, 'claims', name), at, at);
  }
}
