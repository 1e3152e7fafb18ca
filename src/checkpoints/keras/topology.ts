import { AssayError } from '../../errors.js';
import { isObject, type Json, type Place, Settings, shown } from './settings.js';

/** Where a number that enters a layer comes from: an output of an application of a layer, or a constant. */
export type Operand = { layer: string; call: number; tensor: number } | { constant: number };
export type Reference = Extract<Operand, { layer: string }>;

/** One application of a layer. Shared layers have several. */
export interface Call {
  operands: Operand[];
}

export interface LayerConfig {
  name: string;
  /** `Conv2D` */
  className: string;
  settings: Settings;
  calls: Call[];
  /** Of a model that is used as a layer. */
  model?: ModelConfig;
}

/** A model as its configuration describes it; Sequential ones are chains. */
export interface ModelConfig {
  name: string;
  layers: LayerConfig[];
  inputs: Reference[];
  outputs: Reference[];
  /** With the batch axis first; of a chain without an input layer. */
  inputShape?: unknown;
}

const MODELS = ['Sequential', 'Functional', 'Model'];
const MAX_DEPTH = 16;
const MAX_LAYERS = 20_000;

/** Counts the layers of a whole file, nested models included. */
interface Budget {
  layers: number;
}

/**
 * Reads a model's configuration, in the form of Keras 2, TensorFlow.js or Keras 3, and checks that it is well formed.
 * Errors: `file-malformed`; `op-unsupported` for classes that would have to be executed.
 */
export function readTopology(config: unknown, file: string): ModelConfig {
  return readModel(config, { file, path: 'the model' }, { layers: 0 }, 0);
}

function malformed(place: Place, message: string, expected: string, found: unknown): AssayError {
  return new AssayError('file-malformed', message, {
    ...place,
    expected,
    found: shown(found),
    hint: 'check that the file was copied completely, or save the model again',
  });
}

function readModel(source: unknown, place: Place, budget: Budget, depth: number): ModelConfig {
  if (depth > MAX_DEPTH)
    throw malformed(place, 'models are nested too deep', `at most ${MAX_DEPTH} levels`, `more`);
  if (!isObject(source) || !MODELS.includes(source.class_name as string)) {
    throw new AssayError('op-unsupported', 'the model is of a class that cannot be read', {
      ...place,
      expected: `one of ${MODELS.join(', ')}`,
      found: shown(isObject(source) ? source.class_name : source),
      hint: "a subclassed model is code, and code in a checkpoint is never executed: build it from layers (keras.Model(inputs, outputs)), or export it as ONNX: model.export('model.onnx', format='onnx')",
    });
  }
  // Before Keras 2.2.3 the configuration of a Sequential was the list of its layers.
  const config = Array.isArray(source.config) ? { layers: source.config } : source.config;
  if (!isObject(config)) throw malformed(place, 'the model has no configuration', 'an object', config);
  const layers = config.layers;
  if (!Array.isArray(layers)) throw malformed(place, 'the model lists no layers', 'a list of layers', layers);
  budget.layers += layers.length;
  if (budget.layers > MAX_LAYERS)
    throw malformed(place, 'the model has too many layers', `at most ${MAX_LAYERS}`, budget.layers);
  const name = typeof config.name === 'string' ? config.name : 'model';
  const read = layers.map((layer, i) => readLayer(layer, i, place, budget, depth));
  const names = new Set<string>();
  for (const layer of read) {
    if (names.has(layer.name))
      throw malformed(place, 'two layers have the same name', 'a name for each layer', layer.name);
    names.add(layer.name);
  }
  return source.class_name === 'Sequential'
    ? chain(name, read, config, place)
    : renumbered({ name, layers: read, ...ends(config, place) });
}

/**
 * Before Keras 3, the calls of a model that is used as a layer are counted from 1: call 0 was its own making, which is
 * not saved. Every call that is saved is read by something, so the lowest number tells.
 */
function renumbered(model: ModelConfig): ModelConfig {
  const nested = new Set(model.layers.filter((layer) => layer.model).map(({ name }) => name));
  if (nested.size === 0) return model;
  const references = [
    ...model.outputs,
    ...model.layers.flatMap(({ calls }) => calls.flatMap(({ operands }) => operands)),
  ].filter((one): one is Reference => 'layer' in one && nested.has(one.layer));
  const lowest = new Map<string, number>();
  for (const { layer, call } of references) lowest.set(layer, Math.min(call, lowest.get(layer) ?? call));
  for (const reference of references) if ((lowest.get(reference.layer) ?? 0) > 0) reference.call -= 1;
  return model;
}

/** Each layer reads the one before it. An input layer is put first where there is none. */
function chain(name: string, layers: LayerConfig[], config: Json, place: Place): ModelConfig {
  if (layers.length === 0) throw malformed(place, 'the model is empty', 'a list of layers', layers);
  const output = (layer: LayerConfig): Reference => ({ layer: layer.name, call: 0, tensor: 0 });
  const first = layers[0]!;
  const given = first.className === 'InputLayer';
  const input: LayerConfig = given
    ? first
    : {
        name: freshName(layers, `${name}_input`),
        className: 'InputLayer',
        settings: new Settings(
          {
            batch_shape: first.settings.raw(['batch_input_shape', 'batch_shape']) ?? config.build_input_shape,
          },
          place,
        ),
        calls: [],
      };
  const all = given ? layers : [input, ...layers];
  const linked = all.map((layer, i) => ({
    ...layer,
    calls: [{ operands: i === 0 ? [] : [output(all[i - 1]!)] }],
  }));
  return { name, layers: linked, inputs: [output(input)], outputs: [output(all[all.length - 1]!)] };
}

