/**
 * An ONNX model held in memory as plain data: what every reader produces, autodiff rewrites and engines run.
 * Names and attribute values are those of the ONNX specification.
 */

/** Element types the graph layer can hold. The names are ONNX's in lower case. */
export type DataType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool';

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** A constant. `float16` and `bfloat16` hold their bits in a Uint16Array, `bool` one byte an element. */
export interface Tensor {
  type: DataType;
  dims: number[];
  data: TypedArray;
}

/** The value of a node's attribute; int64 attributes are JavaScript numbers (checked to be safe integers). */
export type Attribute =
  | { kind: 'int'; value: number }
  | { kind: 'float'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'tensor'; value: Tensor }
  | { kind: 'ints'; value: number[] }
  | { kind: 'floats'; value: number[] }
  | { kind: 'strings'; value: string[] }
  | { kind: 'graph'; value: Graph };

export interface Node {
  /** Unique when not empty; used in messages. */
  name: string;
  op: string;
  /** '' for the standard operators, otherwise `ai.onnx.ml`, `com.microsoft`, ... */
  domain: string;
  /** Names of the values read; '' for an optional input left out. */
  inputs: string[];
  /** Names of the values written; '' for an optional output left out. */
  outputs: string[];
  attributes: Record<string, Attribute>;
}

/** A graph input or output. A dimension is a number, a symbol such as `N`, or null when unknown; so is the rank. */
export interface ValueInfo {
  name: string;
  type: DataType;
  dims: (number | string | null)[] | null;
}

/** What a user should know about how a network is used: shown by `assay inspect` and in every report. */
export interface Note {
  /** kebab-case, stable. */
  code: string;
  severity: 'note' | 'warning';
  /** One sentence without a full stop. */
  message: string;
  /** Why it matters. */
  why?: string;
}

export interface Graph {
  name: string;
  /** Opset version per operator domain; '' is the standard one. */
  opsets: Record<string, number>;
  irVersion: number;
  /** The opset the file was exported with; the graph itself is in the forms of opset 18 or newer. */
  exportedOpset?: number;
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  /** In topological order. */
  nodes: Node[];
  /** The weights and other constants, by value name. */
  initializers: Map<string, Tensor>;
  /** Exporter, for reports: `pytorch 2.1`. */
  producer?: string;
  /** What reading changed that a user should know. */
  notes?: readonly Note[];
}
