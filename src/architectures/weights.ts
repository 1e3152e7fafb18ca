import type { Tensor } from '../graph/graph.js';

/** Named weights without a network: what PyTorch and safetensors files hold. */
export interface Weights {
  file: string;
  /** Name of the format, a key of the registry of checkpoints. */
  format: string;
  /** In the file's order. */
  tensors: ReadonlyMap<string, Tensor>;
  /** Where in the file they were: `model_state_dict`; '' for its root. */
  from: string;
  /** Other places in the file that hold weights. */
  others: readonly string[];
  /** Those of the others that are as likely meant: the rest of a list of models. */
  equals?: readonly string[];
  /** Class versions that PyTorch keeps beside a state dict, by module: they tell apart what shapes do not. */
  versions: ReadonlyMap<string, number>;
  /** Persistent chains of an energy model's training. */
  replayBuffer?: StoredImages;
  /** What is called so and is no images, with its shape. */
  noBuffer?: string;
  /** What was done to them on the way, for people. */
  notes?: readonly string[];
}

/** Images in a checkpoint, in units of the network's input. They may be many: nothing is read until asked for. */
export interface StoredImages {
  /** (n, C, H, W) */
  dims: readonly number[];
  /** Float32, in row-major order. Errors: as reading the checkpoint. */
  read(): Promise<Float32Array>;
}

/** Shape of a tensor; undefined when there is none of this name. */
export function shapeOf({ tensors }: Weights, name: string): readonly number[] | undefined {
  return tensors.get(name)?.dims;
}
