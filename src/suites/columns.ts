/** Arrays that rows are stored in, by the name of their numbers. */
export const arrayTypes = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
};
export type NumberType = keyof typeof arrayTypes;

interface ArrayByType {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  uint8: Uint8Array;
}
export type Numbers = ArrayByType[NumberType];

/** An array whose first dimension counts examples. */
export interface NdArray<Data extends Numbers = Numbers> {
  shape: number[];
  data: Data;
}

/** Named columns, one row per example. */
export type Rows = Readonly<Record<string, NdArray>>;

/** What a column holds: numbers of one type, in the shape of a single row. */
export interface Column<T extends NumberType = NumberType> {
  readonly type: T;
  /** Without the dimension of examples: [] for a number, [10] for the logits of ten classes. */
  readonly shape: readonly number[];
}

/** The columns of a measurement by name; undefined where a system or parameters give none. */
export type Columns = Readonly<Record<string, Column | undefined>>;

const column =
  <T extends NumberType>(type: T) =>
  (...shape: readonly number[]): Column<T> => ({ type, shape });

/** Columns by the shape of a row: `float32(classes.length)` for logits, `int32()` for one number. */
export const float32 = column('float32');
export const float64 = column('float64');
export const int32 = column('int32');
export const uint8 = column('uint8');

type ArrayIn<C> = C extends Column<infer T> ? NdArray<ArrayByType[T]> : never;
type Optional<C> = { [K in keyof C as undefined extends C[K] ? K : never]?: ArrayIn<C[K]> };
type Certain<C> = { [K in keyof C as undefined extends C[K] ? never : K]: ArrayIn<C[K]> };

/** The type of the rows in columns: those that may be undefined are optional. */
export type RowsIn<C extends Columns> = Certain<C> & Optional<C>;

/** What `measure` returns: each column as one array, row after row. */
export type DataOf<R> = { [K in keyof R]: R[K] extends NdArray<infer D> | undefined ? D : never };
