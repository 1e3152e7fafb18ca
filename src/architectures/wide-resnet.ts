import { Type } from '../config/type.js';
import { AssayError } from '../errors.js';
import { type Activation, ActivationName, activate } from './activations.js';
import type { Architecture, Recognition } from './architecture.js';
import type { Network, Value } from './network.js';
import { shapeOf, type Weights } from './weights.js';
import { blocksIn, type Layout, layoutOf, NORMS, type Norm, normOf } from './wide-resnet-layouts.js';

const Options = Type.Object(
  {
    activation: Type.Optional(ActivationName),
    depth: Type.Optional(
      Type.Integer({ minimum: 10, description: 'Layers: 6 n + 4. Read off the weights.' }),
    ),
    width: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: 'Widening factor. Read off the weights.' }),
    ),
    norm: Type.Optional(
      Type.Union(
        NORMS.map((n) => Type.Literal(n)),
        {
          description:
            'Normalisation. Read off the weights where they tell; `instance` and `layer` look alike.',
        },
      ),
    ),
    leak: Type.Optional(
      Type.Number({
        minimum: 0,
        description:
          'Slope of the ReLU below 0, where `activation` is relu. Default: 0.2 in JEM files, 0 in others.',
      }),
    ),
    sumPool: Type.Optional(
      Type.Boolean({ description: 'Features are sums over pixels, not means (JEM code). Default: false.' }),
    ),
  },
  { additionalProperties: false },
);

function recognise(weights: Weights, given: Readonly<Record<string, unknown>>): Recognition | undefined {
  const layout = layoutOf(weights);
  if (!layout) return undefined;
  const [wide] = shapeOf(weights, `${layout.block(1, 0)}.conv1.weight`) ?? [];
  const [narrow, channels] = shapeOf(weights, `${layout.trunk}conv1.weight`) ?? [];
  const counts = [1, 2, 3].map((stage) => blocksIn(weights, layout, stage));
  const norm = normOf(weights, layout);
  const facts = {
    depth: 2 * counts[0]! + 2 * counts[1]! + 2 * counts[2]! + 4,
    width: wide! / narrow!,
    ...(norm !== 'instance or layer' && { norm }),
  };
  const jem = layout.name === 'jem';
  const energy = weights.tensors.has('energy_output.weight');
  return {
    facts,
    guesses: given.activation && given.activation !== 'relu' ? {} : { activation: 'relu', leak: layout.leak },
    missing:
      norm === 'instance or layer'
        ? { norm: 'instance or layer: their weights look alike, and this file does not keep the classes' }
        : undefined,
    image: [channels ?? 3, 32, 32],
    range: jem ? [-1, 1] : undefined,
    layout: layout.name,
    notes: [
      ...(jem
        ? [
            'the public JEM code trains on pixels in [-1, 1]; its logits are class_output, and log p(x) is their logsumexp',
          ]
        : []),
      ...(jem && norm === 'batch'
        ? [
            'the public JEM code never switches to evaluation mode: its numbers of a network with batch normalisation are of the statistics of each batch, ours of the running averages in the file',
          ]
        : []),
      ...(energy
        ? [
            'the file has a second head, energy_output: `energy: { output: energy_output, sign: 1 }` reads log p(x) from it, as the JEM code does for models trained with --uncond',
          ]
        : []),
    ],
  };
}

function normalise(network: Network, x: Value, key: string, norm: Norm): Value {
  const kinds: Record<Norm, () => Value> = {
    none: () => x,
    batch: () => network.batchNorm(x, key),
    instance: () => network.instanceNorm(x, key),
    layer: () => network.groupNorm(x, key, 1),
    act: () => actNorm(network, x, key),
  };
  return kinds[norm]();
}

