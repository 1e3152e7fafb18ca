import { numbers } from './files.js';

/*
 * HDF5 files that h5wasm does not write: their numbers lie in other files, or are packed by a filter it does not have.
 * Byte by byte, as the HDF5 File Format Specification 3.0 has them: a superblock of version 0 and a root with one data set of 32 floats, called `kernel`.
 */

const NONE = 0xffff_ffff_ffff_ffffn;

/** Little-endian numbers of 1, 2, 4 and 8 bytes; text as it is. */
const u8 = (...values: number[]) => Buffer.from(values);
const u16 = (value: number) => u8(value & 255, value >> 8);
const u32 = (value: number) => {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value >>> 0);
  return out;
};
const u64 = (value: number | bigint) => {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out;
};
const ascii = (text: string) => Buffer.from(text, 'latin1');
const padded = (bytes: Buffer, length = 8 * Math.ceil(bytes.length / 8)) =>
  Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]);
const joined = (...parts: Buffer[]) => Buffer.concat(parts);

/** Jenkins' lookup3 (hashlittle, 2006), the checksum of all newer structures. */
function lookup3(bytes: Buffer): Buffer {
  let [a, b, c] = [0, 0, 0].map(() => (0xdeadbeef + bytes.length) | 0) as [number, number, number];
  const rot = (x: number, by: number) => (x << by) | (x >>> (32 - by));
  const blocks = Math.max(1, Math.ceil(bytes.length / 12));
  const words = padded(bytes, 12 * blocks);
  for (let i = 0; i < blocks; i++) {
    a = (a + words.readInt32LE(12 * i)) | 0;
    b = (b + words.readInt32LE(12 * i + 4)) | 0;
    c = (c + words.readInt32LE(12 * i + 8)) | 0;
    if (i === blocks - 1) break;
    a = ((a - c) ^ rot(c, 4)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rot(a, 6)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rot(b, 8)) | 0;
    b = (b + a) | 0;
    a = ((a - c) ^ rot(c, 16)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rot(a, 19)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rot(b, 4)) | 0;
    b = (b + a) | 0;
  }
  c = ((c ^ b) - rot(b, 14)) | 0;
  a = ((a ^ c) - rot(c, 11)) | 0;
  b = ((b ^ a) - rot(a, 25)) | 0;
  c = ((c ^ b) - rot(b, 16)) | 0;
  a = ((a ^ c) - rot(c, 4)) | 0;
  b = ((b ^ a) - rot(a, 14)) | 0;
  c = ((c ^ b) - rot(b, 24)) | 0;
  return u32(c);
}

/** III.D: text at offset 8 of the data, which follow the head. */
const localHeap = (at: number, text: string) => {
  const data = joined(u64(0), padded(ascii(`${text}\0`)));
  return joined(ascii('HEAP'), u32(0), u64(data.length), u64(1), u64(at + 32), data);
};

/** III.E: one object, in a collection of the least size. */
function globalHeap(object: Buffer): Buffer {
  const stored = joined(u16(1), u16(1), u32(0), u64(object.length), padded(object));
  const left = 4096 - 16 - stored.length;
  return padded(joined(ascii('GCOL'), u32(1), u64(4096), stored, u16(0), u16(0), u32(0), u64(left)), 4096);
}

interface Message {
  type: number;
  body: Buffer;
}

/** Where an object header may keep its messages: all in it, or in a block that it names. */
export interface HeaderForm {
  version: 1 | 2;
  continued: boolean;
}

const list = (messages: readonly Message[], version: 1 | 2) =>
  joined(
    ...messages.map(({ type, body }) =>
      version === 1
        ? joined(u16(type), u16(padded(body).length), u32(0), padded(body))
        : joined(u8(type), u16(body.length), u8(0), body),
    ),
  );

/** IV.A: an object header at an address. */
function objectHeader(at: number, all: readonly Message[], { version, continued }: HeaderForm): Buffer {
  const wrapped = (signature: string, rest: Buffer) => {
    const bytes = joined(ascii(signature), rest);
    return joined(bytes, lookup3(bytes));
  };
  const inner = list(continued ? all.slice(2) : [], version);
  const block = version === 1 ? inner : wrapped('OCHK', inner);
  const head = (offset: number) => {
    const onward = { type: 0x10, body: joined(u64(offset), u64(block.length)) };
    const messages = list(continued ? [...all.slice(0, 2), onward] : all, version);
    if (version === 2) return wrapped('OHDR', joined(u8(2, 2), u32(messages.length), messages));
    const count = all.length + (continued ? 1 : 0);
    return joined(u8(1, 0), u16(count), u32(1), u32(messages.length), u32(0), messages);
  };
  return joined(head(at + head(0).length), continued ? block : Buffer.alloc(0));
}

