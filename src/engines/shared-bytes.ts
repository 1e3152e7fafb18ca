import type { Graph } from '../graph/graph.js';
import { writeOnnx } from '../graph/write.js';

/** A graph as ONNX, in memory that worker threads share. */
export function sharedBytes(graph: Graph): SharedArrayBuffer {
  const bytes = writeOnnx(graph);
  const shared = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(shared).set(bytes);
  return shared;
}
