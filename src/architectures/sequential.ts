import { type Static, type TObject, Type } from '../config/type.js';
import { check } from '../config/validate.js';
import { AssayError, unknownName } from '../errors.js';
import { type Activation, activate, activationNames } from './activations.js';
import type { Architecture, Recognition } from './architecture.js';
import type { ImageShape } from './image-shape.js';
import type { Network, Value } from './network.js';
import { shapeOf, type Weights } from './weights.js';

const closed = { additionalProperties: false };
const key = Type.String({ minLength: 1, description: "The layer's name in the file, without `.weight`." });
const size = (minimum: number, description: string) => Type.Integer({ minimum, maximum: 4096, description });
const sizeOr = (usual: number, minimum: number) =>
  Type.Optional(Type.Integer({ minimum, maximum: 4096, default: usual, description: `Default: ${usual}.` }));

const Convolution = Type.Object(
  {
    weights: key,
    stride: sizeOr(1, 1),
    padding: sizeOr(0, 0),
    dilation: sizeOr(1, 1),
  },
  closed,
);
const Weighted = Type.Object({ weights: key }, closed);
const BatchNorm = Type.Object(
  {
    weights: key,
    epsilon: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, default: 1e-5, description: 'Default: 1e-5.' }),
    ),
  },
  closed,
);
const GroupNorm = Type.Object({ weights: key, groups: size(1, 'Groups of channels.') }, closed);
const Pool = Type.Object(
  {
    kernel: size(1, 'Side of the window.'),
    stride: Type.Optional(size(1, 'Default: the kernel.')),
    padding: sizeOr(0, 0),
  },
  closed,
);
const Adaptive = Type.Object({ size: size(1, 'Side of the grid.') }, closed);
const Leaky = Type.Object(
  { slope: Type.Optional(Type.Number({ minimum: 0, default: 0.01, description: 'Default: 0.01.' })) },
  closed,
);
const Empty = Type.Object({}, closed);
const Dropout = Type.Object({ p: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })) }, closed);

/** One kind of layer. */
interface Kind {
  options: TObject;
  apply(network: Network, x: Value, options: never): Value;
}

/** Keeps the type of the options between the schema and the function. */
function kind<S extends TObject>(
  options: S,
  apply: (network: Network, x: Value, o: Static<S>) => Value,
): Kind {
  return { options, apply };
}

const KINDS: Readonly<Record<string, Kind>> = {
  conv: kind(Convolution, (net, x, { weights, ...rest }) => net.conv(x, weights, rest)),
  linear: kind(Weighted, (net, x, { weights }) => net.linear(x, weights)),
  'batch-norm': kind(BatchNorm, (net, x, { weights, epsilon }) => net.batchNorm(x, weights, epsilon)),
  'instance-norm': kind(Weighted, (net, x, { weights }) => net.instanceNorm(x, weights)),
  'group-norm': kind(GroupNorm, (net, x, { weights, groups }) => net.groupNorm(x, weights, groups)),
  'max-pool': kind(Pool, (net, x, pool) => net.maxPool(x, pool)),
  'avg-pool': kind(Pool, (net, x, pool) => net.averagePool(x, pool)),
  'adaptive-avg-pool': kind(Adaptive, (net, x, { size: side }) => net.adaptiveAveragePool(x, side)),
  'global-avg-pool': kind(Empty, (net, x) => net.adaptiveAveragePool(x, 1)),
  flatten: kind(Empty, (net, x) => net.flatten(x)),
  features: kind(Empty, (net, x) => net.features(x)),
  dropout: kind(Dropout, (_, x) => x),
  identity: kind(Empty, (_, x) => x),
  ...Object.fromEntries(
    activationNames.map((name) => [name, kind(Empty, (net, x) => activate(net, x, name as Activation))]),
  ),
  'leaky-relu': kind(Leaky, (net, x, { slope }) => net.relu(x, slope)),
};
const kindNames = Object.keys(KINDS);

const Layers = Type.Array(
  Type.Union([
    Type.String({ minLength: 1 }),
    Type.Record(Type.String(), Type.Unknown(), { minProperties: 1, maxProperties: 1 }),
  ]),
  { minItems: 1, maxItems: 1000, description: `The layers in order: ${kindNames.join(', ')}.` },
);

const Options = Type.Object(
  {
    layers: Layers,
  },
  closed,
);
type Options = Static<typeof Options>;

interface Layer {
  kind: string;
  options: object;
  /** Those of the options that the card does not say. */
  assumed: Readonly<Record<string, unknown>>;
  /** architecture.layers[3].conv */
  at: string;
}

/** `relu`, or `{ conv: { weights: conv1, padding: 1 } }`. Errors: `unknown-name`, `config-invalid`. */
function layersOf({ layers }: Options, file: string): Layer[] {
  return layers.map((layer, i) => {
    const [name, options] = typeof layer === 'string' ? [layer, {}] : Object.entries(layer)[0]!;
    const at = `architecture.layers[${i}]`;
    if (!Object.hasOwn(KINDS, name)) throw unknownName('layer', name, kindNames, { file, path: at });
    const path = `${at}.${name}`;
    const said = (options ?? {}) as object;
    const whole = check(KINDS[name]!.options, said, { file, what: 'model card', at: path }) as object;
    const assumed = Object.entries(whole).filter(([option]) => !Object.hasOwn(said, option));
    return { kind: name, options: whole, assumed: Object.fromEntries(assumed), at: path };
  });
}

/** By kind of layer, what some layer of the card leaves out. */
function assumedIn(layers: readonly Layer[]): Record<string, unknown> {
  const options: Record<string, object> = {};
  for (const { kind: name, assumed } of layers)
    if (Object.keys(assumed).length > 0) options[name] = { ...options[name], ...assumed };
  return options;
}

/** The usual size for the number of channels; the card's input.shape says what it is. */
function imageOf(weights: Weights, layers: readonly Layer[]): ImageShape {
  const first = layers.find(({ kind: name }) => name === 'conv');
  const dims = first && shapeOf(weights, `${(first.options as Static<typeof Convolution>).weights}.weight`);
  const channels = dims?.[1] ?? 3;
  return channels === 1 ? [1, 28, 28] : [channels, 32, 32];
}

function recognise(
  weights: Weights,
  given: Readonly<Record<string, unknown>>,
  shape?: ImageShape,
): Recognition | undefined {
  if (given.name !== 'sequential') return undefined;
  const layers = layersOf(given as unknown as Options, weights.file);
  return {
    facts: {},
    assumed: assumedIn(layers),
    image: shape ?? imageOf(weights, layers),
    layout: 'the layers of the card',
    notes: [],
  };
}

function build(network: Network, options: Readonly<Record<string, unknown>>): void {
  const given = options as unknown as Options;
  let x = network.image;
  for (const { kind: name, options: own, at } of layersOf(given, network.weights.file)) {
    try {
      x = KINDS[name]!.apply(network, x, own as never);
    } catch (error) {
      if (!(error instanceof AssayError)) throw error;
      const { path, ...details } = error.details;
      throw new AssayError(error.code, error.message, { ...details, path: `${path ?? 'layer'}, ${at}` });
    }
  }
  network.output(network.flatten(x), 'logits');
}

/** Any stack of layers, as the card lists them. */
export const sequential: Architecture = {
  name: 'sequential',
  title: 'sequence of layers',
  options: Options,
  recognise,
  build,
  check: (given, file) => void layersOf(given as unknown as Options, file),
};
