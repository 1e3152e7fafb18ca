import type { Architecture, ArchitectureChoice, BuiltNetwork } from '../architectures/architecture.js';
import type { Weights } from '../architectures/weights.js';
import type { Graph } from '../graph/graph.js';
import type { Registry } from '../registry.js';

/** What a reader makes of a checkpoint. */
export interface Checkpoint {
  graph: Graph;
  /** Hex. Of the file's bytes, as `sha256sum` prints it; files it refers to follow in the order they are read. */
  sha256: string;
  /** Size of everything read. */
  bytes: number;
  /** Name of the format, a key of the registry. */
  format: string;
  /** What the file's weights were taken for; absent when the file holds its own graph. */
  built?: BuiltNetwork;
}

/** What a card knows that a file of weights does not say. */
export interface ReadRequest {
  /** The card's `architecture`. */
  architecture?: ArchitectureChoice;
  /** (C, H, W), the card's `input.shape`. */
  shape?: readonly [number, number, number];
  /** The card's file, for messages. */
  card?: string;
  /** What is tried. Default: what comes with Assay. */
  checkpointFormats?: Registry<CheckpointFormat>;
  architectures?: Registry<Architecture>;
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
export interface CheckpointFormat {
  /** What `format` of a card says. */
  name: string;
  /** For people. */
  title: string;
  /** By content: extensions may lie. */
  recognises(head: FileHead): boolean;
  /** Used when no row recognises the content, so that a damaged file gets an error about its own format. */
  extensions: readonly string[];
  /** Errors: `file-malformed`, `model-invalid`; of weights also what building a network from them throws. */
  read(head: FileHead, request?: ReadRequest): Promise<Checkpoint>;
  /** For formats that hold weights without a network. Errors: `file-malformed`. */
  readWeights?(head: FileHead, stateDict?: string): Promise<Weights>;
}
