import { randomUUID } from 'node:crypto';
import type h5wasm from 'h5wasm';
import type { Attribute, BrokenSoftLink, Dataset, ExternalLink, Group, ready } from 'h5wasm';
import { limits } from '../../bytes/limits.js';
import { fromFloat16 } from '../../graph/half.js';
import { externalFiles } from './external-storage.js';
import type { Hdf5Dataset, Hdf5Fault, Hdf5File, Hdf5Order, Hdf5Reply } from './protocol.js';

/** The HDF5 library, compiled to WebAssembly. */
export type H5Module = Awaited<typeof ready>;

class Refusal extends Error {
  constructor(
    readonly path: string,
    readonly found: string,
    readonly fault: Hdf5Fault = 'damaged',
  ) {
    super(found);
  }
}

const MAX_DEPTH = 32;
const MAX_AXES = 8;
/** Filters beyond it are plug-ins of the HDF5 library, such as LZF of h5py (registered at portal.hdfgroup.org). */
const LAST_OWN_FILTER = 255;

/** Walks a file; whatever it finds is checked before space is made for it. */
class Walk {
  readonly file: Hdf5File = {
    attributes: {},
    attributeNames: [],
    datasets: new Map(),
    weightNames: new Map(),
  };
  private objects = 0;
  private numbers = 0;

  constructor(
    private readonly module: H5Module,
    private readonly order: Hdf5Order,
  ) {}

  root(group: Group): void {
    this.file.attributeNames = Object.keys(group.attrs);
    for (const [name, attribute] of Object.entries(group.attrs)) {
      const value = textOf(attribute)?.[0];
      if (value !== undefined && attribute.shape?.length === 0) this.file.attributes[name] = value;
    }
    this.group(group, '', 0);
  }

  private group(group: Group, path: string, depth: number): void {
    if (depth > MAX_DEPTH) throw new Refusal(path, `groups more than ${MAX_DEPTH} deep`);
    const names = weightNamesOf(group, path);
    if (names) this.file.weightNames.set(path, names);
    for (const name of group.keys()) {
      if (depth === 0 && this.order.skip.includes(name)) continue;
      const inner = path === '' ? name : `${path}/${name}`;
      if (++this.objects > limits.hdf5Objects.value)
        throw new Refusal(inner, `more than ${limits.hdf5Objects.value} objects`);
      const entity = group.get(name);
      const kind = entity?.constructor.name;
      if (kind === 'Group') this.group(entity as Group, inner, depth + 1);
      else if (kind === 'Dataset') this.file.datasets.set(inner, this.dataset(entity as Dataset, inner));
      else if (kind === 'ExternalLink') {
        const { filename, obj_path } = entity as ExternalLink;
        throw new Refusal(inner, `a link to ${obj_path} in another file, ${filename}`, 'elsewhere');
      } else if (kind === 'BrokenSoftLink')
        throw new Refusal(inner, `a link to ${(entity as BrokenSoftLink).target}, which is not in the file`);
      else throw new Refusal(inner, 'neither a group nor a data set');
    }
  }

  private dataset(dataset: Dataset, path: string): Hdf5Dataset {
    this.refuseElsewhere(dataset, path);
    const { shape, size, littleEndian, total_size, vlen, chunks } = dataset.metadata;
    const decode = decoderOf(dataset.metadata);
    // The seeds of random generators may be text; they are no weights, and nobody asks for them.
    if (!decode || vlen || !littleEndian) return { dims: [-1], data: new Float32Array(0) };
    const dims = shape ?? [];
    if (dims.length > MAX_AXES || dims.some((d) => !Number.isSafeInteger(d) || d < 0))
      throw new Refusal(path, `the shape [${dims.join(', ')}]`);
    const count = dims.reduce((a, d) => a * d, 1);
    const chunk = (chunks ?? []).reduce((a, d) => a * d, 1);
    this.numbers += Math.max(count, chunk);
    if (!(this.numbers <= this.order.numbers) || total_size !== count)
      throw new Refusal(path, `the shape [${dims.join(', ')}], more than the file can hold`);
    if (count === 0) return { dims, data: new Float32Array(0) };
    return { dims, data: decode(this.bytes(dataset, path, count * size)) };
  }

  /** Before anything of it is read: the library would take zeros for what it does not find in other files. */
  private refuseElsewhere(dataset: Dataset, path: string): void {
    const files = this.externalFiles(dataset, path);
    if (files) throw new Refusal(path, `numbers that lie in another file: ${files.join(', ')}`, 'elsewhere');
    const { virtual_sources: sources } = dataset.metadata;
    if (!sources) return;
    const told = sources.slice(0, 3).map(({ dset_name, file_name }) => `${dset_name} in ${file_name}`);
    throw new Refusal(path, `a virtual data set, which shows others: ${told.join(', ')}`, 'elsewhere');
  }

