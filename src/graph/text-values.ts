import onnxProto from 'onnx-proto';
import type { Note } from './graph.js';

type ProtoGraph = onnxProto.onnx.IGraphProto;
const { STRING } = onnxProto.onnx.TensorProto.DataType;

/**
 * A graph without outputs of text, as classifiers of scikit-learn have one for class names, and without what is
 * computed from tensors of text for them. Unchanged where nothing else would be left to read.
 */
export function withoutText(graph: ProtoGraph): { graph: ProtoGraph; notes: readonly Note[] } {
  const text = new Set(
    (graph.initializer ?? []).filter(({ dataType }) => dataType === STRING).map(({ name }) => name ?? ''),
  );
  const nodes = (graph.node ?? []).filter(({ input = [], output = [] }) => {
    if (!input?.some((name) => text.has(name))) return true;
    for (const name of output ?? []) text.add(name);
    return false;
  });
  const isText = ({ name, type }: onnxProto.onnx.IValueInfoProto) =>
    type?.tensorType?.elemType === STRING || text.has(name ?? '');
  const outputs = graph.output ?? [];
  const kept = outputs.filter((output) => !isText(output));
  if (kept.length === 0 || kept.length === outputs.length) return { graph, notes: [] };
  const names = outputs.filter(isText).map(({ name }) => `"${name}"`);
  return {
    graph: {
      ...graph,
      node: nodes,
      output: kept,
      initializer: (graph.initializer ?? []).filter(({ dataType }) => dataType !== STRING),
    },
    notes: [
      {
        code: 'text-output-passed-over',
        severity: 'note',
        message: `output ${names.join(', ')} gives names of classes as text and is passed over: classes are numbered in the order of the scores`,
      },
    ],
  };
}
