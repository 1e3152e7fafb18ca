import { AssayError, didYouMean } from '../../errors.js';
import { GraphBuilder, ints } from '../../graph/build.js';
import type { Graph } from '../../graph/graph.js';
import { LAYERS } from './layers/table.js';
import { shown } from './settings.js';
import { LayerSite, LayerState } from './site.js';
import type { Call, LayerConfig, ModelConfig, Reference } from './topology.js';
import { type Dim, TO_CHANNELS_LAST, type Value } from './value.js';
import type { Dialect, PathStep, WeightStore } from './weights.js';

export interface Source {
  model: ModelConfig;
  weights: WeightStore;
  dialect: Dialect;
  file: string;
  /** Library and version, for reports. */
  producer?: string;
}

/**
 * Writes a model as a graph. Its inputs keep the order of axes that the model has, the batch axis is `N`; inside,
 * images are channels first.
 * Errors: `op-unsupported` for a layer that has no row; `file-malformed` and `model-invalid`; all name the layer.
 */
export function convertModel(source: Source): Graph {
  const b = new GraphBuilder(source.model.name);
  const conversion = new Conversion(b, source);
  const inputs = conversion.inputsOf(source.model);
  const values = conversion.run(source.model, inputs, []);
  const taken = new Set(inputs.map(({ name }) => name));
  for (const { name, shape, turned } of values) {
    const dims = ['N', ...shape];
    const plain = turned ? b.op('Transpose', [name], { perm: ints(TO_CHANNELS_LAST) }) : name;
    if (taken.has(plain)) b.outputAs(plain, 'output', 'float32', dims);
    else b.output(plain, 'float32', dims);
    taken.add(plain);
  }
  return { ...b.build(), producer: source.producer };
}

/** One application of a layer. */
interface Application {
  layer: LayerConfig;
  call: Call;
  key: string;
}

const keyOf = (layer: string, call: number) => `${call} ${layer}`;

class Conversion {
  /** By path: applications of a layer share its weights, wherever they are. */
  private readonly states = new Map<string, LayerState>();
  private readonly turnedValues = new Map<string, string>();

  constructor(
    private readonly b: GraphBuilder,
    private readonly source: Source,
  ) {}

  /** Declares the inputs of the whole model. */
  inputsOf(model: ModelConfig): Value[] {
    const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
    return model.inputs.map((input) => {
      const layer = layers.get(input.layer);
      if (layer?.className !== 'InputLayer') throw this.dangling(input, 'input_layers');
      const shape = inputShape(layer, model);
      return { name: this.b.input(layer.name, 'float32', ['N', ...shape]), shape, turned: false };
    });
  }

  /** @param path the models around this one, itself included but for the outermost */
  run(model: ModelConfig, inputs: readonly Value[], path: readonly PathStep[]): Value[] {
    const made = new Map<string, readonly Value[]>();
    const ordinals = ordinalsOf(model);
    const given = new Map(model.inputs.map(({ layer }, i) => [layer, inputs[i]]));
    for (const { layer, call, key } of this.ordered(model)) {
      const input = given.get(layer.name);
      const step = { name: layer.name, className: layer.className, ordinal: ordinals.get(layer.name) ?? 0 };
      made.set(key, input ? [input] : this.apply(layer, call, made, [...path, step]));
    }
    return model.outputs.map((output) => this.pick(made, output, 'output_layers'));
  }

  private apply(
    layer: LayerConfig,
    call: Call,
    made: ReadonlyMap<string, readonly Value[]>,
    path: readonly PathStep[],
  ): readonly Value[] {
    const { place } = layer.settings;
    const inputs = call.operands
      .filter((operand) => 'layer' in operand)
      .map((operand) => this.pick(made, operand, place.path));
    if (layer.model) {
      if (inputs.length !== layer.model.inputs.length)
        throw layer.settings.fail('a model that is used as a layer has the wrong number of inputs', {
          expected: String(layer.model.inputs.length),
          found: String(inputs.length),
        });
      return this.run(layer.model, inputs, path);
    }
    const row = LAYERS.get(layer.className);
    if (!row) throw unsupported(layer);
    const key = JSON.stringify(path.map(({ name }) => name));
    const known = this.states.get(key);
    const state = known ?? new LayerState(this.source.weights.of(path));
    this.states.set(key, state);
    const { dialect } = this.source;
    const site = new LayerSite(
      layer.name,
      layer.settings,
      call,
      inputs,
      dialect,
      this.b,
      state,
      this.turnedValues,
    );
    const value = row.apply(site);
    site.refuseUnused();
    return site.finish([value]);
  }

