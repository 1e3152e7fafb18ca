import type { Graph } from './graph.js';

/** The graph without nodes and constants that no output depends on. Graph inputs stay, used or not. */
export function prune(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map((o) => o.name));
  const nodes = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((o) => needed.has(o))) continue;
    nodes.push(node);
    for (const name of valuesRead(node)) needed.add(name);
  }
  const initializers = new Map([...graph.initializers].filter(([name]) => needed.has(name)));
  return { ...graph, nodes: nodes.reverse(), initializers };
}

/** Every value a node reads, those its subgraphs capture included. */
export function valuesRead(node: Graph['nodes'][number]): string[] {
  const names = node.inputs.filter((i) => i !== '');
  for (const attribute of Object.values(node.attributes)) {
    if (attribute.kind !== 'graph') continue;
    for (const inner of attribute.value.nodes) names.push(...valuesRead(inner));
    names.push(...attribute.value.outputs.map((o) => o.name));
  }
  return names;
}

/** Turns the named constants into graph inputs, so that they can be fed (and trained). */
export function promoteToInputs(graph: Graph, names: readonly string[]): Graph {
  const initializers = new Map(graph.initializers);
  const inputs = [...graph.inputs];
  for (const name of names) {
    const tensor = initializers.get(name);
    if (!tensor) throw new Error(`"${name}" is not a constant of graph "${graph.name}"`);
    initializers.delete(name);
    inputs.push({ name, type: tensor.type, dims: [...tensor.dims] });
  }
  return { ...graph, inputs, initializers };
}
