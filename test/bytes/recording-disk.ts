import type { Disk, Output } from '../../src/bytes/disk.js';

/** A call that a disk was given. */
export type Operation =
  | { kind: 'mkdir' | 'create' | 'sync' | 'close' | 'syncFolder' | 'remove'; path: string }
  | { kind: 'write'; path: string; bytes: Uint8Array }
  | { kind: 'rename'; path: string; to: string };

/**
 * A disk that is asked what to do before each call.
 * @param before may throw, and the call is not made
 * @param done is told of calls that succeeded
 */
export function watchedDisk(
  disk: Disk,
  before: (operation: Operation) => void,
  done: (operation: Operation) => void = () => undefined,
): Disk {
  const watched = async <T>(operation: Operation, act: () => Promise<T>): Promise<T> => {
    before(operation);
    const result = await act();
    done(operation);
    return result;
  };
  return {
    mkdir: (path) => watched({ kind: 'mkdir', path }, () => disk.mkdir(path)),
    async create(path): Promise<Output> {
      const output = await watched({ kind: 'create', path }, () => disk.create(path));
      return {
        write: (bytes) =>
          watched({ kind: 'write', path, bytes: Uint8Array.from(bytes) }, () => output.write(bytes)),
        sync: () => watched({ kind: 'sync', path }, () => output.sync()),
        async close() {
          // Whatever fails, the file is closed: a test that leaks descriptors tells of itself.
          await output.close();
          await watched({ kind: 'close', path }, async () => undefined);
        },
      };
    },
    rename: (path, to) => watched({ kind: 'rename', path, to }, () => disk.rename(path, to)),
    syncFolder: (path) => watched({ kind: 'syncFolder', path }, () => disk.syncFolder(path)),
    remove: (path) => watched({ kind: 'remove', path }, () => disk.remove(path)),
  };
}
