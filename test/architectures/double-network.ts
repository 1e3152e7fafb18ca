import type { Saved } from '../checkpoints/torch-writer.js';
import { float32 } from '../checkpoints/torch-writer.js';
import { normals, uniforms } from '../models/networks.js';

/** (C, H, W), or (C, 1, 1) for rows of numbers. */
export interface Planes {
  dims: readonly [number, number, number];
  data: Float64Array;
}

const planes = (dims: Planes['dims'], at: (c: number, i: number, j: number) => number): Planes => {
  const [channels, height, width] = dims;
  const data = new Float64Array(channels * height * width);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++) data[(c * height + i) * width + j] = at(c, i, j);
  return { dims, data };
};

interface Conv {
  out: number;
  kernel: number;
  stride?: number;
  padding?: number;
  groups?: number;
  bias?: boolean;
}

/**
 * A network in double precision, by its textbook formulas and nothing of ours: it draws weights for a layer when the
 * layer is first called, so one description of a forward pass gives both the checkpoint and the wanted values.
 */
export class DoubleNetwork {
  readonly tensors: Record<string, Saved> = {};
  private readonly drawn = new Map<string, Float64Array>();

  private weight(name: string, dims: readonly number[], draw: (n: number) => Float32Array): Float64Array {
    const known = this.drawn.get(name);
    if (known) return known;
    const single = draw(dims.reduce((a, d) => a * d, 1));
    this.tensors[name] = float32(dims, single);
    const values = Float64Array.from(single);
    this.drawn.set(name, values);
    return values;
  }

  conv(
    x: Planes,
    key: string,
    { out, kernel, stride = 1, padding = 0, groups = 1, bias = false }: Conv,
  ): Planes {
    const [channels, height, width] = x.dims;
    const per = channels / groups;
    const scale = Math.sqrt(2 / (per * kernel * kernel));
    const w = this.weight(`${key}.weight`, [out, per, kernel, kernel], (n) =>
      normals(`${key}.weight`, n, scale),
    );
    const b = bias ? this.weight(`${key}.bias`, [out], (n) => normals(`${key}.bias`, n, 0.2)) : undefined;
    const size = (n: number) => Math.floor((n + 2 * padding - kernel) / stride) + 1;
    return planes([out, size(height), size(width)], (o, i, j) => {
      let sum = b?.[o] ?? 0;
      const first = Math.floor(o / (out / groups)) * per;
      for (let c = 0; c < per; c++)
        for (let u = 0; u < kernel; u++)
          for (let v = 0; v < kernel; v++) {
            const [y, z] = [i * stride + u - padding, j * stride + v - padding];
            if (y < 0 || z < 0 || y >= height || z >= width) continue;
            sum +=
              w[((o * per + c) * kernel + u) * kernel + v]! * x.data[((first + c) * height + y) * width + z]!;
          }
      return sum;
    });
  }

  private affine(key: string, channels: number): [Float64Array, Float64Array] {
    const w = this.weight(`${key}.weight`, [channels], (n) =>
      uniforms(`${key}.weight`, n).map((u) => 0.5 + u),
    );
    return [w, this.weight(`${key}.bias`, [channels], (n) => normals(`${key}.bias`, n, 0.2))];
  }

  batchNorm(x: Planes, key: string): Planes {
    const [channels, height, width] = x.dims;
    const [w, b] = this.affine(key, channels);
    const mean = this.weight(`${key}.running_mean`, [channels], (n) => normals(`${key}.mean`, n, 0.2));
    const variance = this.weight(`${key}.running_var`, [channels], (n) =>
      uniforms(`${key}.var`, n).map((u) => 0.5 + u),
    );
    this.tensors[`${key}.num_batches_tracked`] = {
      dims: [],
      bytes: new Uint8Array(8),
      storage: 'LongStorage',
      bytesPerElement: 8,
    };
    return planes(x.dims, (c, i, j) => {
      const value = x.data[(c * height + i) * width + j]!;
      return ((value - mean[c]!) / Math.sqrt(variance[c]! + 1e-5)) * w[c]! + b[c]!;
    });
  }

