import type { Graph, TypedArray } from './graph.js';
import { toBytes } from './tensor.js';
import type { Outside } from './write.js';

/** Smaller weights stay in the model, where shapes and axes are looked for. In bytes. */
export const BESIDE = 2 ** 16;

/** Where weights begin: files are mapped into memory in pages. */
const PAGE = 4096;

/** The large weights of a graph, as the bytes of one file. */
export interface WeightsBeside {
  /** One after the other; views of those of the graph, and zeros between them. */
  parts: Uint8Array[];
  /** Where each is, by name. */
  outside: ReadonlyMap<string, Outside>;
}

/** Lays the large weights of a graph out for a file beside its model; what has several names is there once. */
export function weightsBeside({ initializers }: Graph, location: string): WeightsBeside {
  const parts: Uint8Array[] = [];
  const placed = new Map<TypedArray, number>();
  const outside = new Map<string, Outside>();
  let byteLength = 0;
  for (const [name, { data }] of initializers) {
    if (data.byteLength < BESIDE) continue;
    const known = placed.get(data);
    const offset = known ?? Math.ceil(byteLength / PAGE) * PAGE;
    outside.set(name, { location, offset });
    if (known !== undefined) continue;
    parts.push(new Uint8Array(offset - byteLength), toBytes(data));
    placed.set(data, offset);
    byteLength = offset + data.byteLength;
  }
  return { parts, outside };
}
