import { randomUUID } from 'node:crypto';
import { open, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder } from './durable.js';
import { hasEnded, processName } from './process-name.js';

/** Something that one process does and others leave alone meanwhile. */
export interface Claim {
  /** It is done, or given up. */
  release(): Promise<void>;
}

/**
 * Who does what, where several processes share a folder: who measures a unit of a run, and who fetches a file. Claims save
 * work and nothing more: what comes of it is the same, whoever did it, and checked, so two that do it do no harm.
 */
export interface Claims {
  /** A claim; undefined while somebody else has it who is not known to be dead. */
  take(name: string): Promise<Claim | undefined>;
  /** Nothing is claimed any more. */
  close(): Promise<void>;
}

/** Where nobody else can be. */
export const alone: Claims = {
  take: async () => ({ release: async () => undefined }),
  close: async () => undefined,
};

export interface Beat {
  /** How often a process says that it is alive, in ms. */
  everyMs: number;
  /** Who has been silent for longer, in ms, counts as dead: longer than a batch that holds up the process. */
  staleMs: number;
}

/** Of whoever measures. */
const BEAT: Beat = { everyMs: 5000, staleMs: 60_000 };

/** Where claims lie in a folder. */
export const CLAIMS = 'claims';

/** The ending of the file that an owner touches. */
const OWNER = '.owner';

/** That file, in a folder of claims. */
export const ownerFile = (claims: string, owner: string): string => join(claims, owner + OWNER);

/** How often a claim is stolen before it is left alone: who steals may die as well. */
const MOST = 100;

/**
 * Claims as files in a folder that all processes see, such as one on NFS: `NAME.N.claim` holds who has it, and is made by
 * one of all that try at once (O_EXCL). Who finds that the owner of N has died makes N + 1. An owner touches a file of its
 * own every few seconds: the times of these files are those of one clock, the file server's, and are only compared with
 * each other. A process of the same machine is known to be dead at once.
 *
 * Where no file can be made, everything is granted.
 */
export class FolderClaims implements Claims {
  private readonly owner = `${processName}-${randomUUID().slice(0, 8)}`;
  private readonly beating: NodeJS.Timeout;
  private toldOfNone = false;

  private constructor(
    private readonly folder: string,
    private readonly beat: Beat,
    private readonly tell: (text: string) => void,
  ) {
    this.beating = setInterval(() => void this.touch(), beat.everyMs).unref();
  }

  /**
   * @param folder what is claimed in it lies in `claims`, as long as somebody claims something
   * @param tell that no claims can be made, once
   */
  static async open(
    folder: string,
    beat: Partial<Beat> = {},
    tell: (text: string) => void = () => undefined,
  ): Promise<FolderClaims> {
    const claims = new FolderClaims(join(folder, CLAIMS), { ...BEAT, ...beat }, tell);
    await claims.touch();
    return claims;
  }

  async take(name: string): Promise<Claim | undefined> {
    for (let n = 0; n < MOST; n++) {
      const file = this.file(name, n);
      if (await this.make(file)) {
        if (!(await this.isHeldBeside(name, file))) return { release: () => this.release(name, n) };
        await remove(file);
        return undefined;
      }
      if (!(await this.isStale(file))) return undefined;
    }
    return undefined;
  }

  /** What the dead left is removed with what is ours, and the folder with the last of it. */
  async close(): Promise<void> {
    clearInterval(this.beating);
    const names = await readdir(this.folder).catch(() => []);
    const own = ownerFile(this.folder, this.owner);
    for (const file of names.map((name) => join(this.folder, name)).filter((file) => file !== own))
      if ((await this.isStale(file)) || (await look(file))?.text === this.owner) await remove(file);
    await remove(own);
    await rmdir(this.folder).catch(() => undefined);
  }

  private file(name: string, n: number): string {
    return join(this.folder, `${name}.${n}.claim`);
  }

  /** Whether the claim is ours now; false where there is one. */
  private async make(file: string): Promise<boolean> {
    for (let attempt = 0; ; attempt++)
      try {
        await writeFile(file, this.owner, { flag: 'wx' });
        return true;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EEXIST') return false;
        if (code !== 'ENOENT' || attempt > 0) {
          if (!this.toldOfNone)
            this.tell(
              `no claims can be made in ${this.folder} (${code}): other processes that run this at the same time do the same work`,
            );
          this.toldOfNone = true;
          return true;
        }
        // Another process has removed the folder, being the last one.
        await this.touch();
      }
  }

