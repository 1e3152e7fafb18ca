import type { TObject } from '../config/type.js';
import type { DatasetInfo } from './dataset.js';
import type { DatasetSpec } from './spec.js';

/** All examples of a data set as a format's reader gives them, before anything is selected. */
export interface ImageSource {
  n: number;
  /** (C, H, W) */
  shape: readonly [number, number, number];
  /** (n) class indices >= 0. */
  labels?: Int32Array;
  /** Class names when the format has them. */
  classes?: readonly string[];
  /** Which part of what is at the path, where it holds several: an array of an archive, files of a folder. */
  part?: string;
  /** Of published corrupted images: which corruption, as ours are called. */
  corruption?: string;
  /** Of sequences of frames: see `DatasetInfo.sequences`. */
  sequences?: DatasetInfo['sequences'];
  /** Set when these are the examples of the one severity that was asked for, and not of five. */
  wholeSeverity?: true;
  /** Set where images lie as numbers: to read one costs little more than to copy it, and none is kept. */
  plain?: true;
  /** How pixels were decoded, for reports. */
  note: string;
  /**
   * Writes the pixels of examples start (inclusive) to end (exclusive) as (C, H, W) in [0, 1] to `out`.
   * Errors: `data-invalid` naming the example.
   */
  read(start: number, end: number, out: Float32Array): Promise<void>;
  close(): Promise<void>;
}

/** What is at a path, as far as formats want to know. */
export interface PathHead {
  /** Absolute. */
  path: string;
  /** Names in it when it is a folder. */
  entries?: readonly string[];
  /** The first bytes when it is a file. */
  start: Uint8Array;
  /** Names of its members when it is a zip archive. */
  members?: readonly string[];
}

/** A format of data sets. */
export interface DataFormat {
  /** What `format` of a data set says. */
  name: string;
  title: string;
  /** TypeBox object schema of the keys of a data set that only this format has. */
  options?: TObject;
  /** It holds sequences of frames, which are read by suites of such. */
  sequences?: true;
  recognises(head: PathHead): boolean;
  /** @param spec with an absolute `path`; `directory` is where its other paths start */
  open(spec: DatasetSpec, directory: string): Promise<ImageSource>;
}
