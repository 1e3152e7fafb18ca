import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { noTemporaryFiles, temporaryFolder } from '../../bytes/leftovers.js';
import type { Graph, Tensor } from '../../graph/graph.js';
import type { Simplified } from '../protocol.js';
import { weightsIn } from '../weights-file.js';

const standardDomains = new Set(['', 'ai.onnx']);

/** Domains of all nodes, those of subgraphs included. */
function domainsOf(graph: Graph, domains = new Set<string>()): Set<string> {
  for (const { domain, attributes } of graph.nodes) {
    domains.add(domain);
    for (const attribute of Object.values(attributes))
      if (attribute.kind === 'graph') domainsOf(attribute.value, domains);
  }
  return domains;
}

/**
 * Weights that folding left as they were are those of before, and the others get memory of their own where they have none:
 * the file that they were read from need not stay in memory.
 */
const withoutFile = (
  folded: ReadonlyMap<string, Tensor>,
  before: ReadonlyMap<string, Tensor>,
): Map<string, Tensor> =>
  new Map(
    [...folded].map(([name, tensor]) => [
      name,
      tensor === before.get(name) || alone(tensor) ? tensor : { ...tensor, data: tensor.data.slice() },
    ]),
  );

/** What onnxruntime says of a full disk. */
const UNWRITTEN = /Failed to (write|flush) .*external initializers|Failed to open for writing/;

const alone = ({ data }: Tensor): boolean => data.byteLength === data.buffer.byteLength;

/**
 * Lets onnxruntime write its simplified form of a model and reads it back: batch norm and shape arithmetic are
 * folded into plain ONNX. Returns `graph` itself when the result would hold operators that `graph` does not
 * know, such as onnxruntime's private ones.
 * Errors: `output-unwritable` where the temporary folder has no room for that.
 * @param simplify writes the simplified model to the files it is given
 */
export async function foldWith(graph: Graph, simplify: (into: Simplified) => Promise<void>): Promise<Graph> {
  const directory = await temporaryFolder('assay-fold').catch((cause) => {
    throw noTemporaryFiles(cause);
  });
  try {
    const file = join(directory, 'folded.onnx');
    const weights = join(directory, 'folded.bin');
    await simplify({ file, weights }).catch((cause: Error) => {
      throw UNWRITTEN.test(cause.message) ? noTemporaryFiles(cause) : cause;
    });
    const { readOnnx } = await import('../../graph/read.js');
    const folded = readOnnx(await readFile(file), {
      file,
      known: graph.initializers,
      external: weightsIn(weights),
    });
    const before = domainsOf(graph);
    const used = domainsOf(folded);
    for (const domain of used) if (!standardDomains.has(domain) && !before.has(domain)) return graph;
    // onnxruntime lists every domain it knows; keep the ones in use.
    const opsets = Object.fromEntries(
      Object.entries(folded.opsets).filter(([domain]) => standardDomains.has(domain) || used.has(domain)),
    );
    const initializers = withoutFile(folded.initializers, graph.initializers);
    return { ...folded, initializers, opsets, producer: graph.producer, name: graph.name };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
