import type onnxProto from 'onnx-proto';
import { AssayError } from '../errors.js';

type ProtoModel = onnxProto.onnx.IModelProto;
type ProtoGraph = onnxProto.onnx.IGraphProto;
type ProtoNode = onnxProto.onnx.INodeProto;
type ProtoAttribute = onnxProto.onnx.IAttributeProto;
type ProtoFunction = onnxProto.onnx.IFunctionProto;

/** Functions that call functions this deep are refused: recursion never ends. */
const MAX_DEPTH = 32;
/** Nodes that calls may be replaced by: a few lines of nested functions could ask for 2^n. */
const MAX_NODES = 1_000_000;

const keyOf = (domain: string | null | undefined, name: string | null | undefined) =>
  `${domain === 'ai.onnx' ? '' : (domain ?? '')}:${name ?? ''}`;

/**
 * Replaces the calls of a model's own functions (ONNX local functions, which some exporters write) by the nodes
 * of their bodies, with fresh names for what is inside. Returns the graph; the model is not changed.
 * Errors: `model-invalid` for functions that call themselves or unfold without bound.
 */
export function inlineFunctions(model: ProtoModel, file?: string): ProtoGraph {
  const graph = model.graph ?? {};
  const functions = new Map((model.functions ?? []).map((f) => [keyOf(f.domain, f.name), f]));
  if (functions.size === 0) return graph;
  if (functions.size < (model.functions?.length ?? 0))
    throw refusal('two functions of the model have the same name', 'overloads', file);
  return { ...graph, node: new Inliner(functions, file).nodes(graph.node ?? [], 0) };
}

function refusal(message: string, name: string, file: string | undefined) {
  return new AssayError('model-invalid', message, {
    file,
    path: `function "${name}"`,
    hint: 'export the model again with its functions inlined (onnx.inliner.inline_local_functions)',
  });
}

/** What the names and attributes of a function's body stand for at one call. */
interface Call {
  rename(name: string): string;
  attributes: ReadonlyMap<string, ProtoAttribute>;
  /** Attributes that the function declares without a default. */
  declared: ReadonlySet<string>;
}

class Inliner {
  private made = 0;
  private calls = 0;

  constructor(
    private readonly functions: ReadonlyMap<string, ProtoFunction>,
    private readonly file: string | undefined,
  ) {}

  nodes(nodes: readonly ProtoNode[], depth: number, call?: Call): ProtoNode[] {
    return nodes.flatMap((node) => {
      const own = this.inPlace(node, depth, call);
      const called = this.functions.get(keyOf(own.domain, own.opType));
      return called ? this.unfolded(own, called, depth) : [own];
    });
  }

  private refuse(message: string, name: string) {
    return refusal(message, name, this.file);
  }

  /** A node with names and attributes of the call it is in put in, subgraphs included. */
  private inPlace(node: ProtoNode, depth: number, call: Call | undefined): ProtoNode {
    if (++this.made > MAX_NODES) throw this.refuse('functions of the model unfold too far', node.name ?? '');
    const rename = call?.rename ?? ((name: string) => name);
    const attribute = (node.attribute ?? []).flatMap((a) => {
      const given = a.refAttrName ? call?.attributes.get(a.refAttrName) : a;
      if (!given) return this.leftOut(a.refAttrName ?? '', call);
      const own = given === a ? a : { ...given, name: a.name };
      return own.g ? [{ ...own, g: this.subgraph(own.g, depth, call) }] : [own];
    });
    return {
      ...node,
      name: call ? rename(node.name || `${node.opType}_${this.made}`) : node.name,
      input: (node.input ?? []).map(rename),
      output: (node.output ?? []).map(rename),
      attribute,
    };
  }

  /** A reference to an attribute that the call leaves out is left out too; defaults of functions are not read. */
  private leftOut(attribute: string, call: Call | undefined): [] {
    if (call?.declared.has(attribute)) return [];
    throw this.refuse(`a function relies on a default of its attribute "${attribute}"`, attribute);
  }

  private subgraph(graph: ProtoGraph, depth: number, call: Call | undefined): ProtoGraph {
    const rename = call?.rename ?? ((name: string) => name);
    return {
      ...graph,
      input: graph.input?.map((v) => ({ ...v, name: rename(v.name ?? '') })),
      output: graph.output?.map((v) => ({ ...v, name: rename(v.name ?? '') })),
      initializer: graph.initializer?.map((t) => ({ ...t, name: rename(t.name ?? '') })),
      node: this.nodes(graph.node ?? [], depth, call),
    };
  }

  private unfolded(node: ProtoNode, called: ProtoFunction, depth: number): ProtoNode[] {
    const name = called.name ?? '';
    if (depth >= MAX_DEPTH) throw this.refuse('functions of the model call each other without end', name);
    const prefix = `${node.name || name}/${++this.calls}/`;
    const bound = new Map<string, string>([['', '']]);
    called.input?.forEach((formal, i) => {
      bound.set(formal, node.input?.[i] ?? '');
    });
    called.output?.forEach((formal, i) => {
      // An output that is an input too, or that nobody asks for, keeps a name of its own.
      const actual = node.output?.[i];
      if (actual && !called.input?.includes(formal)) bound.set(formal, actual);
    });
    const rename = (inner: string) => bound.get(inner) ?? `${prefix}${inner}`;
    const attributes = new Map((node.attribute ?? []).map((a) => [a.name ?? '', a]));
    const declared = new Set(called.attribute ?? []);
    const body = this.nodes(called.node ?? [], depth + 1, { rename, attributes, declared });
    const passed = (called.output ?? []).flatMap((formal, i): ProtoNode[] => {
      const actual = node.output?.[i];
      if (!actual || !called.input?.includes(formal)) return [];
      return [
        {
          name: `${prefix}${actual}`,
          opType: 'Identity',
          domain: '',
          input: [rename(formal)],
          output: [actual],
        },
      ];
    });
    return [...body, ...passed];
  }
}
