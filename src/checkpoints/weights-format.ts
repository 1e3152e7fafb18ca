import { networkOf } from '../architectures/registry.js';
import type { Weights } from '../architectures/weights.js';
import { hashOfFile } from '../bytes/file-hash.js';
import type { Checkpoint, CheckpointFormat, FileHead, ReadRequest } from './checkpoint.js';

/**
 * A row of the registry for files that hold weights without a network: reads them, finds the architecture they
 * belong to, and builds the graph.
 * @param row.architecture the only one that the format is for
 */
export function weightsFormat(
  row: Pick<CheckpointFormat, 'name' | 'title' | 'extensions' | 'recognises'> & {
    readWeights(head: FileHead, stateDict?: string): Promise<Weights>;
    architecture?: string;
  },
): CheckpointFormat {
  const { name, title, extensions, recognises, readWeights, architecture } = row;
  return {
    name,
    title,
    extensions,
    recognises,
    readWeights,
    async read(head: FileHead, request: ReadRequest = {}): Promise<Checkpoint> {
      const { file, size } = head;
      const weights = await readWeights(head, request.architecture?.stateDict);
      const built = networkOf(weights, { ...request, only: architecture });
      return {
        graph: built.graph,
        sha256: await hashOfFile(file),
        bytes: size,
        format: weights.format,
        built,
      };
    },
  };
}
