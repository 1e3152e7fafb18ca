/** A weight as a reader found it, already in float32. */
export interface Weight {
  dims: readonly number[];
  data: Float32Array;
}

/** The weights of one layer. */
export interface LayerWeights {
  /**
   * The weight with a name such as `kernel`.
   * @param index its place among the layer's weights, for formats that only number them
   */
  find(name: string, index: number): Weight | undefined;
  /** Names of all weights of the layer, as the file has them. */
  names: readonly string[];
}

/** Where the weights of a model come from. */
export interface WeightStore {
  /** @param path the models around the layer, then the layer: name and class of each, and its place among its kin */
  of(path: readonly PathStep[]): LayerWeights;
}

export interface PathStep {
  name: string;
  className: string;
  /** How many layers of the same class come before it in the same model. */
  ordinal: number;
}

/** Definitions that differ between the libraries. */
export type Dialect = 'keras2' | 'keras3' | 'tfjs';
