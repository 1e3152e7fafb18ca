import { limits } from '../bytes/limits.js';

/** Fields of ModelProto that are counted inside: the graph, and the functions. */
const WALKED = new Set([7, 25]);

/**
 * Whether an ONNX file has more parts than are read (nodes, initialisers, values of its graph and functions), told from
 * the lengths in the file alone. Files that are not well-formed are left to the parser.
 */
export function hasTooManyParts(bytes: Uint8Array, most: number = limits.graphNodes.value): boolean {
  let parts = 0;
  for (const outer of fields(bytes, 0, bytes.length)) {
    if (++parts > most) return true;
    if (!WALKED.has(outer.number)) continue;
    for (const _ of fields(bytes, outer.start, outer.end)) if (++parts > most) return true;
  }
  return false;
}

interface Field {
  number: number;
  start: number;
  end: number;
}

/** Fields of a protobuf message, as far as they are whole. */
function* fields(bytes: Uint8Array, start: number, end: number): Generator<Field> {
  let at = start;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70 && at < end; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  while (at < end) {
    const key = varint();
    const wire = key % 8;
    // By wire type: varint, eight bytes, counted bytes, four bytes.
    const length = wire === 2 ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : 0;
    const from = at;
    if (wire === 0) varint();
    else at += length;
    if (![0, 1, 2, 5].includes(wire) || !(at <= end)) return;
    yield { number: Math.floor(key / 8), start: from, end: at };
  }
}
