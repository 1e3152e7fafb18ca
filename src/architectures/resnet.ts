import { Type } from '../config/type.js';
import { floats } from '../graph/tensor.js';
import { type Activation, ActivationName, activate } from './activations.js';
import type { Architecture, Recognition } from './architecture.js';
import type { Network, Value } from './network.js';
import { shapeOf, type Weights } from './weights.js';

const shared = {
  activation: Type.Optional(ActivationName),
  depth: Type.Optional(
    Type.Integer({
      minimum: 8,
      description: 'Layers with weights on the longest way. Read off the weights.',
    }),
  ),
  block: Type.Optional(
    Type.Union([Type.Literal('basic'), Type.Literal('bottleneck')], { description: 'Read off the weights.' }),
  ),
  stem: Type.Optional(
    Type.Union([Type.Literal('imagenet'), Type.Literal('cifar')], {
      description:
        'imagenet: the first convolution has stride 2, and a max pool follows; cifar: neither. Default: by the size of its kernel, 7 or 3.',
    }),
  ),
};

const Options = Type.Object(
  {
    ...shared,
    strideAt: Type.Optional(
      Type.Union([Type.Literal(1), Type.Literal(2)], {
        description:
          'Convolution of a bottleneck that has its stride. Default: 2, as in torchvision; the paper has 1.',
      }),
    ),
  },
  { additionalProperties: false },
);

const CifarOptions = Type.Object(
  {
    ...shared,
    shortcut: Type.Optional(
      Type.Union([Type.Literal('pad'), Type.Literal('convolution')], {
        description: 'Option A (zeros for new channels) or B of the paper. Read off the weights.',
      }),
    ),
    padding: Type.Optional(
      Type.Union([Type.Literal('both'), Type.Literal('end')], {
        description:
          'Where option A puts the new channels: half before and half behind the old ones (the default), or all behind.',
      }),
    ),
  },
  { additionalProperties: false },
);

/** What both rows read off the weights. */
interface Shape {
  /** Blocks of each stage. */
  blocks: number[];
  bottleneck: boolean;
  kernel: number;
  channels: number;
  head: 'fc' | 'linear';
  /** Name of a block's shortcut; undefined where no block has one with weights. */
  shortcut: 'downsample' | 'shortcut' | undefined;
}

const MAX_STAGES = 8;

/** Post-activation: norms are as wide as what the convolution before them makes. */
function postActivation({ tensors }: Weights, conv: string, norm: string): boolean {
  const made = tensors.get(`${conv}.weight`)?.dims;
  const normed = tensors.get(`${norm}.running_mean`)?.dims;
  return made?.length === 4 && normed?.length === 1 && normed[0] === made[0];
}

function shapeIn(weights: Weights): Shape | undefined {
  const has = (name: string) => weights.tensors.has(name);
  const head = (['fc', 'linear'] as const).find((name) => has(`${name}.weight`));
  if (!head || !postActivation(weights, 'conv1', 'bn1') || !has('layer2.0.conv1.weight')) return undefined;
  const blocks: number[] = [];
  for (let stage = 1; stage <= MAX_STAGES; stage++) {
    let n = 0;
    while (has(`layer${stage}.${n}.conv1.weight`)) n++;
    if (n === 0) break;
    blocks.push(n);
  }
  if (!postActivation(weights, 'layer2.0.conv1', 'layer2.0.bn1')) return undefined;
  const [, channels, kernel] = shapeOf(weights, 'conv1.weight') as [number, number, number];
  const shortcut = (['downsample', 'shortcut'] as const).find((name) => has(`layer2.0.${name}.0.weight`));
  return { blocks, bottleneck: has('layer1.0.conv3.weight'), kernel, channels, head, shortcut };
}

function factsOf({ blocks, bottleneck }: Shape) {
  const layers = blocks.reduce((a, n) => a + n, 0) * (bottleneck ? 3 : 2) + 2;
  return { depth: layers, block: bottleneck ? 'bottleneck' : 'basic' };
}

/** torchvision's means and standard deviations, as everybody's who trains on ImageNet. */
export const IMAGENET_NOTE =
  'networks trained on ImageNet usually expect `mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]` in place of range';

/** trainer.py of akamaster/pytorch_resnet_cifar10 normalises CIFAR with the numbers of ImageNet. */
const AKAMASTER = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  source: 'trainer.py of akamaster/pytorch_resnet_cifar10, whose names these are',
};

function recognise(weights: Weights): Recognition | undefined {
  const shape = shapeIn(weights);
  if (shape?.blocks.length !== 4) return undefined;
  const stem = shape.kernel > 3 ? 'imagenet' : 'cifar';
  const size = stem === 'imagenet' ? 224 : 32;
  return {
    facts: factsOf(shape),
    guesses: { activation: 'relu', stem, ...(shape.bottleneck && { strideAt: 2 }) },
    image: [shape.channels, size, size],
    layout: shape.shortcut === 'shortcut' ? 'kuangliu/pytorch-cifar' : 'torchvision',
    notes: stem === 'imagenet' ? [IMAGENET_NOTE] : [],
  };
}

