/**
 * Instructions of WebAssembly, by the names of its text format, as the bytes of its binary format (WebAssembly Core 2.0,
 * sections 5.4 and 5.2.2). Operands come before the instruction, as its stack machine takes them: `f64x2.add(a, b)` is the
 * code of a, that of b, and the opcode. Types are checked where a module is compiled.
 */
export type Code = readonly number[];

/** LEB128 of an unsigned integer. */
export function unsigned(value: number): Code {
  const low = value & 0x7f;
  const rest = value >>> 7;
  return rest === 0 ? [low] : [low | 0x80, ...unsigned(rest)];
}

/** LEB128 of a signed integer of 32 bits. */
function signed(value: number): Code {
  const low = value & 0x7f;
  const rest = value >> 7;
  const ends = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
  return ends ? [low] : [low | 0x80, ...signed(rest)];
}

const bytesOf = (values: Float64Array | BigUint64Array): Code => [
  ...new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
];

type Instruction = (...operands: readonly Code[]) => Code;

const plain =
  (...opcode: number[]): Instruction =>
  (...operands) => [...operands.flat(), ...opcode];

/** Vector instructions have a prefix and a number. */
const vector = (opcode: number, ...immediate: number[]): Instruction =>
  plain(0xfd, ...unsigned(opcode), ...immediate);

/** With a lane as an immediate. */
const ofLane =
  (opcode: number) =>
  (lane: number, ...operands: readonly Code[]): Code =>
    vector(opcode, lane)(...operands);

/** With an offset in bytes to the address, as an immediate; 2^`align` is the alignment that is expected. */
const ofMemory =
  (align: number, ...opcode: number[]) =>
  (offset: number, ...operands: readonly Code[]): Code => [
    ...operands.flat(),
    ...opcode,
    align,
    ...unsigned(offset),
  ];

/** Of a function, by its number; imported ones come first. */
export const call = (callee: number, ...operands: readonly Code[]): Code => [
  ...operands.flat(),
  0x10,
  ...unsigned(callee),
];

/** Runs the body again as long as the condition, an i32, is not 0 after it. */
export const doWhile = (condition: Code, ...body: readonly Code[]): Code => [
  ...[0x03, 0x40],
  ...body.flat(),
  ...condition,
  ...[0x0d, 0x00, 0x0b],
];

export const when = (condition: Code, ...body: readonly Code[]): Code => [
  ...condition,
  ...[0x04, 0x40],
  ...body.flat(),
  0x0b,
];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  lt_u: plain(0x49),
  add: plain(0x6a),
};

export const v128 = {
  load: ofMemory(3, 0xfd, 0x00),
  store: ofMemory(3, 0xfd, 0x0b),
  and: vector(0x4e),
  or: vector(0x50),
  xor: vector(0x51),
  /** The first where the bits of the third are 1, the second where they are 0. */
  bitselect: vector(0x52),
  any_true: vector(0x53),
};

export const i8x16 = {
  /** Of the 32 bytes of two vectors, those of these numbers. */
  shuffle: (bytes: readonly number[], a: Code, b: Code): Code => vector(0x0d, ...bytes)(a, b),
};

export const i32x4 = {
  splat: vector(0x11),
  extract_lane: ofLane(0x1b),
  shl: vector(0xab),
  shr_u: vector(0xad),
  add: vector(0xae),
};

export const i64x2 = {
  const: (value: bigint): Code => vector(0x0c, ...bytesOf(BigUint64Array.of(value, value)))(),
  shr_u: vector(0xcd),
  add: vector(0xce),
};

export const f64x2 = {
  const: (value: number): Code => vector(0x0c, ...bytesOf(Float64Array.of(value, value)))(),
  splat: vector(0x14),
  extract_lane: ofLane(0x21),
  replace_lane: ofLane(0x22),
  lt: vector(0x49),
  floor: vector(0x75),
  sqrt: vector(0xef),
  add: vector(0xf0),
  sub: vector(0xf1),
  mul: vector(0xf2),
  convert_low_i32x4_s: vector(0xfe),
};
