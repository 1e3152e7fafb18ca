import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CLAIMS, livingOwners, ownerFile } from '../../bytes/claims.js';
import { hasEnded } from '../../bytes/process-name.js';
import { readText } from '../../bytes/regular-file.js';
import { type Static, Type } from '../../config/type.js';
import { check } from '../../config/validate.js';
import { AssayError } from '../../errors.js';
import { UNITS } from '../folder/run-folder.js';
import { saveJson } from '../folder/save-json.js';
import type { Job } from '../plan/plan.js';
import { requestText } from '../units/request-text.js';
import { keyOfUnitFile, unitFile } from '../units/store.js';

/** What a run is to measure, as it notes it when it begins: who looks on needs neither models nor data. */
const PlannedUnits = Type.Object({
  title: Type.String(),
  jobs: Type.Array(
    Type.Object({
      what: Type.String(),
      units: Type.Array(Type.String()),
      /** What each of `units` takes, in forward passes, when nothing ends early. */
      weights: Type.Optional(Type.Array(Type.Number({ exclusiveMinimum: 0 }))),
    }),
  ),
  /** Units go to a queue: who claims them measures none. */
  queued: Type.Optional(Type.Boolean()),
});

const fileIn = (out: string) => join(out, 'inventory', 'units.json');

/**
 * Notes the units of a run.
 * @param weightPerExample what an example of a job takes, in forward passes
 * @param due whether a unit is to be measured here, by its key, and not in another shard. Default: all are
 * Errors: `output-unwritable`; to lose the note costs the status.
 */
export async function notePlanned(
  out: string,
  title: string,
  jobs: readonly Job[],
  weightPerExample: (job: Job) => number,
  { queued = false, due = () => true }: { queued?: boolean; due?: (key: string) => boolean } = {},
): Promise<void> {
  const listed = jobs.map((job) => {
    const each = weightPerExample(job);
    const units = job.units.filter(({ key }) => due(key));
    return {
      what: requestText(job.request),
      units: units.map(({ key }) => key),
      weights: units.map(({ start, end }) => each * (end - start)),
    };
  });
  await saveJson(fileIn(out), { title, jobs: listed, ...(queued && { queued }) });
}

/** How far a run folder is. */
export interface FolderStatus {
  folder: string;
  title: string;
  units: number;
  done: number;
  /** Units that a process has claimed, by what they are of. */
  running: { what: string; by: string }[];
  /** Units that nobody measures yet. */
  waiting: number;
  /** Whether `running` were submitted to a queue, which tells those that are measured from those that wait. */
  queued: boolean;
  /** Units a second, from the last ones; null where nobody measures, or fewer than two came since the last process began. */
  rate: number | null;
  /** At the passes a second of the last ones, when nothing ends early. */
  secondsLeft: number | null;
  /** Processes that are alive, as far as can be told. */
  processes: string[];
}

/** How many of the last units tell how fast it goes. */
const LAST = 50;

/** How long a unit may take, in ms, before what came earlier tells nothing any more. */
const LATELY = 15 * 60_000;

/**
 * Looks at a run folder, whoever measures.
 * @param watching how long others are watched of whom it is not known whether they are alive: see `livingOwners`
 * Errors: `file-unreadable` where no run has begun in it, or none has noted its units.
 */