function recogniseCifar(weights: Weights): Recognition | undefined {
  const shape = shapeIn(weights);
  if (shape?.blocks.length !== 3) return undefined;
  const pads = shape.shortcut === undefined;
  const akamaster = shape.shortcut !== 'downsample';
  return {
    facts: { ...factsOf(shape), shortcut: pads ? 'pad' : 'convolution' },
    guesses: { activation: 'relu', stem: 'cifar', ...(pads && { padding: 'both' }) },
    image: [shape.channels, 32, 32],
    ...(akamaster && shape.head === 'linear' && shape.channels === 3 && { normaliser: AKAMASTER }),
    layout: akamaster ? 'akamaster/pytorch_resnet_cifar10' : 'chenyaofo/pytorch-cifar-models',
    notes: pads
      ? [
          'shortcuts without weights are assumed to add zeros on both sides of the channels: set architecture.padding if they are all behind',
        ]
      : [],
  };
}

interface Built {
  activation: Activation;
  stem: 'imagenet' | 'cifar';
  strideAt?: 1 | 2;
  padding?: 'both' | 'end';
}

/** Numbers in a padding's kernel; real networks stay below a million. */
const MAX_PAD = 2 ** 24;

/** A stride without weights: every second pixel, with zeros for the channels that are new. */
function padShortcut(
  network: Network,
  x: Value,
  stride: number,
  channels: number,
  { key, where }: { key: string; where: 'both' | 'end' },
): Value {
  const [inputs, height, width] = x.dims as readonly [number, number, number];
  const before = where === 'end' ? 0 : Math.floor((channels - inputs) / 2);
  if (channels * inputs > MAX_PAD || channels < inputs)
    throw network.refuse(
      'a shortcut without weights is impossible',
      key,
      'more channels after a block than before it, within bounds',
      `${inputs} before, ${channels} behind`,
    );
  // As a convolution: exact, since each sum has one term, and its gradient is a convolution too.
  const kernel = new Float32Array(channels * inputs);
  for (let c = 0; c < inputs; c++) kernel[(before + c) * inputs + c] = 1;
  const weight = network.b.constant(floats([channels, inputs, 1, 1], kernel), 'shortcut');
  const size = (n: number) => Math.floor((n - 1) / stride) + 1;
  const name = network.b.op('Conv', [x.name, weight], {
    kernel_shape: { kind: 'ints', value: [1, 1] },
    strides: { kind: 'ints', value: [stride, stride] },
  });
  return { name, dims: [channels, size(height), size(width)] };
}

function block(
  network: Network,
  x: Value,
  key: string,
  stride: number,
  shape: Shape,
  { activation, strideAt = 2, padding = 'both' }: Built,
): Value {
  const act = (value: Value) => activate(network, value, activation);
  const conv = (value: Value, i: number, options: { stride?: number; padding?: number }) =>
    network.batchNorm(network.conv(value, `${key}.conv${i}`, options), `${key}.bn${i}`);
  let y: Value;
  if (shape.bottleneck) {
    y = act(conv(x, 1, { stride: strideAt === 1 ? stride : 1 }));
    y = act(conv(y, 2, { stride: strideAt === 2 ? stride : 1, padding: 1 }));
    y = conv(y, 3, {});
  } else {
    y = act(conv(x, 1, { stride, padding: 1 }));
    y = conv(y, 2, { padding: 1 });
  }
  return act(network.add(y, shortcut(network, x, key, stride, y.dims[0]!, padding), key));
}

function shortcut(
  network: Network,
  x: Value,
  key: string,
  stride: number,
  channels: number,
  padding: 'both' | 'end',
): Value {
  const name = ['downsample', 'shortcut'].map((n) => `${key}.${n}`).find((n) => network.has(`${n}.0.weight`));
  if (name) return network.batchNorm(network.conv(x, `${name}.0`, { stride }), `${name}.1`);
  return stride === 1 && x.dims[0] === channels
    ? x
    : padShortcut(network, x, stride, channels, { key, where: padding });
}

function build(network: Network, options: Readonly<Record<string, unknown>>): void {
  const shape = shapeIn(network.weights) as Shape;
  const built = options as unknown as Built;
  const imagenet = built.stem === 'imagenet';
  const stem = { stride: imagenet ? 2 : 1, padding: Math.floor(shape.kernel / 2) };
  let x = network.batchNorm(network.conv(network.image, 'conv1', stem), 'bn1');
  x = activate(network, x, built.activation);
  if (imagenet) x = network.maxPool(x, { kernel: 3, stride: 2, padding: 1 });
  shape.blocks.forEach((blocks, stage) => {
    for (let i = 0; i < blocks; i++)
      x = block(network, x, `layer${stage + 1}.${i}`, stage > 0 && i === 0 ? 2 : 1, shape, built);
  });
  network.output(network.linear(network.features(network.globalAverage(x)), shape.head), 'logits');
}

/** He et al. 2015 with four stages: torchvision's (wide and ResNeXt too) and kuangliu's for CIFAR. */
export const resnet: Architecture = { name: 'resnet', title: 'ResNet', options: Options, recognise, build };

/** He et al. 2015, section 4.2: three stages, depth 6 n + 2. */
export const cifarResnet: Architecture = {
  name: 'cifar-resnet',
  title: 'CIFAR ResNet',
  options: CifarOptions,
  recognise: recogniseCifar,
  build,
};
