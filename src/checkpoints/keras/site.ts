import type { AssayError, ErrorDetails } from '../../errors.js';
import { type GraphBuilder, ints } from '../../graph/build.js';
import type { Attribute, Node, Tensor } from '../../graph/graph.js';
import { floats } from '../../graph/tensor.js';
import { type Json, Settings } from './settings.js';
import type { Call } from './topology.js';
import { type Dim, graphAxis, permuted, TO_CHANNELS_FIRST, TO_CHANNELS_LAST, type Value } from './value.js';
import type { Dialect, LayerWeights, Weight } from './weights.js';

/** Numbers in one value for one image: beyond it a configuration is damage, not a network. */
const LARGEST_VALUE = 2 ** 28;

/** What the applications of one layer share. */
export class LayerState {
  readonly taken = new Map<string, Weight>();
  readonly constants = new Map<string, string>();

  constructor(readonly weights: LayerWeights) {}
}

/** A value as an image, channels first. */
export interface Image {
  name: string;
  channels: number;
  /** Height and width. */
  size: readonly [Dim, Dim];
  /** Whether the layers see the channels last. */
  last: boolean;
}

/** One row of the layer table is applied at one site: a layer, its inputs, and a graph to write to. */
export class LayerSite {
  constructor(
    readonly name: string,
    readonly settings: Settings,
    readonly call: Call,
    readonly inputs: readonly Value[],
    readonly dialect: Dialect,
    private readonly b: GraphBuilder,
    private readonly state: LayerState,
    /** Values in another order of axes, so that each is turned once. */
    private readonly turnedValues: Map<string, string>,
    /** Written when the layer is done, so that its last value can bear the layer's name. */
    private readonly nodes: Node[] = [],
  ) {}

  /** The only input. */
  get x(): Value {
    if (this.inputs.length === 1) return this.inputs[0]!;
    throw this.fail('the layer takes one input', { expected: '1', found: String(this.inputs.length) });
  }

  fail(message: string, details: ErrorDetails = {}): AssayError {
    return this.settings.fail(message, details, 'model-invalid');
  }

  /** For what the layer could do in Keras but not here. */
  unsupported(what: string): AssayError {
    return this.settings.fail(
      `${what} cannot be read`,
      { hint: "export the model as ONNX: model.export('model.onnx', format='onnx') in Keras 3, or tf2onnx" },
      'op-unsupported',
    );
  }

