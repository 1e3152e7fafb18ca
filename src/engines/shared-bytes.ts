import type { Graph } from '../graph/graph.js';

/** A graph as ONNX, in memory that worker threads share. */
export async function sharedBytes(graph: Graph): Promise<SharedArrayBuffer> {
  // Loaded with the first program: a finished run makes none.
  const { writeOnnx } = await import('../graph/write.js');
  const bytes = writeOnnx(graph);
  const shared = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(shared).set(bytes);
  return shared;
}
