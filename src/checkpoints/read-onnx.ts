import { createHash } from 'node:crypto';
import { readWhole } from '../bytes/regular-file.js';
import { AssayError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { inFloat32 } from '../graph/precision.js';
import { readOnnx } from '../graph/read.js';
import type { Checkpoint, FileHead } from './checkpoint.js';
import { externalDataOf } from './external-data.js';
import { withoutZipMaps } from './label-maps.js';
import { inStandardOperators } from './sklearn-operators.js';

/** A file cut between two fields still parses; what is then missing is the wiring. */
function checkWiring(graph: Graph, file: string) {
  const refuse = (path: string, found: string) =>
    new AssayError('file-malformed', 'the graph in the file is incomplete', {
      file,
      path,
      found,
      hint: 'check that the file was copied completely, or export it again',
    });
  const known = new Set(['', ...graph.initializers.keys(), ...graph.inputs.map(({ name }) => name)]);
  for (const node of graph.nodes) {
    const missing = node.inputs.find((name) => !known.has(name));
    if (missing !== undefined)
      throw refuse(
        `node "${node.name}" (${node.op})`,
        `it reads "${missing}", which no node before it produces`,
      );
    for (const name of node.outputs) known.add(name);
  }
  if (graph.inputs.length === 0) throw refuse('graph.input', 'no inputs');
  if (graph.outputs.length === 0) throw refuse('graph.output', 'no outputs');
  const missing = graph.outputs.find(({ name }) => !known.has(name));
  if (missing) throw refuse(`output "${missing.name}"`, 'nothing makes it');
}

/** Reads an ONNX model, external data included. Errors: `file-malformed`, `file-unreadable`, `model-invalid`. */
export async function read({ file }: FileHead): Promise<Checkpoint> {
  return readContent(file, await readWhole(file, 'onnx'));
}

/** The same of bytes that were read, or inflated, from a file. */
export async function readContent(file: string, content: Uint8Array): Promise<Checkpoint> {
  const hash = createHash('sha256').update(content);
  let bytes = content.byteLength;
  const external = externalDataOf(file, (piece) => {
    hash.update(piece);
    bytes += piece.byteLength;
  });
  const graph = readOnnx(content, { file, external });
  checkWiring(graph, file);
  return {
    graph: inStandardOperators(inFloat32(withoutZipMaps(graph))),
    sha256: hash.digest('hex'),
    bytes,
    format: 'onnx',
  };
}
