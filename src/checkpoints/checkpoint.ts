import type { Graph } from '../graph/graph.js';

/** What a reader makes of a checkpoint. */
export interface Checkpoint {
  graph: Graph;
  /** Hex. Of the file's bytes, as `sha256sum` prints it; files it refers to follow in the order they are read. */
  sha256: string;
  /** Size of everything read. */
  bytes: number;
  /** Name of the format, a key of the registry. */
  format: string;
}

/** The start of a file, by which formats are told apart. */
export interface FileHead {
  file: string;
  /** In lower case, with the dot. */
  extension: string;
  /** The first bytes, at most `headLength`. */
  start: Uint8Array;
  /** Of the whole file, in bytes. */
  size: number;
}

/** Enough for every magic number and for the first keys of a JSON file. */
export const headLength = 4096;

/** One row of the registry. */
export interface FormatRow {
  /** For people. */
  title: string;
  /** By content: extensions may lie. */
  recognises(head: FileHead): boolean;
  /** Used when no row recognises the content, so that a damaged file gets an error about its own format. */
  extensions: readonly string[];
  /** Errors: `file-malformed`, `model-invalid`. */
  read(head: FileHead): Promise<Checkpoint>;
}
