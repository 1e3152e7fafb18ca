import { AssayError } from '../../errors.js';
import { isObject, type Json, shown } from '../keras/settings.js';

/** One output of a node: `name`, or `name:1` for those after the first. */
export interface TensorName {
  node: string;
  output: number;
}

/** A node of a GraphDef. */
export interface GraphNode {
  name: string;
  op: string;
  /** What it reads; that it waits for others is left out. */
  inputs: TensorName[];
  attr: Json;
}

/** An operator with more outputs is damage. */
const MAX_OUTPUTS = 1000;

export function malformed(file: string, path: string, expected: string, found: unknown): AssayError {
  return new AssayError('file-malformed', 'the graph of the model cannot be what it is', {
    file,
    path,
    expected,
    found: shown(found),
    hint: 'check that the file was copied completely, or convert the model again',
  });
}

/** Errors: `file-malformed`, naming the place. */
export function tensorName(text: unknown, file: string, path: string): TensorName {
  const [, node, output = '0'] = (typeof text === 'string' && /^([^:^]+)(?::(\d{1,4}))?$/.exec(text)) || [];
  if (node !== undefined && Number(output) < MAX_OUTPUTS) return { node, output: Number(output) };
  throw malformed(file, path, "a node's name, perhaps with the number of its output", text);
}

/** The name of a value in a graph. */
export const valueName = ({ node, output }: TensorName): string =>
  output === 0 ? node : `${node}:${output}`;

/** The nodes of a GraphDef by name. Errors: `file-malformed`, naming the node. */
export function readNodes(graphDef: Json, file: string): Map<string, GraphNode> {
  const { node: list } = graphDef;
  if (!Array.isArray(list)) throw malformed(file, 'modelTopology.node', 'a list of nodes', list);
  const nodes = new Map<string, GraphNode>();
  list.forEach((source, i) => {
    const place = `modelTopology.node[${i}]`;
    const { name, op, input = [], attr = {} } = isObject(source) ? source : {};
    if (typeof name !== 'string' || !/^[^:^]+$/.test(name) || typeof op !== 'string' || op === '')
      throw malformed(file, place, 'a name and an op', source);
    const path = `${place} "${name}" (${op})`;
    if (nodes.has(name)) throw malformed(file, path, 'a name for each node', name);
    if (!Array.isArray(input)) throw malformed(file, `${path}.input`, 'a list of names', input);
    if (!isObject(attr)) throw malformed(file, `${path}.attr`, 'attributes by name', attr);
    const inputs = input
      .filter((one) => !(typeof one === 'string' && one.startsWith('^')))
      .map((one) => tensorName(one, file, `${path}.input`));
    nodes.set(name, { name, op, inputs, attr });
  });
  return nodes;
}

/**
 * The nodes that outputs depend on, each after what it reads.
 * Errors: `file-malformed` for nodes that are missing or depend on themselves.
 */
export function inOrder(
  nodes: ReadonlyMap<string, GraphNode>,
  outputs: readonly TensorName[],
  file: string,
): GraphNode[] {
  const order: GraphNode[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const stack = outputs.map(({ node }) => ({ name: node, reader: 'signature' }));
  while (stack.length > 0) {
    const { name, reader } = stack[stack.length - 1]!;
    const node = nodes.get(name);
    if (!node) throw malformed(file, reader, 'nodes that are there', name);
    const { inputs, op } = node;
    if (!state.has(name)) {
      state.set(name, 'open');
      for (const { node: read } of inputs) {
        if (state.get(read) === 'open')
          throw malformed(file, `node "${name}" (${op})`, 'a graph without circles', read);
        if (!state.has(read)) stack.push({ name: read, reader: `node "${name}" (${op})` });
      }
    } else {
      stack.pop();
      if (state.get(name) === 'open') order.push(node);
      state.set(name, 'done');
    }
  }
  return order;
}