function freshName(layers: readonly LayerConfig[], hint: string): string {
  let name = hint;
  while (layers.some((layer) => layer.name === name)) name += '_';
  return name;
}

function ends(config: Json, place: Place): Pick<ModelConfig, 'inputs' | 'outputs'> {
  const read = (key: string) => {
    const inputs = references(config[key], 0);
    if (inputs.length === 0)
      throw malformed(
        place,
        `the model has no ${key.replace('_', ' ')}`,
        '[layer, call, tensor]',
        config[key],
      );
    return inputs;
  };
  return { inputs: read('input_layers'), outputs: read('output_layers') };
}

/** [layer, call, tensor], or lists and objects of them: one triple where Keras 3 has a single tensor. */
function references(value: unknown, depth: number): Reference[] {
  if (depth > 4) return [];
  if (Array.isArray(value)) {
    const [layer, call, tensor] = value;
    if (typeof layer === 'string' && isIndex(call) && isIndex(tensor)) return [{ layer, call, tensor }];
    return value.flatMap((one) => references(one, depth + 1));
  }
  return isObject(value) ? Object.values(value).flatMap((one) => references(one, depth + 1)) : [];
}

const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function readLayer(source: unknown, index: number, outer: Place, budget: Budget, depth: number): LayerConfig {
  const config = isObject(source) ? source.config : undefined;
  if (!isObject(source) || typeof source.class_name !== 'string' || !isObject(config))
    throw malformed(outer, `layer ${index} is not described`, 'class_name and config', source);
  const name = [source.name, config.name].find((one) => typeof one === 'string') ?? `layer_${index}`;
  const className = source.class_name;
  const within = outer.path === 'the model' ? '' : ` of ${outer.path}`;
  const place = { file: outer.file, path: `layer "${name}" (${className})${within}` };
  refuseCustom(source, place);
  const model = MODELS.includes(className) ? readModel(source, place, budget, depth + 1) : undefined;
  const calls = Array.isArray(source.inbound_nodes)
    ? source.inbound_nodes.map((node) => readCall(node, place))
    : [];
  if (className === 'InputLayer' && calls.length === 0) calls.push({ operands: [] });
  return { name: name as string, className, settings: new Settings(config, place), calls, model };
}

/** Classes from elsewhere may bear the name of a layer of Keras. Keras registers them as `package>Name`. */
function refuseCustom(source: Json, place: Place): void {
  const { module: from, registered_name: registered, class_name: name } = source;
  const foreign = typeof from === 'string' && !/^(keras|tensorflow|tf_keras)(\.|$)/.test(from);
  const custom = [registered, name].some((one) => typeof one === 'string' && one.includes('>'));
  if (name === 'Lambda') throw lambda(place);
  if (!foreign && !custom) return;
  throw new AssayError('op-unsupported', 'the model has a layer of its own class', {
    ...place,
    expected: 'layers of Keras itself',
    found: shown(registered ?? from),
    hint: "its code is not in the file, and would not be executed: export the model as ONNX: model.export('model.onnx', format='onnx')",
  });
}

function lambda(place: Place): AssayError {
  return new AssayError('op-unsupported', 'the model has a Lambda layer, which is code', {
    ...place,
    expected: 'layers that are data',
    found: 'Lambda',
    hint: "code in a checkpoint is never executed: use a layer of Keras instead, or export the model as ONNX: model.export('model.onnx', format='onnx')",
  });
}

/** Keras 3: { args, kwargs } with tensors marked; before: a list of [layer, call, tensor, arguments]. */
function readCall(node: unknown, place: Place): Call {
  if (isObject(node)) {
    const operands: Operand[] = [];
    collect(node.args, operands, place, 0);
    const kwargs = isObject(node.kwargs) ? node.kwargs : {};
    // Tensors passed by name, as in layer(inputs=x), follow those passed by place.
    for (const value of Object.values(kwargs))
      if (Array.isArray(value) || isObject(value)) collect(value, operands, place, 0);
    return { operands };
  }
  // TensorFlow.js writes [layer, call, tensor, arguments] alone for one input.
  const list = Array.isArray(node) && typeof node[0] === 'string' ? [node] : node;
  if (!Array.isArray(list)) throw malformed(place, 'the inputs of a layer are not described', 'a list', node);
  const second: Operand[] = [];
  const operands = list.map((one): Operand => {
    const [layer, call, tensor, kwargs] = Array.isArray(one) ? one : [];
    // x * 2 is a layer whose second operand is an argument called y.
    const y = isObject(kwargs) ? kwargs.y : undefined;
    if (typeof y === 'number') second.push({ constant: y });
    else second.push(...references(y, 4));
    if (layer === '_CONSTANT_VALUE' && typeof tensor === 'number') return { constant: tensor };
    if (typeof layer !== 'string' || !isIndex(call) || !isIndex(tensor))
      throw malformed(place, 'an input of a layer is not described', '[layer, call, tensor]', one);
    return { layer, call, tensor };
  });
  return { operands: [...operands, ...second] };
}

function collect(value: unknown, into: Operand[], place: Place, depth: number): void {
  if (depth > 8)
    throw malformed(place, 'the inputs of a layer are nested too deep', 'a list of tensors', value);
  if (typeof value === 'number') into.push({ constant: value });
  else if (Array.isArray(value)) for (const one of value) collect(one, into, place, depth + 1);
  else if (isObject(value) && value.class_name === '__keras_tensor__') {
    const [reference] = references(isObject(value.config) ? value.config.keras_history : undefined, 0);
    if (!reference) throw malformed(place, 'an input of a layer is not described', 'keras_history', value);
    into.push(reference);
  }
}
