import type { Staging } from '../fetch/staging.js';

/** A file that is fetched. */
export interface RemoteFile {
  /** What it is called here and on mirrors. */
  name: string;
  /** Where its makers keep it, and copies that are tried after that. */
  urls: readonly string[];
  /** Bytes. */
  size: number;
  /** Of its content, in hexadecimal. */
  sha256: string;
}

/** A data set of a run file that is made of a pulled one. */
export interface PulledEntry {
  /** As run files may call it. */
  name: string;
  /** A file or folder in the data set's own; the folder itself without. */
  path?: string;
  /** What else the run file says of it. */
  more?: Readonly<Record<string, unknown>>;
}

/** A published data set that `assay data pull` fetches. */
export interface NamedSet {
  name: string;
  /** What it holds, in a line. */
  title: string;
  /** The page of its makers. */
  home: string;
  files: readonly RemoteFile[];
  /** Where the sizes and checksums of the files are published. */
  checksums: string;
  /** Whether and how it may be used, as its makers say. */
  licence: string;
  /** BibTeX. */
  citation: string;
  /** Bytes that it takes on the disk, with room to spare: archives that hold more are refused. */
  room: number;
  /** Makes of the files what the readers take. Errors: `file-malformed` for files with other content. */
  unpack(fetched: Fetched, into: Staging): Promise<void>;
  /** What a run file may say; the test set first. */
  entries: readonly PulledEntry[];
  /** What one should know before using it. */
  note?: string;
}

/** Where the fetched files lie, by their names. */
export type Fetched = (name: string) => string;
