import { createHash } from 'node:crypto';
import { Type } from '../../config/type.js';
import { check } from '../../config/validate.js';
import type { Passes } from '../../models/system.js';
import { arrayTypes, type NdArray, type NumberType, type Rows } from '../../suites/columns.js';
import type { FailedExample } from '../../suites/contract.js';
import type { Refusal } from '../../suites/refused.js';

/** What a unit leaves behind. */
export interface UnitRecord {
  key: string;
  rows: Rows;
  /** Columns that the unit has as well, and that it was read without. */
  unread?: readonly StoredColumn[];
  /** (n) source indices. */
  indices: Int32Array;
  /** (n); absent for unlabelled sets. */
  labels?: Int32Array;
  /** Examples without a result; their rows mean nothing. */
  failed?: readonly FailedExample[];
  /** Why there are no rows at all. */
  refused?: Refusal;
  passes: Passes;
  /** Wall clock; units that ran side by side share it. */
  seconds: number;
}

/** What a unit says of itself before its rows: enough to plan with. */
export interface UnitHead {
  /** Examples. */
  n: number;
  columns: StoredColumn[];
  /** Examples without a result. */
  failed: number;
  /** It has no rows. */
  refused: boolean;
  passes: Passes;
  seconds: number;
}

const MAGIC = Buffer.from('ASSAYU1\n', 'latin1');
/** Bytes of the digest at the end. */
export const DIGEST = 32;
/** Bytes before the header. */
export const BEFORE_HEADER = MAGIC.length + 4;

const typeNames = Object.keys(arrayTypes) as NumberType[];

const typeOf = (data: NdArray['data']): NumberType =>
  typeNames.find((name) => data instanceof arrayTypes[name]) ?? 'uint8';

/** A column of a unit; the first dimension of its shape counts examples. */
export interface StoredColumn {
  name: string;
  type: NumberType;
  shape: number[];
}

interface Header {
  key: string;
  columns: StoredColumn[];
  failed?: readonly FailedExample[];
  refused?: Refusal;
  passes: Passes;
  seconds: number;
}

/**
 * A unit as bytes: magic, length of the header (uint32, little-endian), header as JSON padded to 8 bytes, the
 * columns one after the other, each padded to 8 bytes, and the sha256 of all that.
 */
export function encodeUnit({ rows, indices, labels, ...about }: UnitRecord): Uint8Array {
  const { key, failed, refused, passes, seconds } = about;
  const arrays: [string, NdArray][] = [
    ['@indices', { shape: [indices.length], data: indices }],
    ...(labels ? [['@labels', { shape: [labels.length], data: labels }] as [string, NdArray]] : []),
    ...Object.entries(rows),
  ];
  const columns = arrays.map(([name, { shape, data }]) => ({ name, type: typeOf(data), shape }));
  const header = Buffer.from(
    JSON.stringify({ key, columns, failed, refused, passes, seconds } satisfies Header),
    'utf8',
  );
  const parts: Uint8Array[] = [MAGIC, Buffer.alloc(4), header];
  parts[1] = Buffer.from(Uint32Array.of(header.length).buffer);
  parts.push(padding(MAGIC.length + 4 + header.length));
  for (const [, { data }] of arrays) {
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), padding(data.byteLength));
  }
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return Buffer.concat([...parts, digest.digest()]);
}

const padding = (length: number) => new Uint8Array((8 - (length % 8)) % 8);
/** With what is added to a multiple of 8 bytes. */
export const padded = (length: number) => length + ((8 - (length % 8)) % 8);

const count = Type.Integer({ minimum: 0, maximum: 2 ** 40 });
const amount = Type.Number({ minimum: 0 });
const HeaderSchema = Type.Object({
  key: Type.String(),
  columns: Type.Array(
    Type.Object({
      name: Type.String(),
      type: Type.Union(typeNames.map((name) => Type.Literal(name))),
      shape: Type.Array(count, { minItems: 1 }),
    }),
  ),
  failed: Type.Optional(Type.Array(Type.Object({ example: Type.Integer(), what: Type.String() }))),
  refused: Type.Optional(Type.Object({ what: Type.String(), reason: Type.String() })),
  passes: Type.Object({ forward: amount, gradient: amount }),
  seconds: amount,
});

/** A header whose columns have a row per example, under names that differ; undefined when it is none. */
export function headerOf(text: string): Header | undefined {
  try {
    const header: Header = check(HeaderSchema, JSON.parse(text), { what: 'unit' });
    const { columns } = header;
    const indices = columns.find(({ name }) => name === '@indices');
    const names = new Set(columns.map(({ name }) => name));
    const fit = columns.every(
      ({ name, type, shape }) =>
        shape[0] === indices?.shape[0] && (!name.startsWith('@') || (type === 'int32' && shape.length === 1)),
    );
    return indices && fit && names.size === columns.length ? header : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes up to the end of the header; undefined when these bytes do not begin a unit. */
export function headLength(start: Uint8Array): number | undefined {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength);
  if (bytes.length < MAGIC.length + 4 || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  return MAGIC.length + 4 + bytes.readUInt32LE(MAGIC.length);
}

/**
 * The head of the unit called `key`, from the first bytes of its file and the file's length; undefined when they are
 * not those of that unit. Rows are neither read nor checked.
 */
export function decodeHead(start: Uint8Array, size: number, key: string): UnitHead | undefined {
  const end = headLength(start);
  if (end === undefined || end > start.byteLength) return undefined;
  const text = Buffer.from(start.buffer, start.byteOffset, end).toString('utf8', MAGIC.length + 4);
  const header = headerOf(text);
  if (header?.key !== key || lengthOf(header, end) + DIGEST !== size) return undefined;
  const { columns, failed = [], refused, passes, seconds } = header;
  const n = columns.find(({ name }) => name === '@indices')?.shape[0] ?? 0;
  return {
    n,
    columns: columnsIn(columns),
    failed: failed.length,
    refused: refused !== undefined,
    passes,
    seconds,
  };
}

/** Bytes up to the digest. */
export const lengthOf = ({ columns }: Header, headerEnd: number): number =>
  columns.reduce(
    (sum, { type, shape }) =>
      sum + padded(arrayTypes[type].BYTES_PER_ELEMENT * shape.reduce((a, b) => a * b, 1)),
    padded(headerEnd),
  );

const columnsIn = (columns: readonly StoredColumn[]): StoredColumn[] =>
  columns.filter(({ name }) => !name.startsWith('@'));

/** What a unit that was read would say of itself. */
export const headOf = ({
  rows,
  unread = [],
  indices,
  failed = [],
  refused,
  passes,
  seconds,
}: UnitRecord): UnitHead => ({
  n: indices.length,
  columns: [
    ...Object.entries(rows).map(([name, { shape, data }]) => ({ name, type: typeOf(data), shape })),
    ...unread,
  ],
  failed: failed.length,
  refused: refused !== undefined,
  passes,
  seconds,
});
