import { strToU8, zipSync } from 'fflate';
import h5wasm, { type Group } from 'h5wasm';
import { linear, numbers } from './files.js';

let module: Awaited<typeof h5wasm.ready>;

/** To be awaited before anything is written. */
export const writerReady = h5wasm.ready.then((loaded) => {
  module = loaded;
});

/** An HDF5 file, as something writes it into its root. */
export function hdf5(write: (root: Group) => void): Uint8Array {
  const { FS } = module;
  const file = new h5wasm.File('/made.h5', 'w');
  write(file);
  file.flush();
  file.close();
  const bytes = FS.readFile('/made.h5') as Uint8Array;
  FS.unlink('/made.h5');
  return new Uint8Array(bytes);
}

export interface Weight {
  name: string;
  shape: number[];
}
export const WEIGHTS: Weight[] = [
  { name: 'dense/kernel:0', shape: [16, 2] },
  { name: 'dense/bias:0', shape: [2] },
];

/** How the numbers of a data set are packed: filters need chunks. */
export type Storage = Pick<
  Parameters<Group['create_dataset']>[0],
  'chunks' | 'compression' | 'compression_opts'
>;

/** A `.h5` as Keras writes it. */
export function h5(
  model: unknown = linear(),
  weights: Weight[] = WEIGHTS,
  more?: (root: Group) => void,
  storage: Storage = {},
): Uint8Array {
  return hdf5((root) => {
    root.create_attribute('model_config', JSON.stringify(model));
    root.create_attribute('keras_version', '2.15.0');
    const outer = root.create_group('model_weights');
    const group = outer.create_group('dense');
    group.create_attribute(
      'weight_names',
      weights.map(({ name }) => name),
    );
    const inner = group.create_group('dense');
    for (const { name, shape } of weights)
      inner.create_dataset({
        name: name.split('/').at(-1) ?? '',
        data: numbers(shape.reduce((a, d) => a * d, 1)),
        shape,
        ...storage,
      });
    more?.(root);
  });
}

/** The weights of a `.keras`. */
export const numbered = (...shapes: number[][]) =>
  hdf5((root) => {
    const vars = root.create_group('layers').create_group('dense').create_group('vars');
    shapes.forEach((shape, i) => {
      vars.create_dataset({ name: String(i), data: numbers(shape.reduce((a, d) => a * d, 1)), shape });
    });
  });

/** A `.keras`. */
export const archive = (members: Record<string, Uint8Array | undefined> = {}) => {
  const all = {
    'config.json': strToU8(JSON.stringify(linear())),
    'metadata.json': strToU8('{"keras_version": "3.4.1"}'),
    ...members,
    'model.weights.h5': 'model.weights.h5' in members ? members['model.weights.h5'] : numbered([16, 2], [2]),
  };
  const there = Object.entries(all).filter((entry): entry is [string, Uint8Array] => entry[1] !== undefined);
  return zipSync(Object.fromEntries(there), { mtime: '2026-01-01T00:00:00Z' });
};
