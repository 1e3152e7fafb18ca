import { basename, extname, resolve } from 'node:path';
import { formatOf } from '../../data/format-of.js';
import { uniqueSlugs } from '../../report/names.js';

/** A data set that `assay init` is given. */
export interface DataFlag {
  role: Role;
  file: string;
  /** It holds sequences of frames, and is no test set. */
  sequences?: boolean;
}

/** What may stand before a file, and what of a data set it says. */
const ROLES = {
  test: {},
  validation: { role: 'validation' },
  train: { role: 'train' },
  ood: { role: 'ood' },
  near: { role: 'ood', distance: 'near' },
  far: { role: 'ood', distance: 'far' },
} as const;

export type Role = keyof typeof ROLES;

/** `test.npz`, `validation:held-out.npz`, `near:cifar100/`, `far:svhn.npz`. A file without a role is the test set. */
export function dataFlag(text: string): DataFlag {
  const [, role = 'test', file = ''] =
    new RegExp(`^(?:(${Object.keys(ROLES).join('|')}):)?(.*)$`, 's').exec(text) ?? [];
  return { role: role as Role, file };
}

/** The same, with what can be seen of the files: what cannot be read is told of when the run is tried. */
export const lookedAt = (flags: readonly DataFlag[]): Promise<DataFlag[]> =>
  Promise.all(
    flags.map(async (flag) => {
      const format = await formatOf({ path: resolve(flag.file) }).catch(() => undefined);
      return { ...flag, sequences: format?.sequences === true };
    }),
  );

/** A data set as a run file lists it. */
export interface NamedData {
  name: string;
  /** `path`, and `role` and `distance` where it is not the test set. */
  entry: { path: string; role?: string; distance?: string };
  /** It holds sequences of frames. */
  sequences?: boolean;
}

/**
 * Names for data sets: `test` for the first test set and `validation` for the first validation set; of others what the
 * file is called, and of sequences of frames.
 * @param place a file's path as the run file says it
 */
export function namedData(flags: readonly DataFlag[], place: (file: string) => string): NamedData[] {
  const unique = uniqueSlugs();
  return flags.map(({ role, file, sequences = false }) => {
    const plain = !sequences && (role === 'test' || role === 'validation' || role === 'train');
    const first = flags.find((flag) => flag.role === role && !flag.sequences)?.file === file;
    const called = basename(file, extname(file));
    return {
      name: unique(plain && first ? role : called),
      entry: { path: place(file), ...ROLES[role] },
      sequences,
    };
  });
}
