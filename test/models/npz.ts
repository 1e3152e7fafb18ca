import { readFileSync } from 'node:fs';
import { unzipSync } from 'fflate';

/** The arrays of a trusted .npz of reference values, as numbers. */
export function readReference(file: string): Record<string, { shape: number[]; data: Float64Array }> {
  const arrays: Record<string, { shape: number[]; data: Float64Array }> = {};
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(file)))) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const [length, start] = bytes[6] === 1 ? [view.getUint16(8, true), 10] : [view.getUint32(8, true), 12];
    const header = Buffer.from(bytes.subarray(start, start + length)).toString('latin1');
    const descr = /'descr': '([^']+)'/.exec(header)?.[1] ?? '';
    const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? '')
      .split(',')
      .filter((s) => s.trim())
      .map(Number);
    const read: Record<string, [bytes: number, at: (offset: number) => number]> = {
      '<f8': [8, (o) => view.getFloat64(o, true)],
      '<f4': [4, (o) => view.getFloat32(o, true)],
      '<i8': [8, (o) => Number(view.getBigInt64(o, true))],
      '|u1': [1, (o) => view.getUint8(o)],
      '|b1': [1, (o) => view.getUint8(o)],
    };
    const [size, at] = read[descr]!;
    const n = shape.reduce((a, d) => a * d, 1);
    const data = Float64Array.from({ length: n }, (_, i) => at(start + length + i * size));
    const columnsFirst = header.includes("'fortran_order': True");
    arrays[name.replace(/\.npy$/, '')] = { shape, data: columnsFirst ? rowsFirst(data, shape) : data };
  }
  return arrays;
}

/** A matrix that lies column by column, row by row. */
function rowsFirst(data: Float64Array, shape: readonly number[]): Float64Array {
  const [rows, columns] = shape as readonly [number, number];
  if (shape.length !== 2) throw new Error('an array of more axes lies column by column');
  return data.map((_, i) => data[(i % columns) * rows + Math.floor(i / columns)]!);
}

/** ||got - wanted|| / ||wanted||, or ||got|| where nothing is wanted. */
export function relativeError(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < wanted.length; i++) {
    difference += (got[i]! - wanted[i]!) ** 2;
    norm += wanted[i]! ** 2;
  }
  return Math.sqrt(difference) / (Math.sqrt(norm) || 1);
}
