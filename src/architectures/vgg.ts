import { Type } from '../config/type.js';
import { type Activation, ActivationName, activate } from './activations.js';
import type { Architecture, Recognition } from './architecture.js';
import type { Network, Value } from './network.js';
import { IMAGENET_NOTE } from './resnet.js';
import { shapeOf, type Weights } from './weights.js';

const Options = Type.Object(
  {
    activation: Type.Optional(ActivationName),
    depth: Type.Optional(
      Type.Integer({ minimum: 4, description: 'Convolutions, and three more. Read off the weights.' }),
    ),
    batchNorm: Type.Optional(Type.Boolean({ description: 'Read off the weights.' })),
  },
  { additionalProperties: false },
);

interface Conv {
  key: string;
  norm: string | undefined;
  /** A max pool follows. */
  pooled: boolean;
}

interface Shape {
  convolutions: Conv[];
  /** The linear layers, in order. */
  linear: string[];
  batchNorm: boolean;
}

const numbers = (weights: Weights, pattern: RegExp): number[] =>
  [...weights.tensors.keys()]
    .flatMap((name) => pattern.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);

/**
 * Layers are numbered with those that have no weights: a gap in the numbers is a ReLU, or a ReLU and a pool.
 * The last convolution is followed by a pool in every VGG.
 */
function shapeIn(weights: Weights): Shape | undefined {
  const all = numbers(weights, /^features\.(\d+)\.weight$/);
  const of = (i: number) => shapeOf(weights, `features.${i}.weight`);
  const convs = all.filter((i) => of(i)?.length === 4);
  const norms = new Set(all.filter((i) => of(i)?.length === 1));
  const batchNorm = norms.size > 0;
  if (
    convs.length < 2 ||
    convs[0] !== 0 ||
    !convs.every((i) => of(i)?.[2] === 3 && norms.has(i + 1) === batchNorm)
  )
    return undefined;
  if (norms.size !== (batchNorm ? convs.length : 0)) return undefined;
  const unit = batchNorm ? 3 : 2;
  const convolutions: Conv[] = [];
  for (const [n, i] of convs.entries()) {
    const gap = n + 1 < convs.length ? convs[n + 1]! - i : unit + 1;
    if (gap !== unit && gap !== unit + 1) return undefined;
    convolutions.push({
      key: `features.${i}`,
      norm: batchNorm ? `features.${i + 1}` : undefined,
      pooled: gap > unit,
    });
  }
  const single = weights.tensors.has('classifier.weight');
  const linear = single
    ? ['classifier']
    : numbers(weights, /^classifier\.(\d+)\.weight$/).map((i) => `classifier.${i}`);
  return linear.length === 0 ? undefined : { convolutions, linear, batchNorm };
}

/** Side of the grid of means that the first linear layer reads. */
function gridOf(weights: Weights, { convolutions, linear }: Shape): number {
  const [channels] = shapeOf(weights, `${convolutions.at(-1)?.key}.weight`) ?? [];
  const [, inputs] = shapeOf(weights, `${linear[0]}.weight`) ?? [];
  return Math.sqrt((inputs ?? Number.NaN) / (channels ?? 1));
}

/** VGG-11 is the smallest; fewer convolutions may as well have strides, and no grid of means behind them. */
const FEWEST = 8;

function recognise(weights: Weights, given: Readonly<Record<string, unknown>>): Recognition | undefined {
  const shape = shapeIn(weights);
  if (!shape || (shape.convolutions.length < FEWEST && given.name !== 'vgg')) return undefined;
  const grid = gridOf(weights, shape);
  if (!Number.isInteger(grid) || grid < 1) return undefined;
  const pools = shape.convolutions.filter(({ pooled }) => pooled).length;
  const [, channels] = shapeOf(weights, `${shape.convolutions[0]!.key}.weight`) ?? [];
  const size = grid * 2 ** Math.min(pools, 10);
  return {
    facts: { depth: shape.convolutions.length + 3, batchNorm: shape.batchNorm },
    guesses: { activation: 'relu' },
    image: [channels ?? 3, size, size],
    layout: shape.linear.length === 1 ? 'kuangliu/pytorch-cifar' : 'torchvision',
    notes: size >= 128 ? [IMAGENET_NOTE] : [],
  };
}

function build(network: Network, options: Readonly<Record<string, unknown>>): void {
  const act = (value: Value) => activate(network, value, options.activation as Activation);
  const shape = shapeIn(network.weights) as Shape;
  let x = network.image;
  for (const { key, norm, pooled } of shape.convolutions) {
    x = network.conv(x, key, { padding: 1 });
    if (norm) x = network.batchNorm(x, norm);
    x = act(x);
    if (pooled) x = network.maxPool(x, { kernel: 2 });
  }
  x = network.flatten(network.adaptiveAveragePool(x, gridOf(network.weights, shape)));
  shape.linear.forEach((key, i) => {
    const last = i === shape.linear.length - 1;
    x = network.linear(last ? network.features(x) : x, key);
    if (!last) x = act(x);
  });
  network.output(x, 'logits');
}

/** Simonyan & Zisserman 2014, as torchvision and kuangliu's code name its layers. */
export const vgg: Architecture = { name: 'vgg', title: 'VGG', options: Options, recognise, build };
