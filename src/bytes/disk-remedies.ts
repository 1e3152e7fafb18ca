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

/** What to do about a call that changes a disk and failed: the beginning of a sentence. */
export function remedyOf(cause: unknown): string {
  return (
    remedies[(cause as NodeJS.ErrnoException | undefined)?.code ?? ''] ?? 'check the disk and its permissions'
  );
}
