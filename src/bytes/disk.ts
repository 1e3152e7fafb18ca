import { mkdir, open, rename, rm } from 'node:fs/promises';

/** A file that is being written. */
export interface Output {
  /** Behind what was written before. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when all that was written is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * All that changes what lies in run folders, one call of the operating system each. Errors: those of the file system, as
 * Node gives them.
 */
export interface Disk {
  /** Makes one folder, whose parent is there. */
  mkdir(folder: string): Promise<void>;
  /** Makes a file that was not there. */
  create(file: string): Promise<Output>;
  /** A file takes the place of another. */
  rename(from: string, to: string): Promise<void>;
  /** Resolves when the names in the folder are on the disk. */
  syncFolder(folder: string): Promise<void>;
  /** With all that is in it. What is not there need not be removed. */
  remove(path: string): Promise<void>;
}

const real: Disk = {
  async mkdir(folder) {
    await mkdir(folder);
  },
  async create(file) {
    const handle = await open(file, 'wx');
    return {
      write: (bytes) => handle.writeFile(bytes),
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
  rename,
  async syncFolder(folder) {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async remove(path) {
    await rm(path, { recursive: true, force: true });
  },
};

let used = real;

/** The disk that everything is written to. */
export const disk = (): Disk => used;

/**
 * Puts another disk in place of the one that is used, for tests: one that notes what is written, loses it, or fails.
 * Returns what takes it away again.
 */
export function replaceDisk(made: (before: Disk) => Disk): () => void {
  const before = used;
  used = made(before);
  return () => {
    used = before;
  };
}
