import type { Hdf5File } from '../hdf5/protocol.js';
import type { LayerWeights, PathStep, WeightStore } from './weights.js';

/** Without what TensorFlow puts behind: `conv/kernel:0`. */
const withoutDevice = (name: string) => name.replace(/:\d+$/, '');

/**
 * Weights of a `.h5` file: a group for each outermost layer, with a list of names. Those of a model that is used as a
 * layer are all in its group and are told apart by the names of their layers.
 */
export function groupedWeights({ datasets, weightNames }: Hdf5File): WeightStore {
  return {
    of(path): LayerWeights {
      const group = `model_weights/${path[0]!.name}`;
      const all = weightNames.get(group) ?? [];
      const { name: layer } = path[path.length - 1]!;
      const own =
        path.length === 1
          ? all
          : all.filter((name) => {
              const parent = name.slice(0, name.lastIndexOf('/'));
              return parent === layer || parent.endsWith(`/${layer}`);
            });
      return {
        names: own.map(withoutDevice),
        find(weight) {
          const name = own.find((one) => withoutDevice(one).split('/').at(-1) === weight);
          return name === undefined ? undefined : datasets.get(`${group}/${name}`);
        },
      };
    },
  };
}

/** How Keras makes names of classes: DepthwiseConv2D, depthwise_conv2d (keras.src.utils.naming.to_snake_case). */
function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

const folderOf = ({ className, ordinal }: PathStep) =>
  ordinal === 0 ? snakeCase(className) : `${snakeCase(className)}_${ordinal}`;

/** Where Keras 3, and 2 before 2.14, keep a model's layers. */
const CONTAINERS = ['layers', '_layer_checkpoint_dependencies'];

/** Weights of a `.keras` file: numbered in a folder for each layer, which is named by class and not by layer. */
export function numberedWeights({ datasets }: Hdf5File): WeightStore {
  const byFolder = new Map<string, string[]>();
  for (const path of datasets.keys()) {
    const folder = path.slice(0, path.lastIndexOf('/'));
    const list = byFolder.get(folder);
    if (list) list.push(path);
    else byFolder.set(folder, [path]);
  }
  return {
    of(path): LayerWeights {
      const folders = CONTAINERS.map((container) =>
        path.map((step) => `${container}/${folderOf(step)}`).join('/'),
      ).map((folder) => `${folder}/vars`);
      const folder = folders.find((one) => byFolder.has(one)) ?? folders[0]!;
      return {
        names: byFolder.get(folder) ?? [],
        find: (_, index) => datasets.get(`${folder}/${index}`),
      };
    },
  };
}
