import { resolve } from 'node:path';
import { admit, isConfined } from '../bytes/confine.js';
import { createEngine, engineLine } from '../engines/registry.js';
import { keptOutcome, type RunOutcome } from './concluding/outcome.js';
import { finishedBefore } from './folder/finished.js';
import { keyOf } from './folder/keys.js';
import { titleOf, usualFolder } from './folder/run-folder.js';
import type { ShardName } from './folder/shard-name.js';
import type { RunOptions } from './run-anew.js';

/**
 * Runs a run file. Running it again continues where it stopped and measures only what is missing. A run that is finished is
 * known by what it read and wrote: nothing is opened, and nothing written.
 * Errors: AssayErrors of reading, opening, planning and writing; whatever was measured is kept.
 */
export async function run(file: string, options: RunOptions = {}): Promise<RunOutcome> {
  const asked = options.suites?.length ? undefined : questionOf(file, options);
  const out = options.out ?? (await folderOf(file, options.shard));
  if (out !== undefined) admit(out);
  const known = asked === undefined || out === undefined ? undefined : await finishedRun(out, options, asked);
  if (known) return known;
  const ahead = out === undefined ? undefined : await workersAhead(file, out, options);
  try {
    // What reads run files and knows suites takes half a second to load.
    const { runAnew } = await import('./run-anew.js');
    return await runAnew(file, options, asked, ahead);
  } finally {
    ahead?.close();
  }
}

/** Options that say where to, who tells, and who measures how long. */
const CHANGING_NOTHING = {
  out: undefined,
  signal: undefined,
  notify: undefined,
  suites: undefined,
  workers: undefined,
  unitTimeout: undefined,
  queue: undefined,
  cache: undefined,
  endpoint: undefined,
} satisfies { [name in keyof RunOptions]?: undefined };

/** All that the caller says and that decides what the run comes to. */
function questionOf(file: string, options: RunOptions): string {
  const { baseline, ...rest } = options;
  return keyOf({
    ...rest,
    ...CHANGING_NOTHING,
    file: resolve(file),
    baseline: baseline && resolve(baseline),
    confined: isConfined(),
  });
}

/** Few runs have workers. */
async function workersAhead(file: string, out: string, options: RunOptions) {
  if (options.workers === undefined) return undefined;
  const { WorkersAhead } = await import('./workers/workers-ahead.js');
  return WorkersAhead.of(file, out, options);
}

async function finishedRun(out: string, options: RunOptions, asked: string): Promise<RunOutcome | undefined> {
  const known = await finishedBefore(out, asked, () => engineNow(options));
  if (!known) return undefined;
  options.notify?.({ kind: 'plan', units: known.units, stored: known.units });
  return keptOutcome(out, known.results, known.units);
}

/** The engine that the run would use, as it describes itself. Errors: as `createEngine`. */
async function engineNow({ engine: name, threads, sessions, device }: RunOptions): Promise<string> {
  const engine = await createEngine(name, { threads, sessions, device });
  await engine.close();
  return engineLine(engine);
}

/** Where the run of a file goes; undefined where the file does not tell: what is wrong with it, reading it well tells. */
async function folderOf(file: string, shard?: ShardName): Promise<string | undefined> {
  try {
    const { readConfigFile } = await import('../config/read-file.js');
    const { name } = (await readConfigFile(file)) as { name?: unknown };
    return name === undefined || typeof name === 'string'
      ? usualFolder(titleOf(name, file), shard)
      : undefined;
  } catch {
    return undefined;
  }
}
