import { join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { filesBelow } from '../../bytes/files-below.js';
import { stampNow } from '../../bytes/stamp.js';
import { programIdentity } from './program.js';

/** The entry that says that the others are whole: it goes first and comes last. */
export const SEAL = 'results.json';

/** Entries of a run folder that are replaced with it. Whatever else lies there is left alone. */
export const OUTPUTS = [
  'report.html',
  'examples.html',
  'measures.csv',
  'examples',
  'viewer',
  'images',
  'tables',
  'reports',
];

/** Which program wrote the outputs of which results. */
export interface Written {
  program: string;
  /** Of the results. */
  digest: string;
  /** Every file that was written, with what changes when it is changed. */
  outputs: Stamps;
}

/** Files by path, from the run folder, with what changes when they are changed. */
export type Stamps = Readonly<Record<string, string>>;

/** What this program has just written of results with that digest. */
export const writtenNow = (out: string, digest: string): Written => ({
  program: programIdentity(),
  digest,
  outputs: outputStamps(out),
});

/** Whether this program wrote the outputs, and they are as it wrote them. */
export const stands = ({ program, outputs }: Written, out: string): boolean =>
  program === programIdentity() && sameStamps(outputs, outputStamps(out));

/** The outputs of a run folder. */
const outputStamps = (out: string): Stamps =>
  stampsOf(
    out,
    [SEAL, ...OUTPUTS].flatMap((name) => filesAt(join(out, name)).map((file) => relative(out, file))),
  );

/** @param names of files, from a folder */
export const stampsOf = (folder: string, names: readonly string[]): Stamps =>
  Object.fromEntries(names.map((name) => [name, stampNow(join(folder, name)) ?? 'absent']));

export const sameStamps = (a: Stamps, b: Stamps): boolean => isDeepStrictEqual(a, b);

/** A file, or those in a folder. */
function filesAt(path: string): string[] {
  try {
    return filesBelow(path);
  } catch {
    return [path];
  }
}
