import type { DataType } from '../../graph/graph.js';

/** Memory that tensors share, by the key under which the file keeps it. */
export interface Storage {
  key: string;
  /** Undefined for what the graph cannot hold: complex, quantised and 8-bit float numbers. */
  type: DataType | undefined;
  /** The type's name in PyTorch. */
  typeName: string;
  bytesPerElement: number;
  /** As the file claims; compared with the bytes that are there before anything is read. */
  elements: number;
}

/** A tensor as a pickle describes it: a view into a storage. Its numbers are not read yet. */
export class StoredTensor {
  constructor(
    readonly storage: Storage,
    /** In elements. */
    readonly offset: number,
    readonly dims: readonly number[],
    readonly strides: readonly number[],
  ) {}

  /** Numbers in the tensor. */
  get count(): number {
    return this.dims.reduce((a, d) => a * d, 1);
  }

  /** Rows follow each other without gaps: the numbers lie in the storage as they are wanted. */
  get contiguous(): boolean {
    let step = 1;
    for (let axis = this.dims.length - 1; axis >= 0; axis--) {
      if (this.dims[axis] !== 1 && this.strides[axis] !== step) return false;
      step *= this.dims[axis]!;
    }
    return true;
  }
}

/** A tensor without numbers of its own here: sparse, quantised, on the meta device. */
export class UnreadableTensor {
  constructor(readonly why: string) {}
}

const isSize = (n: unknown): n is number => typeof n === 'number' && Number.isSafeInteger(n) && n >= 0;

/** PyTorch itself goes to 64. */
const MAX_AXES = 64;

/** Checks that a view lies inside its storage. Returns what is wrong with it, or the tensor. */
export function viewOf(
  storage: Storage,
  offset: unknown,
  dims: readonly unknown[],
  strides: readonly unknown[],
): StoredTensor | string {
  if (!isSize(offset)) return `a storage offset of ${String(offset)}`;
  if (dims.length > MAX_AXES) return `${dims.length} axes`;
  if (!dims.every(isSize)) return 'a size that is not a whole number from 0 on';
  if (strides.length !== dims.length || !strides.every(isSize))
    return 'strides that are not one whole number from 0 on for each axis';
  const tensor = new StoredTensor(storage, offset, dims, strides);
  if (!Number.isSafeInteger(tensor.count)) return `a shape of [${dims.join(', ')}]`;
  const last = dims.reduce((sum, d, axis) => sum + (d - 1) * strides[axis]!, offset);
  if (tensor.count > 0 && !(last < storage.elements))
    return `a view up to element ${last} of a storage of ${storage.elements}`;
  return tensor;
}

interface TypeRow {
  storage: string;
  /** Names of the dtype. */
  names: readonly string[];
  type?: DataType;
  bytes: number;
}

/** PyTorch's element types: the storage class that legacy pickles name, and the dtype. */
const TYPES: readonly TypeRow[] = [
  { storage: 'FloatStorage', names: ['float32', 'float'], type: 'float32', bytes: 4 },
  { storage: 'DoubleStorage', names: ['float64', 'double'], type: 'float64', bytes: 8 },
  { storage: 'HalfStorage', names: ['float16', 'half'], type: 'float16', bytes: 2 },
  { storage: 'BFloat16Storage', names: ['bfloat16'], type: 'bfloat16', bytes: 2 },
  { storage: 'LongStorage', names: ['int64', 'long'], type: 'int64', bytes: 8 },
  { storage: 'IntStorage', names: ['int32', 'int'], type: 'int32', bytes: 4 },
  { storage: 'ShortStorage', names: ['int16', 'short'], type: 'int16', bytes: 2 },
  { storage: 'CharStorage', names: ['int8'], type: 'int8', bytes: 1 },
  { storage: 'ByteStorage', names: ['uint8'], type: 'uint8', bytes: 1 },
  { storage: 'BoolStorage', names: ['bool'], type: 'bool', bytes: 1 },
  { storage: '', names: ['uint16'], type: 'uint16', bytes: 2 },
  { storage: '', names: ['uint32'], type: 'uint32', bytes: 4 },
  { storage: '', names: ['uint64'], type: 'uint64', bytes: 8 },
  { storage: 'ComplexFloatStorage', names: ['complex64', 'cfloat'], bytes: 8 },
  { storage: 'ComplexDoubleStorage', names: ['complex128', 'cdouble'], bytes: 16 },
  { storage: '', names: ['complex32', 'chalf'], bytes: 4 },
  { storage: '', names: ['float8_e4m3fn'], bytes: 1 },
  { storage: '', names: ['float8_e5m2'], bytes: 1 },
  { storage: '', names: ['float8_e4m3fnuz'], bytes: 1 },
  { storage: '', names: ['float8_e5m2fnuz'], bytes: 1 },
  { storage: 'QInt8Storage', names: ['qint8'], bytes: 1 },
  { storage: 'QUInt8Storage', names: ['quint8'], bytes: 1 },
  { storage: 'QInt32Storage', names: ['qint32'], bytes: 4 },
  { storage: 'UntypedStorage', names: [], type: 'uint8', bytes: 1 },
];

export type ElementType = Pick<Storage, 'type' | 'typeName' | 'bytesPerElement'>;

function rowType({ storage, names, type, bytes }: TypeRow): ElementType {
  return { type, typeName: names[0] ?? storage, bytesPerElement: bytes };
}

/** Element types by the name of their storage class: `FloatStorage`. */
export const storageTypes: ReadonlyMap<string, ElementType> = new Map(
  TYPES.filter(({ storage }) => storage !== '').map((row) => [row.storage, rowType(row)]),
);

/** Element types by the name of their dtype: `float32`. */
export const dtypes: ReadonlyMap<string, ElementType> = new Map(
  TYPES.flatMap((row) => row.names.map((name) => [name, rowType(row)] as const)),
);
