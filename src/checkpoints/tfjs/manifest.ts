import { AssayError } from '../../errors.js';
import type { DataType, Tensor } from '../../graph/graph.js';
import { fromFloat16 } from '../../graph/half.js';
import { elementCount, fromBytes } from '../../graph/tensor.js';
import { isObject, type Json, type Place, shown } from '../keras/settings.js';

/** What the bytes of a weight become, and how many an element has. */
interface Encoding {
  bytes: number;
  type: DataType;
  decode(bytes: Uint8Array): Tensor['data'];
}

const as = (type: 'float32' | 'int32' | 'uint16' | 'uint8' | 'bool', bytes: number): Encoding => ({
  bytes,
  type,
  decode: (raw) => fromBytes(type, raw),
});

const ENCODINGS: Readonly<Record<string, Encoding>> = {
  float32: as('float32', 4),
  int32: as('int32', 4),
  uint8: as('uint8', 1),
  bool: as('bool', 1),
  uint16: as('uint16', 2),
  float16: {
    bytes: 2,
    type: 'float32',
    decode: (raw) => Float32Array.from(fromBytes('float16', raw) as Uint16Array, fromFloat16),
  },
};

/** Where one weight lies in the bytes of its group. */
interface Entry {
  name: string;
  dims: number[];
  bytes: number;
  type: DataType;
  decode(raw: Uint8Array): Tensor['data'];
}

interface Group {
  paths: string[];
  entries: Entry[];
  /** Of all its weights. */
  bytes: number;
}

/** Shards hold a group's weights one after another, cut at any byte. */
export type ReadShard = (path: string) => Uint8Array;

/** Weights in bytes that are too few or too many for them are refused before they are decoded. */
const MAX_WEIGHTS = 100_000;

function malformed(place: Place, message: string, expected: string, found: unknown): AssayError {
  return new AssayError('file-malformed', message, {
    ...place,
    expected,
    found: typeof found === 'string' ? found : shown(found),
    hint: 'check that model.json and all its shards were copied, or save the model again',
  });
}

/**
 * Reads every weight a `weightsManifest` lists.
 * @param read the bytes of a shard, from the model's own folder
 * Errors: `file-malformed`, naming the weight or the shard; those of `read`.
 */
export function readManifest(manifest: unknown, file: string, read: ReadShard): Map<string, Tensor> {
  const place = { file, path: 'weightsManifest' };
  if (!Array.isArray(manifest))
    throw malformed(place, 'the weights are not described', 'a list of groups', manifest);
  const weights = new Map<string, Tensor>();
  manifest.forEach((source, i) => {
    const group = readGroup(source, { file, path: `weightsManifest[${i}]` });
    const bytes = joined(group, { file, path: `weightsManifest[${i}].paths` }, read);
    let offset = 0;
    for (const { name, dims, type, bytes: length, decode } of group.entries) {
      if (weights.has(name) || weights.size > MAX_WEIGHTS)
        throw malformed(place, 'the manifest lists a weight twice', 'a name for each weight', name);
      weights.set(name, { type, dims, data: decode(bytes.subarray(offset, offset + length)) });
      offset += length;
    }
  });
  return weights;
}

function readGroup(source: unknown, place: Place): Group {
  const { paths, weights } = isObject(source) ? source : {};
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string' && path !== ''))
    throw malformed(place, 'a group of weights names no files', 'paths: a list of names', paths);
  if (!Array.isArray(weights))
    throw malformed(place, 'a group of weights lists none', 'weights: a list', weights);
  const entries = weights.map((weight, i) =>
    readEntry(weight, { ...place, path: `${place.path}.weights[${i}]` }),
  );
  return { paths, entries, bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0) };
}

function readEntry(source: unknown, outer: Place): Entry {
  if (!isObject(source) || typeof source.name !== 'string')
    throw malformed(outer, 'a weight has no name', 'name, shape and dtype', source);
  const { name, shape, dtype, quantization } = source;
  const place = { ...outer, path: `weight "${name}"` };
  if (!Array.isArray(shape) || !shape.every((d) => Number.isSafeInteger(d) && d >= 0))
    throw malformed(place, 'a weight has no shape', 'a list of sizes', shape);
  const stored =
    quantization === undefined ? dtype : isObject(quantization) ? quantization.dtype : quantization;
  const encoding =
    typeof stored === 'string' && Object.hasOwn(ENCODINGS, stored) ? ENCODINGS[stored] : undefined;
  if (!encoding)
    throw malformed(
      place,
      'a weight is of a type that cannot be read',
      Object.keys(ENCODINGS).join(', '),
      stored,
    );
  const count = countOf(shape, place);
  return {
    name,
    dims: shape,
    ...(isObject(quantization) && stored !== 'float16'
      ? affine(encoding, quantization, dtype, place)
      : encoding),
    bytes: count * encoding.bytes,
  };
}

function countOf(shape: number[], place: Place): number {
  try {
    return elementCount(shape);
  } catch {
    throw malformed(place, 'a weight has an impossible shape', 'a shape that fits in memory', `[${shape}]`);
  }
}

/** Quantised weights are integers q for q * scale + min; where those are integers again, rounded. */
function affine({ decode }: Encoding, quantization: Json, dtype: unknown, place: Place) {
  const { scale, min } = quantization;
  if (typeof scale !== 'number' || typeof min !== 'number')
    throw malformed(place, 'a quantised weight lacks its scale', 'scale and min', quantization);
  const value = (q: number) => q * scale + min;
  const integers = (raw: Uint8Array) => decode(raw) as ArrayLike<number>;
  return dtype === 'int32'
    ? {
        type: 'int32' as const,
        decode: (raw: Uint8Array) => Int32Array.from(integers(raw), (q) => Math.round(value(q))),
      }
    : {
        type: 'float32' as const,
        decode: (raw: Uint8Array) => Float32Array.from(integers(raw), value),
      };
}

/** The bytes of a group; exactly as many as its weights need. */
function joined({ paths, bytes }: Group, place: Place, read: ReadShard): Uint8Array {
  const shards: Uint8Array[] = [];
  let length = 0;
  for (const path of paths) {
    const shard = read(path);
    shards.push(shard);
    length += shard.length;
    if (length > bytes) break;
  }
  if (length !== bytes)
    throw malformed(
      place,
      'the shards do not hold what the manifest says',
      `${bytes} bytes in ${paths.join(', ') || 'no file'}`,
      length > bytes ? 'more than that' : `${length} bytes`,
    );
  return shards.length === 1 ? shards[0]! : new Uint8Array(Buffer.concat(shards));
}
