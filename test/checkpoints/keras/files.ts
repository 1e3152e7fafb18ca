import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder that is gone after the file's tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-keras-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface LayerJson {
  class_name: unknown;
  config: unknown;
  [key: string]: unknown;
}

/** A layer as configurations write it. */
export const layer = (
  className: string,
  name: string,
  config: object = {},
  more: object = {},
): LayerJson => ({
  class_name: className,
  name,
  config: { name, ...config },
  ...more,
});

/** Its inputs, in the form before Keras 3. */
export const reads = (...names: string[]) => ({ inbound_nodes: [names.map((name) => [name, 0, 0, {}])] });

export const input = (name = 'image', shape: unknown = [null, 4, 4, 1]) =>
  layer('InputLayer', name, { batch_input_shape: shape }, { inbound_nodes: [] });

/** A model whose layers read what they say. */
export const functional = (layers: object[], output: string, more: object = {}) => ({
  class_name: 'Functional',
  config: {
    name: 'small',
    layers,
    input_layers: [['image', 0, 0]],
    output_layers: [[output, 0, 0]],
    ...more,
  },
});

export const sequential = (...layers: object[]) => ({
  class_name: 'Sequential',
  config: { name: 'small', layers },
});

/** 16 pixels, flattened, times a matrix: 34 numbers. */
export const linear = () => sequential(input(), layer('Flatten', 'flatten'), dense());
export const dense = (config: object = {}, more: object = {}) =>
  layer('Dense', 'dense', { units: 2, use_bias: true, ...config }, more);

export const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));

/** What a model.json says of the weights of `linear`. */
export const linearWeights = (): Record<string, unknown>[] => [
  { name: 'dense/kernel', shape: [16, 2], dtype: 'float32' },
  { name: 'dense/bias', shape: [2], dtype: 'float32' },
];

export interface TfjsParts {
  modelTopology?: unknown;
  weightsManifest?: unknown;
  format?: string;
}

/** Writes a model.json and returns its path; by default that of `linear`, whose weights are in weights.bin. */
export function writeTfjs(
  folder: string,
  parts: TfjsParts = {},
  weights: Uint8Array | undefined = undefined,
) {
  const file = join(folder, 'model.json');
  const manifest = [{ paths: ['weights.bin'], weights: linearWeights() }];
  writeFileSync(
    file,
    JSON.stringify({ format: 'layers-model', modelTopology: linear(), weightsManifest: manifest, ...parts }),
  );
  writeFileSync(join(folder, 'weights.bin'), weights ?? new Uint8Array(numbers(34).buffer));
  return file;
}
