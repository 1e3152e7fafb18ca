import { basename, extname } from 'node:path';
import { uniqueSlugs } from '../report/names.js';

/** A data set that `assay init` is given. */
export interface DataFlag {
  role: Role;
  file: string;
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

/** A data set as a run file lists it. */
export interface NamedData {
  name: string;
  /** `path`, and `role` and `distance` where it is not the test set. */
  entry: { path: string; role?: string; distance?: string };
}

/**
 * Names for data sets: `test` for the first test set and `validation` for the first validation set; of others what the
 * file is called.
 * @param place a file's path as the run file says it
 */
export function namedData(flags: readonly DataFlag[], place: (file: string) => string): NamedData[] {
  const unique = uniqueSlugs();
  return flags.map(({ role, file }) => {
    const plain = role === 'test' || role === 'validation' || role === 'train';
    const first = flags.find((flag) => flag.role === role)?.file === file;
    const called = basename(file, extname(file));
    return { name: unique(plain && first ? role : called), entry: { path: place(file), ...ROLES[role] } };
  });
}
