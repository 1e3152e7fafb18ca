import { Type } from '@sinclair/typebox';
import { AssayError } from '../errors.js';
import type { Architecture, Recognition } from './architecture.js';
import type { Network, Value } from './network.js';
import { shapeOf, type Weights } from './weights.js';

const NORMS = ['none', 'batch', 'instance', 'layer', 'act'] as const;
type Norm = (typeof NORMS)[number];

const Options = Type.Object(
  {
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
        description: 'Slope of the ReLU below 0. Default: 0.2 in JEM files, 0 in others.',
      }),
    ),
    sumPool: Type.Optional(
      Type.Boolean({ description: 'Features are sums over pixels, not means (JEM code). Default: false.' }),
    ),
  },
  { additionalProperties: false },
);

/** How a family of codes names a wide ResNet's weights, and where it puts strides. */
interface Layout {
  name: string;
  /** Before every name of the trunk. */
  trunk: string;
  block(stage: number, index: number): string;
  shortcut: string;
  /** Convolution of a block that has its stride. */
  strided: 1 | 2;
  leak: number;
  /** A block whose shortcut is a convolution feeds it the normalised input. */
  preactivatedShortcut: boolean;
  /** The last linear layer. */
  head: string;
  /** Tensors that the code has and does not use. */
  idle: RegExp;
}

const LAYOUTS: readonly Layout[] = [
  {
    name: 'jem',
    trunk: 'f.',
    block: (stage, i) => `f.layer${stage}.${i}`,
    shortcut: 'shortcut.0',
    strided: 2,
    leak: 0.2,
    preactivatedShortcut: false,
    head: 'class_output',
    // The trunk is a classifier of its own in that code; its last layer is never called.
    idle: /^f\.linear\./,
  },
  {
    name: 'meliketoy/wide-resnet.pytorch',
    trunk: '',
    block: (stage, i) => `layer${stage}.${i}`,
    shortcut: 'shortcut.0',
    strided: 2,
    leak: 0,
    preactivatedShortcut: false,
    head: 'linear',
    idle: /^$/,
  },
  {
    name: 'xternalz/WideResNet-pytorch, TRADES, RobustBench',
    trunk: '',
    block: (stage, i) => `block${stage}.layer.${i}`,
    shortcut: 'convShortcut',
    strided: 1,
    leak: 0,
    preactivatedShortcut: true,
    head: 'fc',
    // RobustBench keeps a first block twice for compatibility with TRADES and calls it once.
    idle: /^sub_block1\./,
  },
];

function layoutOf(weights: Weights): Layout | undefined {
  const has = (name: string) => weights.tensors.has(name);
  return LAYOUTS.find(
    ({ trunk, block, head }) =>
      has(`${trunk}conv1.weight`) &&
      has(`${block(1, 0)}.conv1.weight`) &&
      has(`${block(3, 0)}.conv2.weight`) &&
      !has(`${block(1, 0)}.conv3.weight`) &&
      !has(`${block(4, 0)}.conv1.weight`) &&
      has(`${head}.weight`) &&
      // A post-activation network normalises what its first convolution makes; here that norm comes last.
      lastNormFits(weights, trunk, block),
  );
}

/** Pre-activation: the norm at the end is as wide as the last block; where there is none, nothing contradicts. */
function lastNormFits(weights: Weights, trunk: string, block: Layout['block']): boolean {
  const name = ['bn1.weight', 'bn1.scale'].map((n) => trunk + n).find((n) => weights.tensors.has(n));
  if (name === undefined) return trunk !== '';
  const width = shapeOf(weights, name)?.reduce((a, d) => a * d, 1);
  const [wide] = shapeOf(weights, `${block(3, 0)}.conv2.weight`) ?? [];
  const [narrow] = shapeOf(weights, `${trunk}conv1.weight`) ?? [];
  return width === wide && wide !== narrow;
}

function blocksIn(weights: Weights, { block }: Layout, stage: number): number {
  let n = 0;
  while (weights.tensors.has(`${block(stage, n)}.conv1.weight`)) n++;
  return n;
}

/** Scale and shift alone do not say over what was normalised; the version of the class does, where it is kept. */
function normOf(weights: Weights, { block }: Layout): Norm | 'instance or layer' {
  const key = `${block(1, 0)}.bn1`;
  const has = (name: string) => weights.tensors.has(`${key}.${name}`);
  if (has('running_mean')) return 'batch';
  if (has('loc')) return 'act';
  if (!has('weight')) return 'none';
  // InstanceNorm2d shares its version, 2, with batch norm; GroupNorm has none, which is kept as 1.
  const version = weights.versions.get(key);
  return version === 2 ? 'instance' : version === 1 ? 'layer' : 'instance or layer';
}

function recognise(weights: Weights): Recognition | undefined {
  const layout = layoutOf(weights);
  if (!layout) return undefined;
  const [wide] = shapeOf(weights, `${layout.block(1, 0)}.conv1.weight`) ?? [];
  const [narrow, channels] = shapeOf(weights, `${layout.trunk}conv1.weight`) ?? [];
  const counts = [1, 2, 3].map((stage) => blocksIn(weights, layout, stage));
  const norm = normOf(weights, layout);
  const facts = {
    depth: 2 * counts[0] + 2 * counts[1] + 2 * counts[2] + 4,
    width: wide / narrow,
    ...(norm !== 'instance or layer' && { norm }),
  };
  const jem = layout.name === 'jem';
  const energy = weights.tensors.has('energy_output.weight');
  return {
    facts,
    guesses: { leak: layout.leak },
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
      ...(energy
        ? [
            'the file has a second head, energy_output: `energy: { output: energy_output, sign: 1 }` takes log p(x) from it, as the JEM code does for models trained with --uncond',
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
  norm: Norm;
  leak: number;
  sumPool?: boolean;
}

function block(
  network: Network,
  x: Value,
  key: string,
  stride: number,
  layout: Layout,
  { norm, leak }: Built,
): Value {
  const activated = (value: Value, name: string) =>
    network.relu(normalise(network, value, `${key}.${name}`, norm), leak);
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
  x = network.relu(normalise(network, x, `${layout.trunk}bn1`, built.norm), built.leak);
  const area = x.dims[1] * x.dims[2];
  let pooled = network.globalAverage(x);
  if (built.sumPool)
    pooled = { name: network.b.op('Mul', [pooled.name, network.b.scalar(area)]), dims: pooled.dims };
  const features = network.features(pooled);
  network.output(network.linear(features, layout.head), 'logits');
  if (network.has('energy_output.weight') && layout.name === 'jem')
    network.output(network.linear(features, 'energy_output'), 'energy_output');
}

/** Zagoruyko & Komodakis 2016, as the public JEM code, meliketoy, xternalz and TRADES name its weights. */
export const wideResnet: Architecture = {
  name: 'wide-resnet',
  title: 'wide ResNet',
  options: Options,
  recognise,
  build,
};
