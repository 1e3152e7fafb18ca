import type h5wasm from 'h5wasm';
import type { Attribute, Dataset, Group, ready } from 'h5wasm';
import { fromFloat16 } from '../../graph/half.js';
import type { Hdf5Dataset, Hdf5File, Hdf5Order, Hdf5Reply } from './protocol.js';

/** The HDF5 library, compiled to WebAssembly. */
export type H5Module = Awaited<typeof ready>;

class Refusal extends Error {
  constructor(
    readonly path: string,
    readonly found: string,
  ) {
    super(found);
  }
}

const MAX_OBJECTS = 100_000;
const MAX_DEPTH = 32;
const MAX_AXES = 8;

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
      if (++this.objects > MAX_OBJECTS) throw new Refusal(inner, `more than ${MAX_OBJECTS} objects`);
      const entity = group.get(name);
      const kind = entity?.constructor.name;
      if (kind === 'Group') this.group(entity as Group, inner, depth + 1);
      else if (kind === 'Dataset') this.file.datasets.set(inner, this.dataset(entity as Dataset, inner));
      else throw new Refusal(inner, kind === 'ExternalLink' ? 'a link to another file' : 'a broken link');
    }
  }

  private dataset(dataset: Dataset, path: string): Hdf5Dataset {
    const { shape, type, size, littleEndian, total_size, vlen, chunks, virtual_sources } = dataset.metadata;
    const numeric = (type === 0 && [1, 2, 4, 8].includes(size)) || (type === 1 && [2, 4, 8].includes(size));
    // The seeds of random generators may be text; they are no weights, and nobody asks for them.
    if (!numeric || vlen || !littleEndian || virtual_sources)
      return { dims: [-1], data: new Float32Array(0) };
    const dims = shape ?? [];
    if (dims.length > MAX_AXES || dims.some((d) => !Number.isSafeInteger(d) || d < 0))
      throw new Refusal(path, `the shape [${dims.join(', ')}]`);
    const count = dims.reduce((a, d) => a * d, 1);
    const chunk = (chunks ?? []).reduce((a, d) => a * d, 1);
    this.numbers += Math.max(count, chunk);
    if (!(this.numbers <= this.order.numbers) || total_size !== count)
      throw new Refusal(path, `the shape [${dims.join(', ')}], more than the file can hold`);
    if (count === 0) return { dims, data: new Float32Array(0) };
    const data = type === 1 && size === 2 ? this.halves(dataset, count) : singles(dataset.value);
    if (data?.length !== count) throw new Refusal(path, `other than ${count} numbers`);
    return { dims, data };
  }

  /** h5wasm has no array for them, so the library's bytes are taken. */
  private halves({ file_id, path }: Dataset, count: number): Float32Array<ArrayBuffer> {
    const at = this.module._malloc(2 * count);
    if (at === 0) throw new Refusal(path, 'more than there is memory for');
    try {
      this.module.get_dataset_data(file_id, path, null, null, null, BigInt(at));
      const bytes = this.module.HEAPU8.slice(at, at + 2 * count);
      return Float32Array.from(new Uint16Array(bytes.buffer), fromFloat16);
    } finally {
      this.module._free(at);
    }
  }
}

/** A data set without axes is read as a number. */
function singles(value: unknown): Float32Array<ArrayBuffer> | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return Float32Array.of(Number(value));
  if (value instanceof Float32Array) return value as Float32Array<ArrayBuffer>;
  return ArrayBuffer.isView(value)
    ? Float32Array.from(value as unknown as ArrayLike<number | bigint>, Number)
    : undefined;
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
    const attribute = attrs[name];
    // An empty list has no type to speak of.
    if (attribute.shape?.some((d) => d === 0)) return [];
    const names = textOf(attribute);
    if (!names) throw new Refusal(`${path}@${name}`, 'something other than names');
    return names;
  });
}

/** Where the file is in the library's file system. */
export const PATH = '/model.h5';

/** Reads a whole file with a library whose file system holds nothing else. */
export function readWith(library: typeof h5wasm, module: H5Module, order: Hdf5Order): Hdf5Reply {
  const walk = new Walk(module, order);
  try {
    const file = new library.File(PATH, 'r');
    if (file.file_id <= 0n)
      return { refused: { path: '', found: 'a file that the HDF5 library cannot open' } };
    walk.root(file);
    return { file: walk.file };
  } catch (error) {
    if (error instanceof Refusal) return { refused: { path: error.path, found: error.found } };
    return { refused: { path: '', found: (error as Error)?.message ?? String(error) } };
  }
}

/** Puts the file where `readWith` looks for it. */
export function place({ FS }: H5Module, bytes: Uint8Array): void {
  // Owned, the bytes are not copied; the types do not know it.
  const options: { flags?: string; canOwn?: boolean } = { canOwn: true };
  FS.writeFile(PATH, bytes, options);
}
