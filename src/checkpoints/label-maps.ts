import type { Graph, Note } from '../graph/graph.js';

/**
 * The network without ZipMap, which turns a matrix of scores into a list of dictionaries for Python (the default of
 * sklearn-onnx): the matrix becomes the output in its place.
 */
export function withoutZipMaps(graph: Graph): Graph {
  const maps = graph.nodes.filter(({ op, domain }) => op === 'ZipMap' && domain === 'ai.onnx.ml');
  if (maps.length === 0) return graph;
  const matrix = new Map(maps.map(({ inputs, outputs }) => [outputs[0], inputs[0]]));
  const note: Note = {
    code: 'zip-map-passed-over',
    severity: 'note',
    message: `the dictionaries of output "${[...matrix.keys()].join('", "')}" are passed over for the matrix "${[...matrix.values()].join('", "')}" that they are made of`,
  };
  const plain = (name: string) => matrix.get(name) ?? name;
  return {
    ...graph,
    nodes: graph.nodes.filter((node) => !maps.includes(node)),
    outputs: graph.outputs.map((output) =>
      matrix.has(output.name) ? { name: plain(output.name), type: 'float32', dims: null } : output,
    ),
    notes: [...(graph.notes ?? []), note],
  };
}
