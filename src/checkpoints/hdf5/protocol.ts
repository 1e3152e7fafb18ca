/** What the thread that reads HDF5 is given. */
export interface Hdf5Order {
  bytes: Uint8Array;
  /** Numbers of all data sets together, at most. */
  numbers: number;
  /** Bytes its WebAssembly memory may grow by. */
  growth: number;
  /** Members of the root that are not read. */
  skip: readonly string[];
}

/** A data set, as float32 whatever its type. */
export interface Hdf5Dataset {
  dims: number[];
  data: Float32Array<ArrayBuffer>;
}

/** A whole file, as far as it is of use. Paths have no slash at either end. */
export interface Hdf5File {
  /** Attributes of the root that are text. */
  attributes: Record<string, string>;
  /** Names of all attributes of the root. */
  attributeNames: string[];
  /** By path. */
  datasets: Map<string, Hdf5Dataset>;
  /** The list that Keras keeps of each layer's weights, by the path of the layer's group. */
  weightNames: Map<string, string[]>;
}

/** What is wrong with a file that is refused: damaged, not whole without other files, or packed by an unknown filter. */
export type Hdf5Fault = 'damaged' | 'elsewhere' | 'packed';

/** Why a file is refused. */
export interface Hdf5Refusal {
  fault: Hdf5Fault;
  /** The object in the file; empty for the file itself. */
  path: string;
  found: string;
}

export type Hdf5Reply = { file: Hdf5File } | { refused: Hdf5Refusal };
