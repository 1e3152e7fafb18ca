import { type ByteSource, malformed, slice } from '../../bytes/byte-source.js';
import type { Closing } from '../../bytes/closing.js';
import { inflate } from '../../bytes/inflate.js';
import { arraySource } from './array-source.js';
import { type Dtype, dtypes, elements, type NumberArray, shapeText } from './nd-array.js';

/*
 * MAT-files of version 5 to 7 (MathWorks, "MAT-File Format"): arrays of real numbers, compressed or not. Structures, cells,
 * text and the rest are passed over. Files of version 7.3 are HDF5.
 */

/** An array of real numbers, in column-major order: the first index runs fastest. */
export interface MatArray {
  name: string;
  /** At least two. */
  shape: readonly number[];
  /** How its elements are stored, which may be narrower than what they are in MATLAB. */
  dtype: Dtype;
  littleEndian: boolean;
  /** The elements' bytes. */
  data: ByteSource;
}

/** Storage types by their number. */
const STORED: Readonly<Record<number, Dtype>> = {
  1: 'i1',
  2: 'u1',
  3: 'i2',
  4: 'u2',
  5: 'i4',
  6: 'u4',
  7: 'f4',
  9: 'f8',
  12: 'i8',
  13: 'u8',
};
const MATRIX = 14;
const COMPRESSED = 15;
/** Classes of arrays from double to uint64. */
const isNumeric = (arrayClass: number) => arrayClass >= 6 && arrayClass <= 15;
const COMPLEX = 0x800;

const HEADER = 128;

/**
 * The arrays of a file by name. Compressed ones are inflated once.
 * @param closing what was inflated is added
 * Errors: `file-malformed`.
 */
export async function matArrays(source: ByteSource, closing: Closing): Promise<Map<string, MatArray>> {
  const head = Buffer.from(await source.read(0, Math.min(HEADER, source.size)));
  const mark = head.toString('latin1', 126, 128);
  const littleEndian = mark === 'IM';
  const version = littleEndian ? head[125] : head[124];
  if (head.length < HEADER || (mark !== 'IM' && mark !== 'MI') || version !== 1)
    throw malformed(source.place, 'this is not a MAT-file of version 5 to 7', {
      found: version === 2 ? 'version 7.3, which is HDF5' : undefined,
      hint: "save it again with save('FILE', '-v7')",
    });
  const arrays = new Map<string, MatArray>();
  for (let at = HEADER; at < source.size; ) {
    const element = await elementAt(source, at, littleEndian);
    at = element.type === COMPRESSED ? element.start + element.size : element.next;
    const content = slice(source, element.start, element.size, source.place);
    const whole =
      element.type === COMPRESSED
        ? closing.add(await inflate(content, { method: 'zlib', place: source.place }))
        : undefined;
    const inner = whole ? await elementAt(whole, 0, littleEndian) : element;
    if (inner.type !== MATRIX) continue;
    const array = await arrayIn(
      whole ? slice(whole, inner.start, inner.size, source.place) : content,
      littleEndian,
    );
    if (array) arrays.set(array.name, array);
  }
  return arrays;
}

interface Element {
  type: number;
  start: number;
  size: number;
  /** Where the next one begins. */
  next: number;
}

/** A type and a size in eight bytes; short content shares them. */
async function elementAt(source: ByteSource, at: number, littleEndian: boolean): Promise<Element> {
  const tag = new DataView((await source.read(at, 8)).buffer);
  const first = tag.getUint32(0, littleEndian);
  const short = first >>> 16;
  if (short > 4) throw malformed(source.place, 'the MAT-file is damaged', { found: `offset ${at}` });
  if (short > 0) return { type: first & 0xffff, start: at + 4, size: short, next: at + 8 };
  const size = tag.getUint32(4, littleEndian);
  return { type: first, start: at + 8, size, next: at + 8 + Math.ceil(size / 8) * 8 };
}

async function arrayIn(source: ByteSource, littleEndian: boolean): Promise<MatArray | undefined> {
  if (source.size === 0) return undefined;
  const flags = await elementAt(source, 0, littleEndian);
  const word = new DataView((await source.read(flags.start, 8)).buffer).getUint32(0, littleEndian);
  if (!isNumeric(word & 0xff) || word & COMPLEX) return undefined;
  const dimensions = await elementAt(source, flags.next, littleEndian);
  const name = await elementAt(source, dimensions.next, littleEndian);
  const values = await elementAt(source, name.next, littleEndian);
  const dtype = STORED[values.type];
  const sizes = new DataView((await source.read(dimensions.start, dimensions.size)).buffer);
  const shape = Array.from({ length: dimensions.size / 4 }, (_, i) => sizes.getInt32(4 * i, littleEndian));
  const called = Buffer.from(await source.read(name.start, name.size)).toString('latin1');
  const place = { file: source.place.file, path: called };
  if (
    dtype === undefined ||
    shape.some((size) => size < 0) ||
    elements(shape) * dtypes[dtype].bytes !== values.size
  )
    throw malformed(place, 'an array of the MAT-file does not have the size that it states', {
      expected: `${elements(shape)} numbers for shape ${shapeText(shape)}`,
      found: `${values.size} bytes of ${dtype ?? `type ${values.type}`}`,
    });
  return { name: called, shape, dtype, littleEndian, data: slice(source, values.start, values.size, place) };
}

/** All elements of an array, in column-major order. */
export const matNumbers = ({ data, shape, dtype, littleEndian }: MatArray): Promise<NumberArray> =>
  arraySource(data, { shape, dtype, littleEndian, dataOffset: 0 }).all();
