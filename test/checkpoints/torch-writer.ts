import { zipSync } from 'fflate';

/** A pickle, operation by operation. */
export const op = (...codes: number[]) => Buffer.from(codes);
export const stop = op(0x2e);

export function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  const head = Buffer.alloc(5);
  head[0] = 0x58;
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

export function integer(value: number): Buffer {
  const long = Buffer.alloc(10);
  long[0] = 0x8a;
  long[1] = 8;
  long.writeBigInt64LE(BigInt(value), 2);
  return long;
}

export const global = (name: string) => {
  const dot = name.lastIndexOf('.');
  return Buffer.from(`c${name.slice(0, dot)}\n${name.slice(dot + 1)}\n`);
};
export const tuple = (...items: Buffer[]) => Buffer.concat([op(0x28), ...items, op(0x74)]);
export const call = (callee: Buffer, ...args: Buffer[]) => Buffer.concat([callee, tuple(...args), op(0x52)]);
export const dict = (...entries: [string, Buffer][]) =>
  Buffer.concat([op(0x7d, 0x28), ...entries.flatMap(([key, value]) => [text(key), value]), op(0x75)]);
export const whole = (...parts: Buffer[]) => Buffer.concat([op(0x80, 2), ...parts, stop]);

/** A tensor to be written. Float32 unless its storage says otherwise. */
export interface Saved {
  dims: readonly number[];
  bytes: Uint8Array;
  /** FloatStorage, ... */
  storage?: string;
  bytesPerElement?: number;
  strides?: readonly number[];
  offset?: number;
  /** Tensors of one key share their storage. */
  key?: string;
}

export const float32 = (dims: readonly number[], values: ArrayLike<number>): Saved => ({
  dims,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});

const steps = (dims: readonly number[]) =>
  dims.map((_, axis) => dims.slice(axis + 1).reduce((a, d) => a * d, 1));

export function tensor(
  { dims, bytes, storage = 'FloatStorage', bytesPerElement = 4, strides, offset = 0 }: Saved,
  key: string,
): Buffer {
  const type = global(`torch.${storage}`);
  const id = tuple(text('storage'), type, text(key), text('cpu'), integer(bytes.length / bytesPerElement));
  const sizes = (list: readonly number[]) => tuple(...list.map(integer));
  return call(
    global('torch._utils._rebuild_tensor_v2'),
    Buffer.concat([id, op(0x51)]),
    integer(offset),
    sizes(dims),
    sizes(strides ?? steps(dims)),
    op(0x89),
    call(global('collections.OrderedDict')),
  );
}

/** An OrderedDict with the versions of classes that PyTorch keeps. */
export function stateDict(
  tensors: Readonly<Record<string, Saved>>,
  versions: Readonly<Record<string, number>> = {},
): Buffer {
  const entries = Object.entries(tensors).map(([name, saved], i) => [
    text(name),
    tensor(saved, saved.key ?? String(i)),
  ]);
  const metadata = dict(
    ...Object.entries(versions).map(([name, v]) => [name, dict(['version', integer(v)])] as [string, Buffer]),
  );
  return Buffer.concat([
    call(global('collections.OrderedDict')),
    op(0x28),
    ...entries.flat(),
    op(0x75),
    dict(['_metadata', metadata]),
    op(0x62),
  ]);
}

const storagesOf = (tensors: Readonly<Record<string, Saved>>) =>
  Object.values(tensors).map((saved, i) => [saved.key ?? String(i), saved] as const);

/** As torch.save writes it since 1.6. @param root what the pickle holds; default: the state dict itself */
export function torchZip(
  tensors: Readonly<Record<string, Saved>>,
  {
    root = stateDict(tensors),
    members = {},
    order = 'little',
  }: { root?: Buffer; members?: Record<string, Uint8Array>; order?: string } = {},
): Buffer {
  const storages = storagesOf(tensors).map(([key, { bytes }]) => [`net/data/${key}`, bytes] as const);
  const files = {
    'net/data.pkl': whole(root),
    'net/byteorder': Buffer.from(order),
    ...Object.fromEntries(storages),
    'net/version': Buffer.from('3\n'),
    ...members,
  };
  return Buffer.from(zipSync(files, { level: 0 }));
}

/** What `set_crc32_options(False)` of PyTorch leaves: 0 for every checksum, in the members' headers and in the list. */
export function withoutSums(archive: Buffer): Buffer {
  const bytes = Buffer.from(archive);
  for (const [magic, crc] of [
    ['PK\x03\x04', 14],
    ['PK\x01\x02', 16],
  ] as const)
    for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 4))
      bytes.writeUInt32LE(0, at + crc);
  return bytes;
}

/** As torch.save wrote it before 1.6. */
export function torchLegacy(tensors: Readonly<Record<string, Saved>>, root = stateDict(tensors)): Buffer {
  const magic = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
  const version = Buffer.from('80024de9032e', 'hex');
  const storages = new Map(storagesOf(tensors));
  const keys = Buffer.concat([op(0x5d, 0x28), ...[...storages.keys()].map(text), op(0x65)]);
  const content = [...storages.values()].flatMap(({ bytes, bytesPerElement = 4 }) => {
    const count = Buffer.alloc(8);
    count.writeBigInt64LE(BigInt(bytes.length / bytesPerElement));
    return [count, Buffer.from(bytes)];
  });
  return Buffer.concat([
    magic,
    version,
    whole(dict(['little_endian', op(0x88)])),
    whole(root),
    whole(keys),
    ...content,
  ]);
}

/** A safetensors file. */
export function safetensors(
  tensors: Readonly<Record<string, { dims: readonly number[]; bytes: Uint8Array; dtype?: string }>>,
): Buffer {
  let at = 0;
  const entries = Object.entries(tensors).map(([name, { dims, bytes, dtype = 'F32' }]) => {
    const entry = { dtype, shape: dims, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
    return [name, entry];
  });
  return safetensorsOf(
    JSON.stringify(Object.fromEntries(entries)),
    Object.values(tensors).map(({ bytes }) => bytes),
  );
}

export function safetensorsOf(header: string, content: readonly Uint8Array[]): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), ...content]);
}
