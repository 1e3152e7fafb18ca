/** What helps whether a file was to be read or written. */
const shared: Readonly<Record<string, string>> = {
  EMFILE: 'too many files are open: raise the limit with `ulimit -n 4096`',
  ENFILE: 'too many files are open on this machine: end other programs',
  ESTALE: 'the server of that folder has forgotten it: mount it again',
};

const writeRemedies: Readonly<Record<string, string>> = {
  ...shared,
  ENOSPC: 'free some space on that disk',
  EDQUOT: 'free some of your quota',
  EIO: 'that disk, or the network to it, fails: see the log of the system, or choose another folder with --out',
  ENAMETOOLONG: 'that path is too long: choose another folder with --out',
  EFBIG: 'files that large are not allowed there: see `ulimit -f`',
  EROFS: 'that disk is read-only: choose another folder with --out',
  EACCES: 'you may not write there: choose another folder with --out',
  EPERM: 'you may not write there: choose another folder with --out',
  ENOTDIR: 'a part of that path is a file: choose another folder with --out',
  EEXIST: 'a part of that path is a file: choose another folder with --out',
};

const readRemedies: Readonly<Record<string, string>> = {
  ...shared,
  ELOOP: 'links lead in a circle: name the file itself',
  EIO: 'the disk, or the network to it, fails: see the log of the system, and fetch or move the file away',
};

const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException | undefined)?.code ?? '';

/** What to do about a call that changes a disk and failed: the beginning of a sentence. */
export const remedyOf = (cause: unknown): string =>
  writeRemedies[codeOf(cause)] ?? 'check the disk and its permissions';

/** What to do about a file that is there and cannot be read. */
export const readRemedyOf = (cause: unknown): string =>
  readRemedies[codeOf(cause)] ?? 'check its permissions';
