import { join, relative, resolve } from 'node:path';
import { isAbsent, readText } from '../../bytes/regular-file.js';
import { readConfigFile } from '../../config/read-file.js';
import { Type } from '../../config/type.js';
import { check } from '../../config/validate.js';
import { AssayError } from '../../errors.js';
import { keyOf } from './keys.js';

/** The run file that a run folder was made from, as it was then. */
export interface RunSource {
  file: string;
  /** Of all that it says but its gates and limits. */
  digest: string;
}

/** What `run.json` is read for again. It says which run was begun last in the folder, ended or not. */
export const RunRecord = Type.Object(
  {
    key: Type.Optional(Type.String()),
    runFile: Type.Optional(
      Type.Object({
        path: Type.String({ description: 'from the run folder' }),
        digest: Type.String(),
      }),
    ),
  },
  { additionalProperties: true },
);

/** The part of `run.json` that says what was begun. */
export const recordOf = (directory: string, key: string, source?: RunSource) => ({
  key,
  ...(source && {
    runFile: { path: relative(resolve(directory), resolve(source.file)), digest: source.digest },
  }),
});

interface Begun {
  title: string;
  config: unknown;
  environment: unknown;
  inventory: Record<'systems' | 'datasets', ReadonlyMap<string, { info: unknown }>>;
}

/** All that `run.json` says before anything is measured. */
export const beginningOf = (
  record: ReturnType<typeof recordOf>,
  { title, config, environment, inventory }: Begun,
) => ({
  version: 1,
  title,
  ...record,
  config,
  environment,
  systems: [...inventory.systems.values()].map(({ info }) => info),
  datasets: [...inventory.datasets.values()].map(({ info }) => info),
});

/** A digest of what a run file says, comments apart and what changes no number: gates, and limits of time and memory. */
export function digestOfRunFile(value: unknown): string {
  return keyOf({
    ...(value as object),
    gates: undefined,
    limits: undefined,
    unitTimeout: undefined,
    failOnError: undefined,
  });
}

/** Reads `run.json` of a run folder; undefined when there is none. Errors: `file-unreadable`, `file-malformed`. */
export async function readRunRecord(directory: string) {
  const file = join(directory, 'run.json');
  const hint = 'run the same `assay run` again: nothing that is stored is measured again';
  const text = await orAbsent(readText(file, 'results'));
  if (text === undefined) return undefined;
  try {
    return check(RunRecord, JSON.parse(text), { file, what: 'record of a run' });
  } catch (cause) {
    if (cause instanceof AssayError) throw cause;
    const found = (cause as Error).message;
    throw new AssayError('file-malformed', 'this is not valid JSON', { file, found, hint, cause });
  }
}

/** What the run file says now; undefined when it is not there any more, as where only the run folder was kept. */
export async function currentDigest(directory: string, path: string): Promise<string | undefined> {
  const value = await orAbsent(readConfigFile(resolve(directory, path)));
  return value === undefined ? undefined : digestOfRunFile(value);
}

/** What was read; undefined when there is no such file. */
function orAbsent<T>(read: Promise<T>): Promise<T | undefined> {
  return read.catch((error: Error) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
}