  op(op: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}): string {
    const output = this.b.fresh(`${this.name}/${op}`);
    const name = this.b.fresh(`${this.name}/${op}_node`);
    this.nodes.push({ name, op, domain: '', inputs: [...inputs], outputs: [output], attributes });
    return output;
  }

  /** An operator whose operands are values and numbers. */
  math(op: string, ...terms: (string | number)[]): string {
    return this.op(
      op,
      terms.map((term) => (typeof term === 'number' ? this.b.scalar(term) : term)),
    );
  }

  ints(values: readonly number[]): string {
    return this.b.ints(values);
  }

  /**
   * A weight. `dims` is what the layer's settings and input imply. Errors: `file-malformed`.
   * @param alias what other versions call it
   */
  weight(name: string, dims: readonly number[], alias = name): Float32Array {
    const { taken, weights } = this.state;
    const weight = taken.get(name) ?? weights.find(name, taken.size) ?? weights.find(alias, taken.size);
    if (!weight) {
      throw this.settings.fail('a weight of a layer is missing', {
        expected: `"${name}" of shape [${dims.join(', ')}]`,
        found: weights.names.length > 0 ? weights.names.join(', ') : 'no weights of this layer',
        hint: 'check that all files of the model were copied, or save it again',
      });
    }
    taken.set(name, weight);
    if (weight.dims.length === dims.length && dims.every((d, i) => d === weight.dims[i])) return weight.data;
    throw this.settings.fail('a weight of a layer has the wrong shape', {
      expected: `"${name}" of shape [${dims.join(', ')}]`,
      found: `[${weight.dims.join(', ')}]`,
      hint: 'the weights belong to another model: save configuration and weights together',
    });
  }

  /** Something that the file may keep among the layer's weights, and that only training needs. */
  skip(name: string): void {
    const { taken, weights } = this.state;
    const weight = taken.has(name) ? undefined : weights.find(name, taken.size);
    if (weight) taken.set(name, weight);
  }

  /** Errors: `file-malformed` when the file has weights of the layer that the layer does not use. */
  refuseUnused(): void {
    const { taken, weights } = this.state;
    const counted = weights.names.filter((name) => !/(^|\/)seed_generator[^/]*$/.test(name));
    if (counted.length <= taken.size) return;
    throw this.settings.fail('a layer has more weights than it can use', {
      expected: [...taken.keys()].join(', ') || 'none',
      found: counted.join(', '),
      hint: 'the weights belong to another model: save configuration and weights together',
    });
  }

  /** A constant made of weights; applications of a shared layer share it. */
  constant(key: string, make: () => Tensor): string {
    let name = this.state.constants.get(key);
    if (name === undefined) {
      name = this.b.constant(make(), `${this.name}/${key}`);
      this.state.constants.set(key, name);
    }
    return name;
  }

  /** The value in the order of axes that the layers see. */
  plain(value: Value = this.x): string {
    return value.turned ? this.transposed(value.name, TO_CHANNELS_LAST) : value.name;
  }

  /** The value as it is to be read by operators that want channels first. */
  channelsFirst(value: Value): string {
    return value.turned ? value.name : this.transposed(value.name, TO_CHANNELS_FIRST);
  }

  private transposed(name: string, perm: readonly number[]): string {
    const key = `${perm.join('')} ${name}`;
    let turned = this.turnedValues.get(key);
    if (turned === undefined) {
      turned = this.op('Transpose', [name], { perm: ints([...perm]) });
      this.turnedValues.set(key, turned);
    }
    return turned;
  }

  /** Errors: `model-invalid` for a shape no network has. */
  value(name: string, shape: readonly Dim[], turned = false): Value {
    const size = shape.reduce<number>((a, d) => a * (d ?? 1), 1);
    if (shape.some((d) => d !== null && !(d >= 1)) || size > LARGEST_VALUE)
      throw this.fail('the output of a layer has an impossible shape', {
        expected: `axes of at least 1, and at most ${LARGEST_VALUE} numbers for an image`,
        found: `[${shape.map((d) => d ?? '?').join(', ')}]`,
        hint: 'check that the file was copied completely, or save the model again',
      });
    return { name, shape, turned };
  }

  /** The input with each of its numbers replaced. */
  same(name: string, { shape, turned }: Value = this.x): Value {
    return { name, shape, turned };
  }

  /** Where the channels are: `data_format`. */
  get channelsLast(): boolean {
    const format = this.settings.text('data_format', ['channels_last', 'channels_first'], 'channels_last');
    return format === 'channels_last';
  }

  /** The input as an image. Errors: `model-invalid` when it is none or its channels are open. */
  image(value: Value = this.x): Image {
    const { shape } = value;
    const last = this.channelsLast;
    if (shape.length !== 3)
      throw this.fail('the layer takes images', {
        expected: 'a value of 4 axes',
        found: `${shape.length + 1}`,
      });
    const channels = shape[last ? 2 : 0];
    if (typeof channels !== 'number')
      throw this.fail('the number of channels is open', { hint: 'build the model with known channels' });
    const size: [Dim, Dim] = last ? [shape[0]!, shape[1]!] : [shape[1]!, shape[2]!];
    return { name: last ? this.channelsFirst(value) : this.plain(value), channels, size, last };
  }

  /** A value that holds an image, channels first in the graph. */
  fromImage(name: string, { channels, size, last }: Omit<Image, 'name'>): Value {
    const shape = last ? [...size, channels] : [channels, ...size];
    return this.value(name, shape, last);
  }

  /** An axis counted as Keras does, the batch being axis 0, from 0. Never the batch axis itself. */
  axis(value: unknown, { shape }: Value = this.x, key = 'axis'): number {
    const rank = shape.length + 1;
    const whole = Number.isInteger(value) ? (value as number) : Number.NaN;
    const axis = whole < 0 ? whole + rank : whole;
    if (axis >= 1 && axis < rank) return axis;
    throw this.settings.wrong(key, `an axis from 1 to ${rank - 1}, or from -1 down`, value);
  }

  /** Size of the axes at hand. Errors: `model-invalid` when one is open. */
  known(axes: readonly number[], { shape }: Value = this.x): number[] {
    return axes.map((axis) => {
      const size = shape[axis - 1]!;
      if (size === null)
        throw this.fail(`axis ${axis} of the layer's input is open`, {
          hint: 'build the model with a known image size',
        });
      return size;
    });
  }

  /**
   * Numbers that vary along some axes of a value, as a constant that broadcasts against it.
   * @param axes counting the batch; ascending
   */
  along(key: string, value: Value, axes: readonly number[], sizes: readonly number[], data: Float32Array) {
    const rank = value.shape.length + 1;
    const places = axes.map((axis) => graphAxis(value, axis));
    const order = places.map((_, i) => i).sort((a, b) => places[a]! - places[b]!);
    const dims = Array<number>(rank).fill(1);
    for (const i of order) dims[places[i]!] = sizes[i]!;
    return this.constant(`${key}${value.turned ? '_channels_first' : ''}`, () =>
      floats(dims, permuted(data, sizes, order)),
    );
  }

  /** Writes the layer's nodes. A single value made here gets the layer's name. */
  finish(values: readonly Value[]): Value[] {
    const only = values[0]!;
    const made = this.nodes.some(({ outputs }) => outputs[0] === only?.name);
    const renamed = made && values.length === 1 ? this.b.fresh(this.name) : undefined;
    const named = (name: string) => (renamed !== undefined && name === only.name ? renamed : name);
    for (const [key, name] of this.turnedValues) this.turnedValues.set(key, named(name));
    for (const node of this.nodes)
      this.b.add({ ...node, inputs: node.inputs.map(named), outputs: node.outputs.map(named) });
    return values.map((value) => ({ ...value, name: named(value.name) }));
  }

  /** The same site for an activation that is written as a layer: another input and other settings. */
  as(input: Value, config: object): LayerSite {
    const settings = new Settings(config as Json, this.settings.place);
    const { name, call, dialect, b, state, turnedValues, nodes } = this;
    return new LayerSite(name, settings, call, [input], dialect, b, state, turnedValues, nodes);
  }
}
