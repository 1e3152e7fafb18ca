import type { DataType, Graph } from '../graph/graph.js';

/** A tensor that crosses the engine boundary. int64 values travel as BigInt64Array, bool as Uint8Array. */
export interface Value {
  type: DataType;
  dims: readonly number[];
  data: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;
}

export interface Program {
  /** Runs the graph once. `fetches` names the outputs wanted (default: all). Calls may overlap. */
  run(feeds: Record<string, Value>, fetches?: readonly string[]): Promise<Record<string, Value>>;
  /** Frees what the engine holds for this program. */
  release(): Promise<void>;
}

export interface Engine {
  readonly name: string;
  /** Library, version, device and threads, for reports: the same string means comparable floating point. */
  readonly description: string;
  /** How many `run` calls make progress at once; suites keep this many batches in flight. */
  readonly concurrency: number;
  /** Constant folding and other exact simplifications, returned as a plain ONNX graph (no private operators). */
  fold(graph: Graph): Promise<Graph>;
  compile(graph: Graph): Promise<Program>;
  close(): Promise<void>;
}
