import { AssayError } from '../errors.js';

const remedies: Record<string, string> = {
  ENOSPC: 'free some space on that disk',
  EDQUOT: 'free some of your quota',
  EIO: 'that disk, or the network to it, fails: see the log of the system, or choose another folder with --out',
  EMFILE: 'too many files are open: raise the limit with `ulimit -n 4096`',
  ENFILE: 'too many files are open on this machine: end other programs',
  ENAMETOOLONG: 'that path is too long: choose another folder with --out',
  ESTALE: 'the server of that folder has forgotten it: mount it again',
  EFBIG: 'files that large are not allowed there: see `ulimit -f`',
  EROFS: 'that disk is read-only: choose another folder with --out',
  EACCES: 'you may not write there: choose another folder with --out',
  EPERM: 'you may not write there: choose another folder with --out',
  ENOTDIR: 'a part of that path is a file: choose another folder with --out',
  EEXIST: 'a part of that path is a file: choose another folder with --out',
};

/** What every failed write becomes. @param kept units that this process has written; undefined: all of them */
export function unwritable(file: string, cause: unknown, kept?: number): AssayError {
  const { code = '', message = String(cause) } = cause as NodeJS.ErrnoException;
  return new AssayError('output-unwritable', 'the output cannot be written', {
    file,
    found: message,
    hint: `${remedies[code] ?? 'check the disk and its permissions'}, then run the same command again: ${keptText(kept)}`,
    cause,
  });
}

function keptText(kept: number | undefined): string {
  if (kept === undefined) return 'everything measured is kept';
  return kept === 1 ? 'the unit measured so far is kept' : `the ${kept} units measured so far are kept`;
}
