import type { Tensor } from './graph.js';
import { widened } from './half.js';

/** A float tensor's numbers as float32; a view where they are that already; undefined for other types. */
export function asFloat32({ type, data }: Tensor): Float32Array | undefined {
  if (type === 'float32') return data as Float32Array;
  if (type === 'float64') return Float32Array.from(data as Float64Array);
  return type === 'float16' || type === 'bfloat16' ? widened(type, data as Uint16Array) : undefined;
}
