import { type ByteSource, malformed } from '../../bytes/byte-source.js';
import {
  type Dtype,
  dtypes,
  elements,
  hostIsLittleEndian,
  type NumberArray,
  shapeText,
  swapBytes,
} from './nd-array.js';

/** What the header of an array file says. */
export interface ArrayHeader {
  shape: readonly number[];
  dtype: Dtype;
  littleEndian: boolean;
  /** Where the elements begin. */
  dataOffset: number;
}

/** An array in a file, read by ranges of its first axis. */
export interface ArraySource {
  readonly source: ByteSource;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** Elements of the rows start (inclusive) to end (exclusive). */
  rows(start: number, end: number): Promise<NumberArray>;
  /** All elements. */
  all(): Promise<NumberArray>;
}

/**
 * Joins a header with the bytes it describes.
 * Errors: `file-malformed` when the elements do not fill the source exactly.
 */
export function arraySource(source: ByteSource, header: ArrayHeader): ArraySource {
  const { shape, dtype, littleEndian, dataOffset } = header;
  const { bytes, decode } = dtypes[dtype];
  const claimed = elements(shape) * bytes;
  const present = source.size - dataOffset;
  if (claimed !== present)
    throw malformed(
      source.place,
      claimed > present ? 'the array is cut off' : 'there are bytes after the array',
      {
        expected: `${claimed} bytes for shape ${shapeText(shape)} of ${8 * bytes}-bit elements`,
        found: `${present} bytes`,
        hint: 'fetch or write the file again',
      },
    );
  const read = async (offset: number, length: number) => {
    const data = await source.read(dataOffset + offset * bytes, length * bytes);
    if (littleEndian !== hostIsLittleEndian) swapBytes(data, bytes);
    return decode(data.buffer);
  };
  const rowLength = elements(shape.slice(1));
  return {
    source,
    shape,
    dtype,
    rows: (start, end) => read(start * rowLength, (end - start) * rowLength),
    all: () => read(0, elements(shape)),
  };
}