export async function folderStatus(
  folder: string,
  watching?: Parameters<typeof livingOwners>[1],
): Promise<FolderStatus> {
  const { title, jobs, queued = false } = await plannedIn(folder);
  const { living, dead } = await livingOwners(folder, watching);
  const whatOf = new Map(jobs.flatMap(({ what, units }) => units.map((key) => [key, what] as const)));
  const weightOf = new Map(
    jobs.flatMap(({ units, weights }) => units.map((key, i) => [key, weights?.[i] ?? 1] as const)),
  );
  const weightIn = (keys: readonly string[]) => keys.reduce((sum, key) => sum + (weightOf.get(key) ?? 0), 0);
  const stored = new Set((await namesIn(join(folder, UNITS))).map(keyOfUnitFile));
  const done = [...whatOf.keys()].filter((key) => stored.has(key));
  const claims = join(folder, CLAIMS);
  const names = await namesIn(claims);
  const running = new Map<string, FolderStatus['running'][number]>();
  for (const name of names.filter((one) => one.endsWith('.claim'))) {
    const [key] = name.split('.') as [string];
    const what = whatOf.get(key);
    const by = await readText(join(claims, name), 'results').catch(() => '');
    if (what === undefined || stored.has(key) || dead.includes(by) || hasEnded(by)) continue;
    running.set(key, { what, by: by.slice(0, 100) });
  }
  const lately = await latelyStored(
    done.map((key) => ({ key, file: join(folder, unitFile(key)) })),
    living.map((owner) => ownerFile(claims, owner)),
    // Noted by every process that begins.
    (await touched(fileIn(folder))) ?? 0,
  );
  const left = whatOf.size - done.length;
  const weightLeft = weightIn([...whatOf.keys()]) - weightIn(done);
  return {
    folder,
    title,
    units: whatOf.size,
    done: done.length,
    running: [...running.values()],
    waiting: left - running.size,
    queued,
    rate: lately && lately.keys.length / lately.seconds,
    secondsLeft: left === 0 ? 0 : lately && (weightLeft * lately.seconds) / weightIn(lately.keys),
    processes: living,
  };
}

async function plannedIn(folder: string): Promise<Static<typeof PlannedUnits>> {
  const file = fileIn(folder);
  try {
    return check(PlannedUnits, JSON.parse(await readText(file, 'results')), { what: 'list of units', file });
  } catch (cause) {
    if (await isThere(join(folder, 'run.json')))
      throw new AssayError('file-unreadable', 'the run in this folder has no list of its units', {
        file,
        found: (cause as Error).message,
        hint: 'it could not be saved, or was removed: run the same command again, which measures nothing that is stored',
        cause,
      });
    if (await isThere(join(folder, UNITS)))
      throw new AssayError('file-unreadable', 'the run in this folder has not planned its units yet', {
        file: folder,
        expected: `${file}, which a run writes once its models and data are open`,
        found: 'a run that opens them, or one that ended before',
        hint: 'look again in a while; if no `assay run` is at work there, start it again',
        cause,
      });
    throw new AssayError('file-unreadable', 'no run has begun in this folder', {
      file: folder,
      expected: 'a run folder, as `assay run` makes it',
      found: `no readable ${file}`,
      hint: 'name the folder that was given as --out, or assay-runs/NAME; of a queue: `assay status --queue URL`',
      cause,
    });
  }
}

/**
 * The last units but the first of them, and the seconds since that one was stored, until the last sign of life: while a long unit is
 * measured the speed falls. By the clock of whoever keeps the folder. Null where too few were stored lately.
 * @param owners files that living processes touch
 * @param began when the last process began: what was stored before came before a pause, or was copied
 */
async function latelyStored(
  units: readonly { key: string; file: string }[],
  owners: readonly string[],
  began: number,
): Promise<{ keys: readonly string[]; seconds: number } | null> {
  if (owners.length === 0) return null;
  const stored: { key: string; at: number }[] = [];
  for (const { key, file } of units) {
    const at = await touched(file);
    if (at !== undefined && at >= began) stored.push({ key, at });
  }
  stored.sort((a, b) => b.at - a.at);
  const newest = stored[0]?.at ?? 0;
  const last = stored.filter(({ at }) => newest - at < LATELY).slice(0, LAST);
  const alive = (await Promise.all(owners.map(touched))).map((at) => at ?? 0);
  const now = Math.max(newest, ...alive);
  const oldest = last.at(-1)?.at ?? now;
  if (last.length < 2 || now === oldest || now - newest >= LATELY) return null;
  return { keys: last.slice(0, -1).map(({ key }) => key), seconds: (now - oldest) / 1000 };
}

const touched = (file: string): Promise<number | undefined> =>
  stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );

const isThere = async (file: string): Promise<boolean> => (await touched(file)) !== undefined;

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
