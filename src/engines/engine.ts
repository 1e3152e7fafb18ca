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
  /**
   * Runs the graph for the most bytes that its process held meanwhile; undefined where the system does not tell. Programs of
   * `Engine.guard` have it, which is alone in its process.
   */
  peak?(feeds: Record<string, Value>): Promise<number | undefined>;
  /** Frees what the engine holds for this program. */
  release(): Promise<void>;
}

/** A derivative that is asked for: of the sum of an output, weighted or not, with respect to inputs. */
export interface Differentiation {
  /** Graph output that is summed and differentiated. */
  of: string;
  /** Graph inputs (or constants) to differentiate with respect to. */
  wrt: readonly string[];
  /**
   * Graph input of the output's shape: its weights in the sum. Default: all 1. The output itself need not be computed
   * for that, as its weighted sum would have to be.
   */
  along?: string;
}

/** A program that gives gradients beside the graph's outputs. */
export interface GradientProgram {
  program: Program;
  /** Name of the output that holds each gradient, by the value differentiated with respect to. */
  gradients: Record<string, string>;
}

/** What calls may take. */
export interface Room {
  /** Of all calls that run at once together, weights aside. */
  bytes: number;
  /** Hears what batches it led to, a line each. */
  notice?: ((text: string) => void) | undefined;
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
  /**
   * Where the library differentiates by itself; otherwise gradients are graphs of ours (`src/autodiff`).
   * `feeds` is any valid input: the program is run on it once, so that errors surface here.
   * Errors: `op-unsupported` names the first node on the way that has no gradient.
   */
  differentiate?(
    graph: Graph,
    feeds: Record<string, Value>,
    differentiation: Differentiation,
  ): Promise<GradientProgram>;
  /**
   * The same library in a process of its own, under limits of time and memory: for what is not known to be harmless.
   * It computes the same numbers, one call at a time; it is started when it is first needed and closes with the engine.
   * Errors: `limit-exceeded`.
   */
  readonly guard?: Engine;
  /** Loads the library now, not with the first call. Returns before it is loaded. */
  start?(): void;
  /** Default: batches are as large as is efficient. */
  readonly room?: Room | undefined;
  close(): Promise<void>;
}
