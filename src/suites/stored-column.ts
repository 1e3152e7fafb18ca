import { elements } from '../data/arrays/nd-array.js';
import { arrayTypes, type NdArray, type Numbers, type NumberType } from './columns.js';

/** Rows that lie somewhere and are read when they are wanted. */
export interface StoredPart {
  n: number;
  /** All n rows. Errors: those of reading. */
  read(): Numbers;
}

/**
 * A column that is too wide to lie in memory, such as an image for each example: rows are read where they lie. `data` is all
 * of it, and stays in memory once it was asked for: take `rowsOf` where some rows will do.
 */
export class StoredColumn implements NdArray {
  readonly shape: number[];
  private readonly width: number;
  private whole: Numbers | undefined;
  /** The part that was read last: rows are mostly read in order. */
  private last: { part: StoredPart; data: Numbers } | undefined;

  /** @param positions which rows of the parts it has, in its order. Default: all */
  constructor(
    private readonly type: NumberType,
    rowShape: readonly number[],
    private readonly parts: readonly StoredPart[],
    private readonly positions?: Int32Array,
  ) {
    const n = positions?.length ?? parts.reduce((sum, part) => sum + part.n, 0);
    this.shape = [n, ...rowShape];
    this.width = elements(rowShape);
  }

  get data(): Numbers {
    this.whole ??= this.rows(0, this.shape[0]!);
    return this.whole;
  }

  /** Rows start to end, a copy. */
  rows(start: number, end: number): Numbers {
    const { width } = this;
    if (this.whole) return this.whole.slice(start * width, end * width);
    const made = new arrayTypes[this.type]((end - start) * width);
    for (let row = start; row < end; row++) {
      const { part, at } = this.place(this.positions?.[row] ?? row);
      made.set(this.dataOf(part).subarray(at * width, (at + 1) * width), (row - start) * width);
    }
    return made;
  }

  /** All rows in order, a part at a time, or some MiB: an empty piece where there are none. */
  *pieces(): Generator<Numbers> {
    if (this.whole || this.positions || this.parts.length === 0) return yield* inSteps(this);
    for (const part of this.parts) yield this.dataOf(part);
  }

  chosen(positions: readonly number[]): StoredColumn {
    const of = Int32Array.from(positions, (at) => this.positions?.[at] ?? at);
    return new StoredColumn(this.type, this.shape.slice(1), this.parts, of);
  }

  private place(row: number): { part: StoredPart; at: number } {
    let at = row;
    for (const part of this.parts) {
      if (at < part.n) return { part, at };
      at -= part.n;
    }
    throw new RangeError(`there is no row ${row}`);
  }

  private dataOf(part: StoredPart): Numbers {
    if (this.last?.part !== part) this.last = { part, data: part.read() };
    return this.last.data;
  }
}

/** Rows start to end of a column: of one that does not lie in memory, no more than these are read. */
export function rowsOf<D extends Numbers>(array: NdArray<D>, start: number, end: number): D {
  if ((array as NdArray) instanceof StoredColumn)
    return (array as never as StoredColumn).rows(start, end) as D;
  const width = elements(array.shape.slice(1));
  return array.data.subarray(start * width, end * width) as D;
}

/** All rows, a few at a time, in pieces of some MiB: an empty one where there are none. */
export function piecesOf(array: NdArray): Generator<Numbers> {
  return array instanceof StoredColumn ? array.pieces() : inSteps(array);
}

function* inSteps(array: NdArray): Generator<Numbers> {
  const [n, ...rowShape] = array.shape as [number, ...number[]];
  const step = Math.max(1, Math.floor(PIECE / elements(rowShape)));
  let start = 0;
  do {
    yield rowsOf(array, start, Math.min(n, start + step));
    start += step;
  } while (start < n);
}

/** Numbers. */
const PIECE = 2 ** 19;
