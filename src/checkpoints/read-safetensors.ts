import type { Weights } from '../architectures/weights.js';
import { type ByteSource, malformed, openFile } from '../bytes/byte-source.js';
import { limits } from '../bytes/limits.js';
import type { DataType, Tensor } from '../graph/graph.js';
import { bytesPerElement, fromBytes } from '../graph/tensor.js';
import type { FileHead } from './checkpoint.js';
import { strayKey } from './stray-key.js';

const MAX_NAME = 1000;

const TYPES: Readonly<Record<string, DataType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U64: 'uint64',
  U32: 'uint32',
  U16: 'uint16',
  U8: 'uint8',
  BOOL: 'bool',
};

interface Entry {
  name: string;
  type: DataType;
  dims: number[];
  start: number;
  end: number;
}

const isSize = (n: unknown): n is number => typeof n === 'number' && Number.isSafeInteger(n) && n >= 0;
const again = 'fetch the file again, or save it again';

async function headerOf(source: ByteSource): Promise<{ text: string; start: number }> {
  const { place, size } = source;
  if (size < 10) throw malformed(place, 'the file is too short for its format', { found: `${size} bytes` });
  const length = Buffer.from(await source.read(0, 8)).readBigUInt64LE(0);
  const most = Math.min(limits.safetensorsHeader.value, size - 8);
  if (length < 2n || length > BigInt(most))
    throw malformed(place, 'the header of the file has an impossible length', {
      expected: `2 to ${most} bytes`,
      found: `${length} bytes`,
      hint: again,
    });
  const bytes = await source.read(8, Number(length));
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), start: 8 + Number(length) };
  } catch (cause) {
    throw malformed(place, 'the header of the file is not text', { hint: again, cause });
  }
}

function entryOf(name: string, value: unknown, source: ByteSource, start: number): Entry {
  const place = { file: source.place.file, path: `tensor "${name.slice(0, 200)}"` };
  const refuse = (message: string, expected: string, found: unknown) =>
    malformed(place, message, { expected, found: String(JSON.stringify(found)).slice(0, 120), hint: again });
  if (name.length > MAX_NAME)
    throw refuse('a tensor has a name that is too long', `at most ${MAX_NAME} characters`, name.length);
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const type = typeof dtype === 'string' && Object.hasOwn(TYPES, dtype) ? TYPES[dtype] : undefined;
  if (!type)
    throw refuse('a tensor has a type that is not read', `one of ${Object.keys(TYPES).join(', ')}`, dtype);
  if (!Array.isArray(shape) || shape.length > 64 || !shape.every(isSize))
    throw refuse('a tensor has an impossible shape', 'a list of sizes', shape);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize) || offsets[0]! > offsets[1]!)
    throw refuse('a tensor has impossible offsets', 'where it begins and where it ends', offsets);
  const bytes = shape.reduce((a, d) => a * d, bytesPerElement(type));
  if (bytes !== offsets[1]! - offsets[0]!)
    throw refuse(
      'the shape of a tensor does not fit its bytes',
      `${bytes} bytes for ${dtype} [${shape.join(', ')}]`,
      offsets,
    );
  if (offsets[1]! > source.size - start)
    throw refuse('a tensor lies beyond the end of the file', `offsets up to ${source.size - start}`, offsets);
  return { name, type, dims: shape, start: offsets[0]!, end: offsets[1]! };
}

/** Tensors must follow each other from the first byte to the last: what else is there would be hidden. */
function refuseGaps(entries: readonly Entry[], source: ByteSource, start: number): void {
  const sorted = [...entries].sort((a, b) => a.start - b.start || a.end - b.end);
  let at = 0;
  for (const { name, start: from, end } of sorted) {
    if (from !== at)
      throw malformed(
        { file: source.place.file, path: `tensor "${name.slice(0, 200)}"` },
        from < at ? 'two tensors overlap' : 'there is a gap between two tensors',
        {
          expected: `offset ${at}`,
          found: `offset ${from}`,
          hint: again,
        },
      );
    at = end;
  }
  if (start + at !== source.size)
    throw malformed(source.place, 'the tensors do not fill the file', {
      expected: `${start + at} bytes`,
      found: `${source.size} bytes`,
      hint: again,
    });
}

/** Header as checked: nothing is read or allocated by a length before. Errors: `file-malformed`. */
async function entriesOf(source: ByteSource): Promise<{ entries: Entry[]; start: number }> {
  const { text, start } = await headerOf(source);
  const { place } = source;
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw malformed(place, 'the header of the file is not JSON', {
      found: (cause as Error).message.slice(0, 120),
      hint: again,
      cause,
    });
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw malformed(place, 'the header of the file names no tensors', { hint: again });
  const wrong = strayKey(text, 3);
  if (wrong !== undefined)
    throw malformed(place, 'the header of the file is not well-formed', {
      found: wrong.slice(0, 120),
      hint: again,
    });
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => entryOf(name, value, source, start));
  if (entries.length === 0) throw malformed(place, 'the file holds no tensors');
  refuseGaps(entries, source, start);
  return { entries, start };
}

/** An eight-byte length, a JSON header of that length, then the numbers. Errors: `file-malformed`. */
export async function readWeights({ file }: FileHead): Promise<Weights> {
  const source = await openFile(file);
  try {
    const { entries, start } = await entriesOf(source);
    const tensors = new Map<string, Tensor>();
    for (const { name, type, dims, start: from, end } of entries)
      tensors.set(name, { type, dims, data: fromBytes(type, await source.read(start + from, end - from)) });
    return { file, format: 'safetensors', tensors, from: '', others: [], versions: new Map() };
  } finally {
    await source.close();
  }
}