  private externalFiles(dataset: Dataset, path: string): string[] | undefined {
    // A reference is the address of the object header.
    const reference = Uint8Array.from(this.module.create_object_reference(dataset.file_id, dataset.path));
    const address = Number(new DataView(reference.buffer).getBigUint64(0, true));
    try {
      return externalFiles(this.order.bytes, address);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new Refusal(path, `an object header that cannot be followed: ${error.message}`);
    }
  }

  /**
   * Takes the bytes from the library itself: `dataset.value` of h5wasm does not look at whether reading went well, and
   * what lay in memory would become weights when a chunk does not inflate or its checksum is wrong.
   */
  private bytes(dataset: Dataset, path: string, length: number): ArrayBuffer {
    const unknown = dataset.filters.find(({ id }) => id > LAST_OWN_FILTER);
    if (unknown)
      throw new Refusal(path, `numbers packed by the filter ${unknown.name} (${unknown.id})`, 'packed');
    const at = this.module._malloc(length);
    if (at === 0) throw new Refusal(path, 'more than there is memory for');
    try {
      const status = this.module.get_dataset_data(
        dataset.file_id,
        dataset.path,
        null,
        null,
        null,
        BigInt(at),
      );
      if (status < 0) throw new Refusal(path, 'numbers that are damaged');
      return this.module.HEAPU8.slice(at, at + length).buffer as ArrayBuffer;
    } finally {
      this.module._free(at);
    }
  }
}

type Decoder = (bytes: ArrayBuffer) => Float32Array<ArrayBuffer>;

/** By kind and bytes of a number. */
const decoders: Readonly<Record<string, Decoder>> = {
  float2: (bytes) => Float32Array.from(new Uint16Array(bytes), fromFloat16),
  float4: (bytes) => new Float32Array(bytes),
  float8: (bytes) => Float32Array.from(new Float64Array(bytes)),
  int1: (bytes) => Float32Array.from(new Int8Array(bytes)),
  int2: (bytes) => Float32Array.from(new Int16Array(bytes)),
  int4: (bytes) => Float32Array.from(new Int32Array(bytes)),
  int8: (bytes) => Float32Array.from(new BigInt64Array(bytes), Number),
  uint1: (bytes) => Float32Array.from(new Uint8Array(bytes)),
  uint2: (bytes) => Float32Array.from(new Uint16Array(bytes)),
  uint4: (bytes) => Float32Array.from(new Uint32Array(bytes)),
  uint8: (bytes) => Float32Array.from(new BigUint64Array(bytes), Number),
};

/** Numbers of HDF5 are integers (class 0) or floats (class 1). */
function decoderOf({ type, size, signed }: Dataset['metadata']): Decoder | undefined {
  if (type !== 0 && type !== 1) return undefined;
  return decoders[`${type === 1 ? 'float' : signed ? 'int' : 'uint'}${size}`];
}

/** The strings of an attribute; undefined when it holds something else. */
function textOf(attribute: Attribute): string[] | undefined {
  if (attribute.metadata.type !== 3) return undefined;
  const { value } = attribute;
  const list = Array.isArray(value) ? value : [value];
  return list.every((one) => typeof one === 'string') ? list : undefined;
}

/** Long lists are cut into weight_names0, weight_names1, ... */
function weightNamesOf(group: Group, path: string): string[] | undefined {
  const { attrs } = group;
  const parts = Object.keys(attrs).filter((name) => /^weight_names\d*$/.test(name));
  if (parts.length === 0) return undefined;
  parts.sort((a, b) => Number(a.slice(12)) - Number(b.slice(12)));
  return parts.flatMap((name) => {
    const attribute = attrs[name]!;
    // An empty list has no type to speak of.
    if (attribute.shape?.some((d) => d === 0)) return [];
    const names = textOf(attribute);
    if (!names) throw new Refusal(`${path}@${name}`, 'something other than names');
    return names;
  });
}

/** Where the file is in the library's file system: under a name that nothing in a file can mean. */
export const PATH = `/${randomUUID()}.h5`;

/** Reads a whole file with a library whose file system holds nothing else. */
export function readWith(library: typeof h5wasm, module: H5Module, order: Hdf5Order): Hdf5Reply {
  const walk = new Walk(module, order);
  try {
    const file = new library.File(PATH, 'r');
    if (file.file_id <= 0n) throw new Refusal('', 'a file that the HDF5 library cannot open');
    walk.root(file);
    return { file: walk.file };
  } catch (error) {
    if (error instanceof Refusal) {
      const { fault, path, found } = error;
      return { refused: { fault, path, found } };
    }
    return { refused: { fault: 'damaged', path: '', found: (error as Error)?.message ?? String(error) } };
  }
}

/** Puts the file where `readWith` looks for it. */
export function place({ FS }: H5Module, bytes: Uint8Array): void {
  // Owned, the bytes are not copied; the types do not know it.
  const options: { flags?: string; canOwn?: boolean } = { canOwn: true };
  FS.writeFile(PATH, bytes, options);
}
