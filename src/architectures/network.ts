import type { AssayError } from '../errors.js';
import { float, GraphBuilder, int, ints } from '../graph/build.js';
import type { Attribute, Graph } from '../graph/graph.js';
import { floats } from '../graph/tensor.js';
import { adaptiveMatrix } from './adaptive.js';
import type { ImageShape } from './image-shape.js';
import { TakenWeights } from './taken-weights.js';
import type { Weights } from './weights.js';

/** A value inside the network. */
export interface Value {
  name: string;
  /** Of one image: (C, H, W), or (features). */
  dims: readonly number[];
}

export interface Convolution {
  stride?: number;
  padding?: number;
  dilation?: number;
}

export interface Pool {
  kernel: number;
  stride?: number;
  padding?: number;
  ceil?: boolean;
  /** Average pooling: zeros of the padding count. PyTorch's default. */
  countPadding?: boolean;
}

/** What outputs and features are called. */
const OWN_NAMES = ['x', 'logits', 'energy_output', 'features'];

const twice = (n: number): number[] => [n, n];

/**
 * Writes a network layer by layer from named weights. Every layer checks that the weights fit what comes in, and
 * every tensor that is used is remembered, so that `finish` can refuse weights that were not.
 * Layers are called as in PyTorch's state dicts: `key` is the module's name, without `.weight`.
 */
export class Network extends TakenWeights {
  readonly b = new GraphBuilder('network');
  readonly image: Value;

  /** @param shape of one image */
  constructor(
    weights: Weights,
    readonly shape: ImageShape,
  ) {
    super(weights);
    this.image = { name: this.b.input('x', 'float32', ['N', ...shape]), dims: shape };
  }

  /** The value that a layer makes is called like the layer, so that a card can name it. */
  private named(key: string): string {
    return OWN_NAMES.includes(key) ? `${key}/value` : key;
  }

  private constant(name: string, dims?: readonly (number | undefined)[]): string {
    return this.b.constant(this.take(name, dims), name);
  }

  private planes(x: Value, key: string): readonly [number, number, number] {
    const [channels, height, width] = x.dims as readonly [number, number, number];
    if (x.dims.length === 3) return [channels, height, width];
    throw this.refuse(
      'a layer for images follows one that flattens',
      key,
      'channels, height and width',
      `[${x.dims.join(', ')}]`,
    );
  }

