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
  /** Class versions that PyTorch keeps beside a state dict, by module: they tell apart what shapes do not. */
  versions: ReadonlyMap<string, number>;
  /** Persistent chains of an energy model's training. */
  replayBuffer?: StoredImages;
}

/** Images in a checkpoint, in units of the network's input. They may be many: nothing is read until asked for. */
export interface StoredImages {
  /** (n, C, H, W) */
  dims: readonly number[];
  /** Float32, in row-major order. Errors: as reading the checkpoint. */
  read(): Promise<Float32Array>;
}

/** The same weights under names without a prefix that all of them have. */
export function withoutPrefix(weights: Weights, prefix: string): Weights {
  const cut = <T>(map: ReadonlyMap<string, T>) =>
    new Map(
      [...map].filter(([name]) => name.startsWith(prefix)).map(([name, v]) => [name.slice(prefix.length), v]),
    );
  return { ...weights, tensors: cut(weights.tensors), versions: cut(weights.versions) };
}

/** What comes before the first dot of every name, dot included; '' where names differ in it. */
export function commonPrefix(weights: Weights): string {
  const [first] = weights.tensors.keys();
  const prefix = first?.slice(0, first.indexOf('.') + 1) ?? '';
  return prefix !== '' && [...weights.tensors.keys()].every((name) => name.startsWith(prefix)) ? prefix : '';
}

/** Wrappers that PyTorch puts around a network: DataParallel, AveragedModel and compile. */
const WRAPPERS = ['module.', '_orig_mod.'];
/** What a wrapper keeps for itself: AveragedModel counts. */
const COUNTER = 'n_averaged';

/** Without the names of wrappers, however often they were put on. */
export function unwrapped(weights: Weights): Weights {
  if (weights.tensors.has(COUNTER)) {
    const tensors = new Map(weights.tensors);
    tensors.delete(COUNTER);
    return unwrapped({ ...weights, tensors });
  }
  const prefix = commonPrefix(weights);
  return WRAPPERS.includes(prefix) ? unwrapped(withoutPrefix(weights, prefix)) : weights;
}

/** Shape of a tensor; undefined when there is none of this name. */
export function shapeOf({ tensors }: Weights, name: string): readonly number[] | undefined {
  return tensors.get(name)?.dims;
}

/** Wrapper classes put their own name before every weight: at most so many are looked through. */
const MAX_WRAPPERS = 3;

/** The weights as they are called, and without prefixes that all have. */
export function views(weights: Weights, ignore: readonly string[] = []): Weights[] {
  const list = [without(unwrapped(weights), ignore)];
  for (let i = 0; i < MAX_WRAPPERS; i++) {
    const prefix = commonPrefix(list[i]);
    if (prefix === '') break;
    list.push(unwrapped(withoutPrefix(list[i], prefix)));
  }
  return list;
}

function without(weights: Weights, ignore: readonly string[]): Weights {
  if (ignore.length === 0) return weights;
  const kept = [...weights.tensors].filter(([name]) => !ignore.some((start) => name.startsWith(start)));
  return { ...weights, tensors: new Map(kept) };
}