/** scale * (x + loc) (norms.py of the JEM code). Errors: `model-invalid` before its first batch has set them. */
function actNorm(network: Network, x: Value, key: string): Value {
  const shape = [1, x.dims[0], 1, 1];
  const initialized = network.weights.tensors.get(`${key}.initialized`);
  if (initialized && Number(initialized.data[0]) === 0)
    throw new AssayError('model-invalid', 'the network was saved before its first batch', {
      file: network.weights.file,
      path: `tensor "${key}.initialized"`,
      expected: '1',
      found: '0: the normalisation would depend on the images it is shown first',
      hint: 'run one batch of training images through it, and save it again',
    });
  network.ignore(`${key}.initialized`);
  const part = (name: string) => network.b.constant(network.take(`${key}.${name}`, shape), `${key}.${name}`);
  const moved = network.b.op('Add', [x.name, part('loc')]);
  return { name: network.b.op('Mul', [moved, part('scale')], {}, key), dims: x.dims };
}

interface Built {
  activation: Activation;
  norm: Norm;
  leak: number;
  sumPool?: boolean;
}

function activatedWith(
  network: Network,
  x: Value,
  { activation, leak }: Pick<Built, 'activation' | 'leak'>,
): Value {
  return activation === 'relu' ? network.relu(x, leak) : activate(network, x, activation);
}

function block(
  network: Network,
  x: Value,
  key: string,
  stride: number,
  layout: Layout,
  { norm, ...rest }: Built,
): Value {
  const activated = (value: Value, name: string) =>
    activatedWith(network, normalise(network, value, `${key}.${name}`, norm), rest);
  const [first, second] = layout.strided === 1 ? [stride, 1] : [1, stride];
  const inner = activated(x, 'bn1');
  const one = network.conv(inner, `${key}.conv1`, { stride: first, padding: 1 });
  const two = network.conv(activated(one, 'bn2'), `${key}.conv2`, { stride: second, padding: 1 });
  const shortcut = `${key}.${layout.shortcut}`;
  if (!network.has(`${shortcut}.weight`)) return network.add(two, x, key);
  const from = layout.preactivatedShortcut ? inner : x;
  return network.add(two, network.conv(from, shortcut, { stride }), key);
}

function build(network: Network, options: Readonly<Record<string, unknown>>): void {
  const layout = layoutOf(network.weights) as Layout;
  const built = options as unknown as Built;
  for (const name of network.weights.tensors.keys()) if (layout.idle.test(name)) network.ignore(name);
  let x = network.conv(network.image, `${layout.trunk}conv1`, { padding: 1 });
  for (const stage of [1, 2, 3])
    for (let i = 0; i < blocksIn(network.weights, layout, stage); i++)
      x = block(network, x, layout.block(stage, i), stage > 1 && i === 0 ? 2 : 1, layout, built);
  x = activatedWith(network, normalise(network, x, `${layout.trunk}bn1`, built.norm), built);
  const area = x.dims[1]! * x.dims[2]!;
  let pooled = network.globalAverage(built.sumPool ? x : inWindow(network, x));
  if (built.sumPool)
    pooled = { name: network.b.op('Mul', [pooled.name, network.b.scalar(area)]), dims: pooled.dims };
  const features = network.features(pooled);
  network.output(network.linear(features, layout.head), 'logits');
  if (network.has('energy_output.weight') && layout.name === 'jem')
    network.output(network.linear(features, 'energy_output'), 'energy_output');
}

/** What all of these codes average over, in images of 32 x 32 the whole map. */
const WINDOW = 8;

/** Of a map that is larger by less than a window, what lies in the first: avg_pool2d(x, 8) drops the rest. */
function inWindow(network: Network, x: Value): Value {
  const [, ...sides] = x.dims;
  const isOne = sides.every((side) => Math.floor(side / WINDOW) === 1);
  return isOne && sides.some((side) => side > WINDOW) ? network.averagePool(x, { kernel: WINDOW }) : x;
}

/** Zagoruyko & Komodakis 2016, as the public JEM code, meliketoy, xternalz and TRADES name its weights. */
export const wideResnet: Architecture = {
  name: 'wide-resnet',
  title: 'wide ResNet',
  options: Options,
  recognise,
  build,
  check: ({ activation, leak }, file) => {
    if (leak === undefined || activation === undefined || activation === 'relu') return;
    throw new AssayError(
      'config-invalid',
      '`leak` is a slope of the ReLU, and the card names another activation',
      {
        file,
        path: 'architecture.leak',
        expected: 'one of activation and leak',
        found: `activation: ${String(activation)}, leak: ${String(leak)}`,
        hint: 'drop leak',
      },
    );
  },
};
