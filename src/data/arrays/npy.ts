import { type ByteSource, malformed, type Place } from '../../bytes/byte-source.js';
import { type ArrayHeader, type ArraySource, arraySource } from './array-source.js';
import {
  type Dtype,
  dtypeOf,
  dtypes,
  elements,
  hostIsLittleEndian,
  type NdArray,
  shapeText,
  swapBytes,
} from './nd-array.js';

// The .npy format, versions 1 to 3: NumPy Enhancement Proposal 1 and numpy/lib/format.
const MAGIC = '\x93NUMPY';
/** Far above what NumPy writes for plain arrays; longer headers are refused unread. */
const MAX_HEADER = 65_536;
const MAX_RANK = 32;

const ENTRY = /\s*'(\w+)'\s*:\s*('[^']*'|True|False|\([\d,\s]*\))\s*(,|(?=\}))/y;

/** The dictionary of the header. Nothing is evaluated: only quoted strings, booleans and tuples of integers pass. */
function parseDictionary(text: string, place: Place): Map<string, string> {
  const odd = () =>
    malformed(place, 'the .npy header is not understood', {
      expected: "{'descr': '<f4', 'fortran_order': False, 'shape': (10, 28, 28), }",
      found: text.slice(0, 120).trim(),
      hint: 'structured and object arrays are not supported: save plain arrays of numbers',
    });
  const body = text.trim();
  const entries = new Map<string, string>();
  if (!body.startsWith('{')) throw odd();
  ENTRY.lastIndex = 1;
  for (let at = 1; ; at = ENTRY.lastIndex) {
    const match = ENTRY.exec(body);
    if (!match) {
      if (!/^\s*\}$/.test(body.slice(at))) throw odd();
      break;
    }
    if (entries.has(match[1]!)) throw odd();
    entries.set(match[1]!, match[2]!);
  }
  const keys = [...entries.keys()].sort().join();
  if (keys !== 'descr,fortran_order,shape') throw odd();
  return entries;
}

function parseShape(text: string, place: Place): number[] {
  const items = text
    .slice(1, -1)
    .split(',')
    .map((item) => item.trim());
  // `(3,)` has an empty item after its comma, `()` has nothing but one.
  if (items.at(-1) === '') items.pop();
  const shape = items.map(Number);
  const valid = items.every((item, i) => /^\d+$/.test(item) && Number.isSafeInteger(shape[i]));
  if (!valid || shape.length > MAX_RANK)
    throw malformed(place, 'the shape in the .npy header makes no sense', { found: text.slice(0, 120) });
  return shape;
}

function parseDescr(text: string, place: Place): Pick<ArrayHeader, 'dtype' | 'littleEndian'> {
  const [, order, code] = /^'([<>|=]?)(\w+)'$/.exec(text) ?? [];
  const known = Object.hasOwn(dtypes, code ?? '');
  if (!known || (order === '|' && dtypes[code as Dtype].bytes > 1))
    throw malformed(place, 'arrays of this element type are not supported', {
      expected: `one of ${Object.keys(dtypes).join(', ')} after a byte order`,
      found: text,
      hint: "convert it before saving: array.astype('float32')",
    });
  return { dtype: code as Dtype, littleEndian: order === '=' ? hostIsLittleEndian : order !== '>' };
}

/** Reads the header of a .npy file. Errors: `file-malformed`. */
export async function readNpyHeader(source: ByteSource): Promise<ArrayHeader> {
  const { place } = source;
  const start = Buffer.from(await source.read(0, Math.min(12, source.size)));
  const magic = start.toString('latin1', 0, 6);
  const version = start[6]!;
  const lengthBytes = version === 1 ? 2 : 4;
  if (start.length < 12 || magic !== MAGIC || version < 1 || version > 3 || start[7] !== 0)
    throw malformed(place, 'this is not a .npy array', {
      expected: 'a header of version 1, 2 or 3',
      found: magic === MAGIC ? `version ${version}.${start[7]}` : `bytes ${start.toString('hex', 0, 8)}`,
    });
  const length = version === 1 ? start.readUInt16LE(8) : start.readUInt32LE(8);
  if (length > MAX_HEADER)
    throw malformed(place, 'the .npy header is too long', {
      expected: `at most ${MAX_HEADER} bytes`,
      found: `${length} bytes`,
    });
  const text = Buffer.from(await source.read(8 + lengthBytes, length));
  const entries = parseDictionary(text.toString(version === 3 ? 'utf8' : 'latin1'), place);
  const shape = parseShape(entries.get('shape') ?? '', place);
  if (entries.get('fortran_order') !== 'False' && shape.length > 1)
    throw malformed(place, 'the array is in Fortran order', {
      expected: 'row-major (C) order',
      hint: 'save numpy.ascontiguousarray(array) instead',
    });
  return { shape, ...parseDescr(entries.get('descr') ?? '', place), dataOffset: 8 + lengthBytes + length };
}

/** A .npy array that is read by ranges. Errors: `file-malformed`. */
export async function openNpy(source: ByteSource): Promise<ArraySource> {
  return arraySource(source, await readNpyHeader(source));
}

/** A .npy array, whole. Errors: `file-malformed`. */
export async function decodeNpy(source: ByteSource): Promise<NdArray> {
  const array = await openNpy(source);
  return { shape: array.shape, data: await array.all() };
}

/** The bytes before the elements in a .npy file, version 1, little endian: a multiple of 64, as NumPy writes them. */
export function npyHeader(shape: readonly number[], code: Dtype): Uint8Array {
  const descr = `${dtypes[code].bytes === 1 ? '|' : '<'}${code}`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shapeText(shape)}, }`;
  const length = 64 * Math.ceil((10 + text.length + 1) / 64);
  const out = Buffer.alloc(length);
  out.write(MAGIC, 0, 'latin1');
  out[6] = 1;
  out.writeUInt16LE(length - 10, 8);
  out.write(`${text.padEnd(length - 11)}\n`, 10, 'latin1');
  return out;
}

/**
 * The bytes of a .npy file, version 1, little endian, elements aligned to 64 bytes as NumPy writes them, in pieces.
 * @param pieces the elements in their order, all of one type; an empty piece where there are none
 */
export function* npyPieces(
  shape: readonly number[],
  pieces: Iterable<NdArray['data']>,
): Generator<Uint8Array> {
  let begun = false;
  let count = 0;
  for (const data of pieces) {
    const code = dtypeOf(data);
    if (!begun) yield npyHeader(shape, code);
    begun = true;
    count += data.length;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    if (hostIsLittleEndian) yield bytes;
    else {
      const swapped = bytes.slice();
      swapBytes(swapped, dtypes[code].bytes);
      yield swapped;
    }
  }
  if (elements(shape) !== count)
    throw new RangeError(`${count} elements do not fill shape ${shapeText(shape)}`);
}

/** The bytes of a .npy file, as `npyPieces` gives them. */
export const encodeNpy = ({ shape, data }: NdArray): Uint8Array =>
  Buffer.concat([...npyPieces(shape, [data])]);