  /** Over groups of channels: one group is GroupNorm(1), as many as channels instance norm. */
  groupNorm(x: Planes, key: string, groups: number): Planes {
    const [channels, height, width] = x.dims;
    const [w, b] = this.affine(key, channels);
    const size = (channels / groups) * height * width;
    const statistics = Array.from({ length: groups }, (_, g) => {
      const part = x.data.subarray(g * size, (g + 1) * size);
      const mean = part.reduce((a, v) => a + v, 0) / size;
      return { mean, deviation: Math.sqrt(part.reduce((a, v) => a + (v - mean) ** 2, 0) / size + 1e-5) };
    });
    return planes(x.dims, (c, i, j) => {
      const { mean, deviation } = statistics[Math.floor(c / (channels / groups))]!;
      return ((x.data[(c * height + i) * width + j]! - mean) / deviation) * w[c]! + b[c]!;
    });
  }

  actNorm(x: Planes, key: string): Planes {
    const [channels, height, width] = x.dims;
    const loc = this.weight(`${key}.loc`, [1, channels, 1, 1], (n) => normals(`${key}.loc`, n, 0.3));
    const scale = this.weight(`${key}.scale`, [1, channels, 1, 1], (n) =>
      uniforms(`${key}.scale`, n).map((u) => 0.5 + u),
    );
    this.tensors[`${key}.initialized`] = {
      dims: [],
      bytes: Uint8Array.of(1),
      storage: 'ByteStorage',
      bytesPerElement: 1,
    };
    return planes(x.dims, (c, i, j) => scale[c]! * (x.data[(c * height + i) * width + j]! + loc[c]!));
  }

  linear(x: Planes, key: string, out: number): Planes {
    const inputs = x.data.length;
    const w = this.weight(`${key}.weight`, [out, inputs], (n) =>
      normals(`${key}.weight`, n, Math.sqrt(2 / inputs)),
    );
    const b = this.weight(`${key}.bias`, [out], (n) => normals(`${key}.bias`, n, 0.2));
    return planes([out, 1, 1], (o) => x.data.reduce((sum, v, k) => sum + v * w[o * inputs + k]!, b[o]!));
  }
}

export const relu = ({ dims, data }: Planes, leak = 0): Planes => ({
  dims,
  data: data.map((v) => (v > 0 ? v : leak * v)),
});
export const add = (a: Planes, b: Planes): Planes => ({
  dims: a.dims,
  data: a.data.map((v, i) => v + b.data[i]!),
});

function pooled(
  x: Planes,
  kernel: number,
  stride: number,
  padding: number,
  reduce: (window: number[]) => number,
): Planes {
  const [channels, height, width] = x.dims;
  const size = (n: number) => Math.floor((n + 2 * padding - kernel) / stride) + 1;
  return planes([channels, size(height), size(width)], (c, i, j) => {
    const window: number[] = [];
    for (let u = 0; u < kernel; u++)
      for (let v = 0; v < kernel; v++) {
        const [y, z] = [i * stride + u - padding, j * stride + v - padding];
        if (y >= 0 && z >= 0 && y < height && z < width) window.push(x.data[(c * height + y) * width + z]!);
      }
    return reduce(window);
  });
}

export const maxPool = (x: Planes, kernel: number, stride = kernel, padding = 0) =>
  pooled(x, kernel, stride, padding, (window) => Math.max(...window));
const mean = (window: number[]) => window.reduce((a, v) => a + v, 0) / window.length;
export const averagePool = (x: Planes, kernel: number) => pooled(x, kernel, kernel, 0, mean);
export const globalAverage = (x: Planes): Planes => averagePool(x, x.dims[1]);

/** PyTorch's AdaptiveAvgPool2d on square planes. */
export function adaptive(x: Planes, size: number): Planes {
  const [channels, n] = x.dims;
  const cell = (i: number): [number, number] => [Math.floor((i * n) / size), Math.ceil(((i + 1) * n) / size)];
  return planes([channels, size, size], (c, i, j) => {
    const [[top, bottom], [left, right]] = [cell(i), cell(j)];
    let sum = 0;
    for (let y = top; y < bottom; y++) for (let z = left; z < right; z++) sum += x.data[(c * n + y) * n + z]!;
    return sum / ((bottom - top) * (right - left));
  });
}

/** Every second pixel, with zeros for the new channels before and behind the old ones. */
export function padShortcut(x: Planes, out: number, before: number): Planes {
  const [channels, height, width] = x.dims;
  return planes([out, Math.ceil(height / 2), Math.ceil(width / 2)], (c, i, j) => {
    const from = c - before;
    return from >= 0 && from < channels ? x.data[(from * height + 2 * i) * width + 2 * j]! : 0;
  });
}

export { planes };