const DATASET = 1056;
const BESIDE = 2048;

/** A file whose data set has these messages beside its shape and type, and something at `BESIDE`. */
function fileOf(messages: readonly Message[], beside: Buffer, form: HeaderForm): Uint8Array {
  const plain: HeaderForm = { version: 1, continued: false };
  const shape = { type: 0x01, body: joined(u8(1, 2), u16(0), u32(0), u64(16), u64(2)) };
  const float = joined(u8(0x11, 0x20, 0x1f, 0), u32(4), u16(0), u16(32), u8(23, 8, 0, 23), u32(127));
  const type = { type: 0x03, body: float };
  const filling = { type: 0x05, body: u8(2, 2, 2, 0) };
  const entry = (name: number, header: number) => joined(u64(name), u64(header), u64(0), u64(0), u64(0));
  const size = BESIDE + beside.length;
  const superblock = joined(
    u8(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a),
    u8(0, 0, 0, 0, 0, 8, 8, 0),
    u16(4),
    u16(16),
    u32(0),
    joined(u64(0), u64(NONE), u64(size), u64(NONE)),
    entry(0, 96),
  );
  const root = objectHeader(96, [{ type: 0x11, body: joined(u64(184), u64(136)) }], plain);
  const tree = joined(ascii('TREE'), u8(0, 0), u16(1), u64(NONE), u64(NONE), u64(0), u64(728), u64(8));
  const node = joined(ascii('SNOD'), u8(1, 0), u16(1), entry(8, DATASET));
  const header = objectHeader(DATASET, [shape, type, filling, ...messages], form);
  const upTo: [Buffer, number][] = [
    [superblock, 96],
    [root, 136],
    [localHeap(136, 'kernel'), 184],
    [tree, 728],
    [node, DATASET],
    [header, BESIDE],
    [beside, size],
  ];
  return upTo.reduce<Buffer>((bytes, [part, end]) => padded(joined(bytes, part), end), Buffer.alloc(0));
}

const contiguous = (address: number | bigint) => ({
  type: 0x08,
  body: joined(u8(3, 1), u64(address), u64(128)),
});

/** The numbers lie in the file itself: `numbers(32)`. */
export const ownNumbers = (form: HeaderForm) =>
  fileOf([contiguous(BESIDE)], Buffer.from(numbers(32).buffer), form);

/** IV.A.2.h: they lie in another file. */
export function externalNumbers(name: string, form: HeaderForm): Uint8Array {
  const files = joined(u8(1, 0, 0, 0), u16(1), u16(1), u64(BESIDE), u64(8), u64(0), u64(128));
  return fileOf([contiguous(NONE), { type: 0x07, body: files }], localHeap(BESIDE, name), form);
}

/** VII.A: they are those of a data set in another file; `.` is the file itself. */
export function virtualNumbers(name: string, dataset: string, form: HeaderForm): Uint8Array {
  const everything = joined(u32(3), u32(1), u64(0));
  const mapping = joined(u8(0), u64(1), ascii(`${name}\0${dataset}\0`), everything, everything);
  const layout = { type: 0x08, body: joined(u8(4, 3), u64(BESIDE), u32(1)) };
  return fileOf([layout], globalHeap(joined(mapping, lookup3(mapping))), form);
}

/** IV.A.2.l: they are packed by a filter. (No chunk was ever written.) */
export function packedNumbers(filter: number, name: string, form: HeaderForm): Uint8Array {
  const title = padded(ascii(`${name}\0`));
  const pipeline = joined(u8(1, 1), u16(0), u32(0), u16(filter), u16(title.length), u32(0), title);
  const chunks = joined(u8(3, 2, 3), u64(NONE), u32(16), u32(2), u32(4));
  return fileOf(
    [
      { type: 0x0b, body: pipeline },
      { type: 0x08, body: chunks },
    ],
    Buffer.alloc(0),
    form,
  );
}
