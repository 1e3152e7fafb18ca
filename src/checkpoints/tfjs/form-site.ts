import type { GraphBuilder } from '../../graph/build.js';
import { string } from '../../graph/build.js';
import type { Attribute, Tensor } from '../../graph/graph.js';
import { TENSORFLOW } from '../../graph/tensorflow.js';
import { isObject, type Json } from '../keras/settings.js';
import { type GraphNode, malformed, valueName } from './graph-nodes.js';

/** Emits an operator of ONNX and returns the name of its first output. */
export type Emit = (
  op: string,
  inputs: readonly string[],
  attributes?: Record<string, Attribute>,
  domain?: string,
) => string;

/** The attribute that operators of TensorFlow have in a graph. */
export const attrOf = (attr: Json): Record<string, Attribute> => ({ attr: string(JSON.stringify(attr)) });

/** A node of a GraphDef that is written in other operators: what it reads, its attributes, and a builder. */
export class FormSite {
  constructor(
    readonly node: GraphNode,
    readonly b: GraphBuilder,
    /** Names of the node's own outputs. */
    private readonly outputs: readonly string[],
    private readonly file: string,
  ) {}

  /** Names of the values it reads. Errors: `file-malformed` when there are fewer. */
  reads(count: number): string[] {
    const { inputs } = this.node;
    if (inputs.length >= count) return inputs.map(valueName);
    throw this.malformed('input', `${count} names`, inputs.length);
  }

  /** A step on the way, with a name after the node's. */
  readonly emit: Emit = (op, inputs, attributes = {}, domain = '') =>
    this.b.node(op, inputs, attributes, [`${this.node.name}/${op}`], domain)[0]!;

  /** The last step: it makes what the node makes. */
  readonly result: Emit = (op, inputs, attributes = {}, domain = '') => {
    const outputs = [...this.outputs];
    this.b.add({ name: this.node.name, op, domain, inputs: [...inputs], outputs, attributes });
    return outputs[0]!;
  };

  /** The node as TensorFlow has it, or another one with its attributes. */
  tensorflow(emit: Emit, op = this.node.op, inputs = this.reads(0)): string {
    return emit(op, inputs, attrOf(this.node.attr), TENSORFLOW);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.node.attr, name);
  }
  private attribute(name: string): Json {
    const { attr } = this.node;
    const attribute = Object.hasOwn(attr, name) ? attr[name] : undefined;
    return isObject(attribute) ? attribute : {};
  }
  private list(name: string): Json {
    const { list } = this.attribute(name);
    return isObject(list) ? list : {};
  }
  number(name: string, fallback: number): number {
    const { i, f } = this.attribute(name);
    const value = Number(i ?? f ?? fallback);
    if (Number.isFinite(value)) return value;
    throw this.malformed(name, 'a number', i ?? f);
  }
  truth(name: string): boolean {
    return this.attribute(name).b === true;
  }
  text(name: string, fallback = ''): string {
    const { s } = this.attribute(name);
    return typeof s === 'string' ? decoded(s) : fallback;
  }
  texts(name: string): string[] {
    const { s } = this.list(name);
    return Array.isArray(s) ? s.map((one) => decoded(String(one))) : [];
  }
  /** Undefined where it is not given. */
  integers(name: string, count: number): number[] | undefined {
    const { i } = this.list(name);
    if (i === undefined) return undefined;
    const values = Array.isArray(i) ? i.map(Number) : [];
    if (values.length === count && values.every(Number.isSafeInteger)) return values;
    throw this.malformed(name, `${count} whole numbers`, i);
  }

  /** A constant that it reads. */
  constant(i: number): Tensor | undefined {
    const [name] = this.node.inputs.slice(i, i + 1).map(valueName);
    return name === undefined ? undefined : this.b.constantOf(name);
  }

  malformed(what: string, expected: string, found: unknown) {
    return malformed(this.file, `node "${this.node.name}" (${this.node.op}), ${what}`, expected, found);
  }
}

/** Text is kept in base64. */
const decoded = (coded: string): string => Buffer.from(coded, 'base64').toString('latin1');
