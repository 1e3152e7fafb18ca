import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readText } from '../bytes/regular-file.js';
import { type Static, Type } from '../config/type.js';
import { check } from '../config/validate.js';
import { AssayError } from '../errors.js';
import type { Job } from './plan.js';
import { requestText } from './request-text.js';
import { UNITS } from './run-folder.js';
import { saveJson } from './save-json.js';
import { keyOfUnitFile, unitFile } from './store.js';

/** What a run is to measure, as it notes it when it begins: who looks on needs neither models nor data. */
const PlannedUnits = Type.Object({
  title: Type.String(),
  jobs: Type.Array(Type.Object({ what: Type.String(), units: Type.Array(Type.String()) })),
  /** Units go to a queue: who claims them measures none. */
  queued: Type.Optional(Type.Boolean()),
});

const fileIn = (out: string) => join(out, 'inventory', 'units.json');

/** Notes the units of a run. Errors: `output-unwritable`; to lose the note costs the status. */
export async function notePlanned(
  out: string,
  title: string,
  jobs: readonly Job[],
  queued = false,
): Promise<void> {
  const listed = jobs.map(({ request, units }) => ({
    what: requestText(request),
    units: units.map(({ key }) => key),
  }));
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
  /** Units a second, from the last ones; null where fewer than two were measured lately. */
  rate: number | null;
  secondsLeft: number | null;
  /** Processes that say that they are alive. */
  processes: string[];
}

/** How many of the last units tell how fast it goes. */
const LAST = 50;

/** A unit that was stored so long before the newest was measured by an earlier run, in ms. */
const LATELY = 15 * 60_000;

/** Looks at a run folder, whoever measures. Errors: `file-unreadable` where no run has begun in it, or none that noted its units. */
export async function folderStatus(folder: string): Promise<FolderStatus> {
  const { title, jobs, queued = false } = await plannedIn(folder);
  const whatOf = new Map(jobs.flatMap(({ what, units }) => units.map((key) => [key, what] as const)));
  const stored = new Set((await namesIn(join(folder, UNITS))).map(keyOfUnitFile));
  const done = [...whatOf.keys()].filter((key) => stored.has(key));
  const claims = join(folder, 'claims');
  const names = await namesIn(claims);
  const running = new Map<string, FolderStatus['running'][number]>();
  for (const name of names.filter((one) => one.endsWith('.claim'))) {
    const [key] = name.split('.') as [string];
    const what = whatOf.get(key);
    const by = await readText(join(claims, name), 'results').catch(() => '');
    if (what !== undefined && !stored.has(key)) running.set(key, { what, by: by.slice(0, 100) });
  }
  const rate = await rateOf(folder, done);
  const left = whatOf.size - done.length;
  return {
    folder,
    title,
    units: whatOf.size,
    done: done.length,
    running: [...running.values()],
    waiting: left - running.size,
    queued,
    rate,
    secondsLeft: left === 0 ? 0 : rate === null ? null : left / rate,
    processes: names.filter((one) => one.endsWith('.owner')).map((one) => one.slice(0, -'.owner'.length)),
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
    throw new AssayError('file-unreadable', 'no run has begun in this folder', {
      file: folder,
      expected: 'a run folder, as `assay run` makes it',
      found: `no readable ${file}`,
      hint: 'name the folder that was given as --out, or assay-runs/NAME; of a queue: `assay status --queue URL`',
      cause,
    });
  }
}

/** By the clock of whoever keeps the folder: how far apart the last units were stored. */
async function rateOf(folder: string, keys: readonly string[]): Promise<number | null> {
  const times: number[] = [];
  for (const key of keys) {
    const found = await stat(join(folder, unitFile(key))).catch(() => undefined);
    if (found) times.push(found.mtimeMs);
  }
  times.sort((a, b) => b - a);
  const last = times.filter((time) => times[0]! - time < LATELY).slice(0, LAST);
  const seconds = last.length > 1 ? (last[0]! - last[last.length - 1]!) / 1000 : 0;
  return seconds > 0 ? (last.length - 1) / seconds : null;
}

const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