  private pick(made: ReadonlyMap<string, readonly Value[]>, from: Reference, path: string): Value {
    const value = made.get(keyOf(from.layer, from.call))?.[from.tensor];
    if (!value) throw this.dangling(from, path);
    return value;
  }

  private dangling({ layer, call, tensor }: Reference, path: string): AssayError {
    return new AssayError('file-malformed', 'the model refers to a value that no layer makes', {
      file: this.source.file,
      path,
      expected: 'an output of a layer of the model',
      found: shown([layer, call, tensor]),
      hint: 'check that the file was copied completely, or save the model again',
    });
  }

  /** Applications so that each follows what it reads (Kahn 1962). Errors: `file-malformed` for a cycle. */
  private ordered({ layers }: ModelConfig): Application[] {
    const all = layers.flatMap((layer) =>
      layer.calls.map((call, i) => ({ layer, call, key: keyOf(layer.name, i) })),
    );
    const byKey = new Map(all.map((one) => [one.key, one]));
    const readers = new Map<string, Application[]>();
    const waiting = new Map<string, number>();
    for (const one of all) {
      const sources = new Set<string>();
      for (const operand of one.call.operands) {
        if (!('layer' in operand)) continue;
        const key = keyOf(operand.layer, operand.call);
        if (!byKey.has(key)) throw this.dangling(operand, one.layer.settings.place.path);
        sources.add(key);
      }
      waiting.set(one.key, sources.size);
      for (const key of sources) {
        const list = readers.get(key);
        if (list) list.push(one);
        else readers.set(key, [one]);
      }
    }
    const order = all.filter(({ key }) => waiting.get(key) === 0);
    for (let i = 0; i < order.length; i++) {
      for (const reader of readers.get(order[i]!.key) ?? []) {
        const left = (waiting.get(reader.key) ?? 0) - 1;
        waiting.set(reader.key, left);
        if (left === 0) order.push(reader);
      }
    }
    const stuck = all.find(({ key }) => waiting.get(key) !== 0);
    if (!stuck) return order;
    throw stuck.layer.settings.fail('the layers of the model form a circle', {
      expected: 'layers that read only what others made before',
      found: `"${stuck.layer.name}" waits for its own output`,
      hint: 'check that the file was copied completely, or save the model again',
    });
  }
}

/** How many layers of its class come before each layer. */
function ordinalsOf({ layers }: ModelConfig): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  return new Map(
    layers.map(({ name, className }) => {
      const ordinal = counts.get(className) ?? 0;
      counts.set(className, ordinal + 1);
      return [name, ordinal];
    }),
  );
}

/** Of one image. A chain that opens with a model has that model's input. */
function inputShape(layer: LayerConfig, model: ModelConfig): Dim[] {
  const { settings } = layer;
  const key = ['batch_shape', 'batch_input_shape'];
  const given = settings.raw(key);
  if (given === undefined) {
    const inner = model.layers.find((one) => one.className !== 'InputLayer')?.model;
    const first = inner?.layers.find(({ name }) => name === inner.inputs[0]?.layer);
    if (inner && first) return inputShape(first, inner);
    throw settings.fail(
      'the model does not state its input',
      {
        expected: 'an input layer, or batch_input_shape of the first layer',
        hint: 'add keras.Input(shape=(32, 32, 3)) as the first layer, or call model.build, and save it again',
      },
      'model-invalid',
    );
  }
  if (!Array.isArray(given) || given.length < 2)
    throw settings.wrong(key[0]!, '[null, height, width, channels]', given);
  return given.slice(1).map((d) => (d === null ? null : settings.checkInteger(key[0]!, d, 1)));
}

function unsupported({ className, settings }: LayerConfig): AssayError {
  const guess = didYouMean(className, [...LAYERS.keys()]);
  return settings.fail(
    `the layer ${className} cannot be read`,
    {
      expected: 'a layer of the list in docs/keras-and-tfjs.md',
      found: className,
      hint: `export the model as ONNX: model.export('model.onnx', format='onnx') in Keras 3, or python -m tf2onnx.convert${guess ? ` (did you mean ${guess}?)` : ''}`,
    },
    'op-unsupported',
  );
}