  /**
   * Whether somebody has the claim under another number, who is not known to be dead: what the dead left below it was
   * tidied up since it was taken. Of two that look at each other's, each lets go.
   */
  private async isHeldBeside(name: string, own: string): Promise<boolean> {
    const names = await readdir(this.folder).catch(() => []);
    const others = names
      .filter((one) => one.endsWith('.claim') && one.split('.')[0] === name)
      .map((one) => join(this.folder, one))
      .filter((file) => file !== own);
    for (const file of others) if ((await look(file)) && !(await this.isStale(file))) return true;
    return false;
  }

  /** Ours, and those of the dead that it was stolen from. One that was stolen from us meanwhile is theirs. */
  private async release(name: string, n: number): Promise<void> {
    for (let i = 0; i < n; i++) if (await this.isStale(this.file(name, i))) await remove(this.file(name, i));
    if ((await look(this.file(name, n)))?.text === this.owner) await remove(this.file(name, n));
  }

  /** Of a claim, or of an owner's own file, which holds its name as well. */
  private async isStale(file: string): Promise<boolean> {
    const found = await look(file);
    if (!found) return false;
    // Made by now, but not written yet; or never, by one who died.
    return found.text ? this.isDead(found.text, found.modified) : this.isOld(found.modified);
  }

  /** @param heard when something was last heard of it, should its own file not be seen: NFS shows new files late */
  private async isDead(owner: string, heard: number): Promise<boolean> {
    if (owner === this.owner) return false;
    if (hasEnded(owner)) return true;
    const found = await look(ownerFile(this.folder, owner));
    return this.isOld(found?.modified ?? heard);
  }

  private async isOld(modified: number): Promise<boolean> {
    await this.touch();
    const now = await look(ownerFile(this.folder, this.owner));
    return now !== undefined && now.modified - modified > this.beat.staleMs;
  }

  /** Says that this process is alive, by the clock of whoever keeps the folder. */
  private async touch(): Promise<void> {
    try {
      await makeFolder(this.folder);
      await writeFile(ownerFile(this.folder, this.owner), this.owner);
    } catch {
      // Others may measure the same: that is all.
    }
  }
}

/**
 * Who is alive of those that claim something in a folder, for one who only looks on and touches nothing. One of this machine is
 * known to be dead. One of another that seems silent is watched for more than a beat: by which clock its file has its time is not
 * known, and a folder that was copied has files that nobody touches.
 * @param beat of those who claim. Default: of whoever measures
 * @param signal ends the watching
 */
export async function livingOwners(
  folder: string,
  { beat: { everyMs, staleMs } = BEAT, signal }: { beat?: Beat; signal?: AbortSignal } = {},
): Promise<{ living: string[]; dead: string[] }> {
  const claims = join(folder, CLAIMS);
  const owners = (await readdir(claims).catch(() => []))
    .filter((name) => name.endsWith(OWNER))
    .map((name) => name.slice(0, -OWNER.length));
  const heard = async () =>
    new Map(
      await Promise.all(
        owners.map(async (owner) => [owner, (await look(ownerFile(claims, owner)))?.modified] as const),
      ),
    );
  const before = await heard();
  const isSilent = (owner: string) => Date.now() - (before.get(owner) ?? 0) > staleMs;
  const silent = owners.filter((owner) => !hasEnded(owner) && isSilent(owner));
  if (silent.length > 0) await sleep(1.5 * everyMs, undefined, { signal }).catch(() => undefined);
  const after = silent.length > 0 ? await heard() : before;
  const dead = owners.filter(
    (owner) => hasEnded(owner) || (silent.includes(owner) && after.get(owner) === before.get(owner)),
  );
  return { living: owners.filter((owner) => !dead.includes(owner)), dead };
}

/** What a small file holds, and when it was written; undefined where there is none. Opened first: NFS then asks the server. */
async function look(file: string): Promise<{ text: string; modified: number } | undefined> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) return undefined;
  try {
    const { mtimeMs, size } = await handle.stat();
    if (size > LONGEST) return { text: '', modified: mtimeMs };
    return { text: await handle.readFile('utf8'), modified: mtimeMs };
  } catch {
    return undefined;
  } finally {
    await handle.close().catch(() => undefined);
  }
}

/** Bytes of the longest name of an owner, and more. */
const LONGEST = 1000;

const remove = (file: string) => rm(file, { force: true }).catch(() => undefined);
