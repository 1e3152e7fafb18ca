import { createHash } from 'node:crypto';
import { networkOf } from '../architectures/registry.js';
import type { Weights } from '../architectures/weights.js';
import { openFile, pieces } from '../data/byte-source.js';
import type { Checkpoint, FileHead, FormatRow, ReadRequest } from './checkpoint.js';

/** Read in pieces: the file may be larger than what of it is needed. */
async function hashOf(file: string): Promise<string> {
  const source = await openFile(file);
  try {
    const hash = createHash('sha256');
    for await (const piece of pieces(source)) hash.update(piece);
    return hash.digest('hex');
  } finally {
    await source.close();
  }
}

/**
 * A row of the registry for files that hold weights without a network: reads them, finds the architecture they
 * belong to, and builds the graph.
 * @param row.architecture the only one that the format is for
 */
export function weightsFormat(
  row: Pick<FormatRow, 'title' | 'extensions' | 'recognises'> & {
    readWeights(head: FileHead, stateDict?: string): Promise<Weights>;
    architecture?: string;
  },
): FormatRow {
  const { title, extensions, recognises, readWeights, architecture } = row;
  return {
    title,
    extensions,
    recognises,
    readWeights,
    async read(head: FileHead, request: ReadRequest = {}): Promise<Checkpoint> {
      const { file, size } = head;
      const weights = await readWeights(head, request.architecture?.stateDict);
      const built = networkOf(weights, { ...request, only: architecture });
      return { graph: built.graph, sha256: await hashOf(file), bytes: size, format: weights.format, built };
    },
  };
}
