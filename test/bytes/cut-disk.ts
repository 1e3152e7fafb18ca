import { basename, dirname } from 'node:path';
import type { Operation } from './recording-disk.js';

/** Files and folders by path, as a power cut left them: a folder has no content. */
export type Remains = ReadonlyMap<string, Uint8Array | undefined>;

/** What decides what a cut leaves of that which was not synced: how many of the numbers below n. */
export type Draw = (n: number) => number;

interface File {
  bytes: Uint8Array;
  /** So many of them are on the disk. */
  synced: number;
}

interface Folder {
  /** Names as programs see them, and as they are on the disk. */
  now: Map<string, File | Folder>;
  kept: Map<string, File | Folder>;
  /** What was done since the names were synced, in order. */
  pending: { name: string; to: File | Folder | undefined }[];
}

const isFolder = (node: File | Folder): node is Folder => 'now' in node;
const emptyFolder = (): Folder => ({ now: new Map(), kept: new Map(), pending: [] });

/**
 * A disk that promises no more than POSIX does: what a file holds is there after fsync of the file, a name after fsync of
 * its folder; of all else any part may be there after a power cut, in whichever order it was done.
 */
export class CutDisk {
  private readonly top = emptyFolder();
  private readonly open = new Map<string, File>();

  /** @param root the folder that is there already, with nothing in it */
  constructor(private readonly root: string) {}

  /** Does what was done on another disk, where it succeeded. */
  apply(operation: Operation): void {
    const { kind, path } = operation;
    if (kind === 'mkdir') this.put(path, emptyFolder());
    else if (kind === 'create') {
      const file = { bytes: new Uint8Array(), synced: 0 };
      this.open.set(path, file);
      this.put(path, file);
    } else if (kind === 'write') {
      const file = this.opened(path);
      file.bytes = Buffer.concat([file.bytes, operation.bytes]);
    } else if (kind === 'sync') {
      const file = this.opened(path);
      file.synced = file.bytes.length;
    } else if (kind === 'close') this.open.delete(path);
    else if (kind === 'rename') {
      const node = this.folderOf(path).now.get(basename(path));
      this.put(path, undefined);
      this.put(operation.to, node);
    } else if (kind === 'remove') {
      if (this.folderOf(path).now.has(basename(path))) this.put(path, undefined);
    } else {
      const folder = path === dirname(this.root) ? undefined : this.folderAt(path);
      if (!folder) return;
      folder.kept = new Map(folder.now);
      folder.pending = [];
    }
  }

  /** What is there after a power cut, by path from the root. */
  cut(draw: Draw): Remains {
    const remains = new Map<string, Uint8Array | undefined>();
    const visit = (folder: Folder, at: string) => {
      const names = new Map(folder.kept);
      for (const { name, to } of folder.pending) {
        if (draw(2) === 0) continue;
        if (to) names.set(name, to);
        else names.delete(name);
      }
      for (const [name, node] of names) {
        remains.set(at + name, isFolder(node) ? undefined : torn(node, draw));
        if (isFolder(node)) visit(node, `${at}${name}/`);
      }
    };
    visit(this.top, '');
    return remains;
  }

  private opened(path: string): File {
    const file = this.open.get(path);
    if (!file) throw new Error(`${path} is not open`);
    return file;
  }

  private folderAt(path: string): Folder {
    let folder = this.top;
    for (const name of path
      .slice(this.root.length)
      .split('/')
      .filter((part) => part)) {
      const next = folder.now.get(name);
      if (!next || !isFolder(next)) throw new Error(`there is no folder ${path}`);
      folder = next;
    }
    return folder;
  }

  private folderOf(path: string): Folder {
    return this.folderAt(dirname(path));
  }

  private put(path: string, to: File | Folder | undefined): void {
    const folder = this.folderOf(path);
    const name = basename(path);
    if (to) folder.now.set(name, to);
    else folder.now.delete(name);
    folder.pending.push({ name, to });
  }
}

/** What was synced, and of the rest nothing, a part, as many zeros, or all. */
function torn({ bytes, synced }: File, draw: Draw): Uint8Array {
  if (synced === bytes.length) return bytes;
  const rest = bytes.length - synced;
  const left = [0, draw(rest + 1), rest][draw(3)]!;
  const kept = Uint8Array.from(bytes.subarray(0, synced + left));
  if (draw(4) === 1) kept.fill(0, synced);
  return kept;
}
