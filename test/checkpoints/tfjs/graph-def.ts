import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { normals } from '../../models/networks.js';

/** Attributes of a GraphDef's nodes, as JSON has them. */
export const type = (name = 'DT_FLOAT') => ({ type: name });
export const integer = (value: number) => ({ i: String(value) });
export const integers = (...values: number[]) => ({ list: { i: values.map(String) } });
export const real = (value: number) => ({ f: value });
export const truth = (value: boolean) => ({ b: value });
const coded = (value: string) => Buffer.from(value, 'latin1').toString('base64');
export const text = (value: string) => ({ s: coded(value) });
export const texts = (...values: string[]) => ({ list: { s: values.map(coded) } });
const sizes = (dims: readonly number[]) => ({ dim: dims.map((size) => ({ size: String(size) })) });

type Numbers = Float32Array | Int32Array;

export interface NodeJson {
  name: string;
  op: string;
  input?: string[];
  attr?: object;
}

/** Writes graph models as tensorflowjs_converter does: node by node, with constants as weights. */
export class GraphDef {
  readonly nodes: NodeJson[] = [];
  readonly weights: { name: string; shape: number[]; dtype: string }[] = [];
  private readonly data: Buffer[] = [];
  readonly inputs: Record<string, object> = {};
  readonly outputs: Record<string, object> = {};

  /** An input; -1 is an open size. */
  placeholder(name: string, dims: readonly number[], dtype = 'DT_FLOAT'): string {
    this.nodes.push({
      name,
      op: 'Placeholder',
      attr: { dtype: type(dtype), shape: { shape: sizes(dims) } },
    });
    this.inputs[name] = { name: `${name}:0`, dtype, tensorShape: sizes(dims) };
    return name;
  }

  constant(name: string, shape: number[], data: Numbers): string {
    const dtype = data instanceof Float32Array ? 'float32' : 'int32';
    this.nodes.push({
      name,
      op: 'Const',
      attr: { dtype: type(`DT_${dtype === 'float32' ? 'FLOAT' : 'INT32'}`) },
    });
    this.weights.push({ name, shape, dtype });
    this.data.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    return name;
  }

  /** Adds a node and returns the name of its first output. */
  op(op: string, input: string[], attr: object = {}, name = `${op}_${this.nodes.length}`): string {
    this.nodes.push({ name, op, input, attr });
    return name;
  }

  output(key: string, tensor: string, dims: readonly number[], dtype = 'DT_FLOAT'): void {
    this.outputs[key] = { name: tensor, dtype, tensorShape: sizes(dims) };
  }

  json(): Record<string, unknown> {
    return {
      format: 'graph-model',
      generatedBy: '2.15.0',
      convertedBy: 'TensorFlow.js Converter v4.22.0',
      signature: { inputs: this.inputs, outputs: this.outputs },
      modelTopology: { node: this.nodes, library: {}, versions: { producer: 1645 } },
      weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights: this.weights }],
    };
  }

  shard(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.data));
  }

  /** Writes model.json and its shard. @param change to the JSON */
  write(folder: string, change: object = {}): string {
    const file = join(folder, 'model.json');
    writeFileSync(file, JSON.stringify({ ...this.json(), ...change }));
    writeFileSync(join(folder, 'group1-shard1of1.bin'), this.shard());
    return file;
  }
}

/** Grey images of 8 x 8: a convolution, a mean over the pixels, a softmax. */
export function smallGraphModel(): GraphDef {
  const def = new GraphDef();
  const image = def.placeholder('image', [-1, 8, 8, 1]);
  const kernel = def.constant('kernel', [3, 3, 1, 3], normals('small graph model', 27));
  const conv = def.op('Conv2D', [image, kernel], {
    T: type(),
    strides: integers(1, 1, 1, 1),
    dilations: integers(1, 1, 1, 1),
    padding: text('SAME'),
    data_format: text('NHWC'),
  });
  const relu = def.op('Relu', [conv], { T: type() });
  const means = def.op('Mean', [relu, def.constant('axes', [2], Int32Array.of(1, 2))], {}, 'scores');
  def.output('probabilities', def.op('Softmax', [means], { T: type() }), [-1, 3]);
  return def;
}
