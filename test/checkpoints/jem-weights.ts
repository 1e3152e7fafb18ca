import { writeFileSync } from 'node:fs';
import { stream } from '../../src/random/stream.js';
import { dict, float32, type Saved, stateDict, tensor, torchZip } from './torch-writer.js';

const drawn = (name: string, dims: readonly number[], scale = 1): Saved => {
  const size = dims.reduce((a, d) => a * d, 1);
  const fan = dims.slice(1).reduce((a, d) => a * d, 1);
  const values = new Float64Array(size);
  stream({ seed: 5, purpose: name, example: 0 }).uniforms(values);
  const spread = scale / Math.sqrt(fan);
  return float32(
    dims,
    Float32Array.from(values, (v) => spread * (2 * v - 1)),
  );
};

/** A wide ResNet of the public JEM code. */
export interface Wide {
  depth: number;
  width: number;
  batchNorm?: boolean;
  buffer: number;
}

/** The state dict of `F` or `CCF` in the JEM code: a trunk `f` and two heads. */
export function weightsOf({ depth, width, batchNorm = false }: Wide): Record<string, Saved> {
  const all: Record<string, Saved> = {};
  const conv = (key: string, out: number, from: number, kernel: number) => {
    all[`${key}.weight`] = drawn(`${key}.weight`, [out, from, kernel, kernel]);
    all[`${key}.bias`] = drawn(`${key}.bias`, [out], 0.1);
  };
  const norm = (key: string, channels: number) => {
    if (!batchNorm) return;
    const around = (name: string, middle: number) =>
      float32(
        [channels],
        Array.from({ length: channels }, (_, i) => middle + 0.1 * Math.sin(i + name.length)),
      );
    all[`${key}.weight`] = around('weight', 1);
    all[`${key}.bias`] = around('bias', 0);
    all[`${key}.running_mean`] = around('running_mean', 0);
    all[`${key}.running_var`] = around('running_var', 1);
  };
  conv('f.conv1', 16, 3, 3);
  let from = 16;
  for (const stage of [1, 2, 3]) {
    const out = 16 * width * 2 ** (stage - 1);
    for (let i = 0; i < (depth - 4) / 6; i++) {
      const block = `f.layer${stage}.${i}`;
      norm(`${block}.bn1`, from);
      conv(`${block}.conv1`, out, from, 3);
      norm(`${block}.bn2`, out);
      conv(`${block}.conv2`, out, out, 3);
      if (stage > 1 ? i === 0 : from !== out) conv(`${block}.shortcut.0`, out, from, 1);
      from = out;
    }
  }
  norm('f.bn1', from);
  for (const [head, outputs] of Object.entries({ energy_output: 1, class_output: 10 })) {
    all[`${head}.weight`] = drawn(`${head}.weight`, [outputs, from]);
    all[`${head}.bias`] = drawn(`${head}.bias`, [outputs], 0.1);
  }
  return all;
}

/** `{ model_state_dict, replay_buffer }`, tensors that are the same sharing their storage. */
export function savedJem(file: string, weights: Record<string, Saved>, images: number): void {
  const keys = new Map<Uint8Array, string>();
  const keyed = Object.fromEntries(
    Object.entries(weights).map(([key, saved], i) => {
      const known = keys.get(saved.bytes) ?? String(i);
      keys.set(saved.bytes, known);
      return [key, { ...saved, key: known }];
    }),
  );
  const buffer = { ...drawn('buffer', [images, 3, 32, 32], 55), key: 'buffer' };
  const root = dict(['model_state_dict', stateDict(keyed)], ['replay_buffer', tensor(buffer, 'buffer')]);
  writeFileSync(file, torchZip({ ...keyed, buffer }, { root }));
}
