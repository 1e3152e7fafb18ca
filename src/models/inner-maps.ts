import type { Shapes } from '../autodiff/site.js';
import type { Graph, Node } from '../graph/graph.js';
import { prune, valuesRead } from '../graph/prune.js';
import type { MapShape } from './system.js';

/** A map of a network, (n, C, H, W), through which all goes that it knows of the image. */
export interface InnerMap {
  value: string;
  shape: MapShape;
}

/** The last of them first; why there are no more than that, where there are fewer than two. */
export interface FoundMaps {
  maps: readonly InnerMap[];
  why?: string;
}

/** Operators that read and write (n, C, H, W). */
const OF_PLANES = new Set(['Conv', 'ConvTranspose', 'MaxPool', 'AveragePool', 'LpPool']);

/** Operators that lay numbers out anew: what they write has its channels anywhere. */
const LAYING_OUT = new Set(['Transpose', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);

/** Operators that may make one number of a plane. */
const POOLING = new Set([
  ...['GlobalAveragePool', 'GlobalMaxPool', 'GlobalLpPool', 'AveragePool', 'MaxPool', 'LpPool'],
  ...['ReduceMean', 'ReduceSum', 'ReduceMax', 'ReduceL2'],
]);

/**
 * The map that the global pooling reads, and the last one of the stage before: the last with more places.
 * @param pixels input of the graph
 * @param output what the image comes to: the logits
 */
export function findMaps(
  whole: Graph,
  { pixels, output, shapes, n }: { pixels: string; output: string; shapes: Shapes; n: number },
): FoundMaps {
  const graph = prune({ ...whole, outputs: [{ name: output, type: 'float32', dims: null }] });
  const planes = planesOf(graph, shapes);
  const narrow = bottlenecks(graph, pixels, output);
  const mapOf = (value: string): InnerMap[] => {
    const { type, dims = [] } = shapes.get(value) ?? {};
    const [images, channels, height, width] = dims as readonly [number, number, number, number];
    const isMap = planes.has(value) && type === 'float32' && images === n && height * width > 1;
    return isMap ? [{ value, shape: [channels, height, width] }] : [];
  };
  const maps = narrow.flatMap(({ value }) => mapOf(value)).reverse();
  const last = maps.at(0);
  if (!last) return { maps: [], why: 'no map inside it is all that it goes on with' };
  const after = narrow.slice(narrow.findIndex(({ value }) => value === last.value) + 1);
  if (!isPooled(after, shapes, n * last.shape[0]))
    return { maps: [], why: 'no global pooling follows its last map' };
  const places = ({ shape: [, height, width] }: InnerMap) => height * width;
  const before = maps.find((map) => places(map) > places(last));
  if (before) return { maps: [last, before] };
  return { maps: [last], why: 'it has no stage of larger maps before its last' };
}

interface Bottleneck {
  value: string;
  node: Node;
}

/** Values that the output depends on and through which every way from the image goes, in their order. */
function bottlenecks(graph: Graph, pixels: string, output: string): Bottleneck[] {
  const lastRead = new Map<string, number>([[output, graph.nodes.length]]);
  const reached = new Set([pixels]);
  graph.nodes.forEach((node, at) => {
    const read = valuesRead(node).filter((value) => reached.has(value));
    for (const value of read) lastRead.set(value, Math.max(at, lastRead.get(value) ?? 0));
    if (read.length > 0) for (const value of node.outputs) reached.add(value);
  });
  const open = new Set([pixels]);
  return graph.nodes.flatMap((node, at): Bottleneck[] => {
    const made = node.outputs.filter((value) => value !== '' && reached.has(value) && lastRead.has(value));
    for (const value of made) open.add(value);
    for (const value of open) if ((lastRead.get(value) ?? 0) <= at) open.delete(value);
    return open.size === 1 && made.length === 1 && open.has(made[0]!) ? [{ value: made[0]!, node }] : [];
  });
}

/** Values of which it is known that they are (n, C, H, W). */
function planesOf(graph: Graph, shapes: Shapes): ReadonlySet<string> {
  const planes = new Set<string>();
  for (const { op, domain, inputs, outputs } of graph.nodes) {
    const keeps = !LAYING_OUT.has(op) && inputs.some((value) => planes.has(value));
    if (domain !== '' || !(OF_PLANES.has(op) || keeps)) continue;
    for (const value of outputs) if (shapes.get(value)?.dims.length === 4) planes.add(value);
  }
  return planes;
}

/** Whether what follows a map makes one number of each of its planes before all else. */
function isPooled(after: readonly Bottleneck[], shapes: Shapes, channels: number): boolean {
  for (const { value, node } of after) {
    const pools = POOLING.has(node.op);
    if (!pools && !LAYING_OUT.has(node.op)) return false;
    const count = shapes.get(value)?.dims.reduce((product, d) => product * d, 1);
    if (pools && count === channels) return true;
  }
  return false;
}