  conv(x: Value, key: string, { stride = 1, padding = 0, dilation = 1 }: Convolution = {}): Value {
    const [channels, height, width] = this.planes(x, key);
    const weight = this.take(`${key}.weight`, [undefined, undefined, undefined, undefined]);
    const [outputs, perGroup, kh, kw] = weight.dims as [number, number, number, number];
    const groups = channels / perGroup;
    if (!Number.isInteger(groups) || groups < 1 || outputs % groups !== 0 || outputs === 0)
      throw this.refuse(
        'a convolution does not fit its input',
        `${key}.weight`,
        `kernels for ${channels} channels`,
        `[${weight.dims.join(', ')}]`,
      );
    const size = (n: number, k: number) =>
      Math.floor((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1;
    const dims = [outputs, size(height, kh), size(width, kw)];
    if (!dims.every((d) => d > 0) || kh < 1 || kw < 1) throw this.tooSmall(key, x, `${kh} x ${kw}`);
    const inputs = [x.name, this.b.constant(weight, `${key}.weight`)];
    if (this.has(`${key}.bias`)) inputs.push(this.constant(`${key}.bias`, [outputs]));
    const attributes = {
      kernel_shape: ints([kh, kw]),
      strides: ints(twice(stride)),
      pads: ints([padding, padding, padding, padding]),
      dilations: ints(twice(dilation)),
      group: int(groups),
    };
    return { name: this.b.op('Conv', inputs, attributes, this.named(key)), dims };
  }

  private tooSmall(key: string, x: Value, kernel: string): AssayError {
    return this.refuse(
      'the image is too small for the network',
      key,
      `at least ${kernel} pixels with padding`,
      `[${x.dims.join(', ')}]`,
    );
  }

  linear(x: Value, key: string): Value {
    const weight = this.take(`${key}.weight`, [undefined, undefined]);
    const [outputs, inputs] = weight.dims as [number, number];
    if (x.dims.length !== 1 || x.dims[0] !== inputs || outputs === 0)
      throw this.refuse(
        'a linear layer does not fit its input',
        `${key}.weight`,
        x.dims.length === 1 ? `${x.dims[0]} inputs` : 'a row of numbers an image (flatten before it)',
        `[${weight.dims.join(', ')}]`,
      );
    const operands = [x.name, this.b.constant(weight, `${key}.weight`)];
    if (this.has(`${key}.bias`)) operands.push(this.constant(`${key}.bias`, [outputs]));
    return { name: this.b.op('Gemm', operands, { transB: int(1) }, this.named(key)), dims: [outputs] };
  }

  /** With the statistics of training, as in evaluation mode. On images, or on rows of numbers. */
  batchNorm(x: Value, key: string, epsilon = 1e-5): Value {
    const channels = x.dims[0]!;
    const affine = this.has(`${key}.weight`);
    const ones = (value: number, hint: string) =>
      this.b.constant(floats([channels], Array(channels).fill(value)), hint);
    const inputs = [
      x.name,
      affine ? this.constant(`${key}.weight`, [channels]) : ones(1, `${key}.weight`),
      affine ? this.constant(`${key}.bias`, [channels]) : ones(0, `${key}.bias`),
      this.constant(`${key}.running_mean`, [channels]),
      this.constant(`${key}.running_var`, [channels]),
    ];
    this.ignore(`${key}.num_batches_tracked`);
    return {
      name: this.b.op('BatchNormalization', inputs, { epsilon: float(epsilon) }, this.named(key)),
      dims: x.dims,
    };
  }

  instanceNorm(x: Value, key: string): Value {
    const [channels] = this.planes(x, key);
    const inputs = [
      x.name,
      this.constant(`${key}.weight`, [channels]),
      this.constant(`${key}.bias`, [channels]),
    ];
    return {
      name: this.b.op('InstanceNormalization', inputs, { epsilon: float(1e-5) }, this.named(key)),
      dims: x.dims,
    };
  }

  /** Groups of channels are standardised together: as instances of one channel each, then scaled. */
  groupNorm(x: Value, key: string, groups: number): Value {
    const [channels] = this.planes(x, key);
    if (channels % groups !== 0)
      throw this.refuse(
        'the channels do not divide into groups',
        `${key}.weight`,
        `a multiple of ${groups}`,
        String(channels),
      );
    const part = (name: string) => {
      const { data } = this.take(`${key}.${name}`, [channels]);
      return this.b.constant({ type: 'float32', dims: [channels, 1, 1], data }, `${key}.${name}`);
    };
    const unit = (value: number) => this.b.constant(floats([groups], Array(groups).fill(value)));
    const grouped = this.b.op('Reshape', [x.name, this.b.ints([0, groups, -1])]);
    const normal = this.b.op('InstanceNormalization', [grouped, unit(1), unit(0)], { epsilon: float(1e-5) });
    const back = this.b.op('Reshape', [normal, this.b.ints([0, ...x.dims])]);
    const scaled = this.b.op('Mul', [back, part('weight')]);
    return { name: this.b.op('Add', [scaled, part('bias')], {}, this.named(key)), dims: x.dims };
  }

  private unary(x: Value, op: string, attributes: Record<string, Attribute> = {}): Value {
    return { name: this.b.op(op, [x.name], attributes), dims: x.dims };
  }

  /** @param op an operator of one input that keeps the shape */
  elementwise(x: Value, op: string, attributes: Record<string, Attribute> = {}): Value {
    return this.unary(x, op, attributes);
  }

  /** max(x, leak x); a leak of 0 is a plain ReLU. */
  relu(x: Value, leak = 0): Value {
    return leak === 0 ? this.unary(x, 'Relu') : this.unary(x, 'LeakyRelu', { alpha: float(leak) });
  }

  maxPool(x: Value, pool: Pool): Value {
    return this.pool(x, 'MaxPool', pool, {});
  }

  averagePool(x: Value, pool: Pool): Value {
    return this.pool(x, 'AveragePool', pool, { count_include_pad: int(pool.countPadding === false ? 0 : 1) });
  }

  private pool(
    x: Value,
    op: string,
    { kernel, stride = kernel, padding = 0, ceil = false }: Pool,
    more: Record<string, Attribute>,
  ): Value {
    const [channels, height, width] = this.planes(x, 'pool');
    const size = (n: number) => {
      const steps = (n + 2 * padding - kernel) / stride;
      const count = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
      // A window may not begin in the padding behind the image.
      return ceil && (count - 1) * stride >= n + padding ? count - 1 : count;
    };
    const dims = [channels, size(height), size(width)];
    if (!dims.every((d) => d > 0)) throw this.tooSmall('pool', x, `${kernel} x ${kernel}`);
    const attributes = {
      kernel_shape: ints(twice(kernel)),
      strides: ints(twice(stride)),
      pads: ints([padding, padding, padding, padding]),
      ...(ceil && { ceil_mode: int(1) }),
      ...more,
    };
    return { name: this.b.op(op, [x.name], attributes), dims };
  }

  /** Means over cells of a grid of the given size, as PyTorch's AdaptiveAvgPool2d divides images. */
  adaptiveAveragePool(x: Value, size: number): Value {
    const [channels, height, width] = this.planes(x, 'pool');
    if (size === 1) return { name: this.b.op('GlobalAveragePool', [x.name]), dims: [channels, 1, 1] };
    if (height === size && width === size) return x;
    if (height === width && height % size === 0) return this.averagePool(x, { kernel: height / size });
    const rows = this.b.constant(floats([size, height], adaptiveMatrix(height, size)), 'rows');
    const columns = this.b.constant(floats([width, size], adaptiveMatrix(width, size, true)), 'columns');
    const name = this.b.op('MatMul', [this.b.op('MatMul', [rows, x.name]), columns]);
    return { name, dims: [channels, size, size] };
  }

  flatten(x: Value): Value {
    const size = x.dims.reduce((a, d) => a * d, 1);
    return x.dims.length === 1 ? x : { name: this.b.op('Flatten', [x.name], { axis: int(1) }), dims: [size] };
  }

  /** The input of the last linear layer, under a name that a card can give as `outputs.features`. */
  features(x: Value): Value {
    const flat = this.flatten(x);
    return { name: this.b.op('Identity', [flat.name], {}, 'features'), dims: flat.dims };
  }

  globalAverage(x: Value): Value {
    return this.flatten(this.adaptiveAveragePool(x, 1));
  }

  add(a: Value, b: Value, key: string): Value {
    if (a.dims.join() !== b.dims.join())
      throw this.refuse(
        'the two branches of a block differ in shape',
        key,
        `[${a.dims.join(', ')}]`,
        `[${b.dims.join(', ')}]`,
      );
    return { name: this.b.op('Add', [a.name, b.name]), dims: a.dims };
  }

  output(x: Value, name: string): void {
    this.b.outputAs(x.name, name, 'float32', ['N', ...x.dims]);
  }

  /** The graph. Errors: `model-invalid` when weights are left that no layer used. */
  finish(what: string, architecture: string): Graph {
    this.refuseUnused(what, architecture);
    return this.b.build();
  }
}
