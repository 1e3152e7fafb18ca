import { Type } from '@sinclair/typebox';
import { type Activation, ActivationName, activate } from './activations.js';
import type { Architecture, ImageShape, Recognition } from './architecture.js';
import type { Network } from './network.js';
import { type Stack, stackIn } from './stack.js';
import type { Weights } from './weights.js';

const places = Type.Array(Type.Integer({ minimum: 1 }), { uniqueItems: true });

const Options = Type.Object(
  {
    activation: Type.Optional(ActivationName),
    padding: Type.Optional(
      Type.Union(
        [Type.Integer({ minimum: 0, maximum: 64 }), Type.Array(Type.Integer({ minimum: 0, maximum: 64 }))],
        {
          description:
            'Of every convolution, or of each. Default: what the size of the first linear layer allows.',
        },
      ),
    ),
    pool: Type.Optional(
      Type.Union([Type.Literal('max'), Type.Literal('average')], {
        description: 'Kind of the pools. Default: max.',
      }),
    ),
    poolAfter: Type.Optional({
      ...places,
      description:
        'Convolutions, counted from 1, that a 2 x 2 pool follows. Default: what the size of the first linear layer allows.',
    }),
  },
  { additionalProperties: false },
);

interface Plan {
  image: ImageShape;
  padding: number[];
  poolAfter: number[];
}

/** Sides of images that networks of this kind are trained on. */
const SIDES = [28, 32, 64, 96, 128, 224];

/** Side of the planes behind the last convolution; NaN when they vanish. */
function sideAfter(
  { convolutions }: Stack,
  side: number,
  padding: readonly number[],
  poolAfter: readonly number[],
): number {
  let n = side;
  convolutions.forEach(({ dims }, i) => {
    n = n + 2 * padding[i] - dims[2] + 1;
    if (poolAfter.includes(i + 1)) n = Math.floor(n / 2);
  });
  return n > 0 ? n : Number.NaN;
}

/** Ways to pool and to pad, the most usual first: LeNet, then the PyTorch example for MNIST, then TRADES. */
function plansOf({ convolutions }: Stack, given: Readonly<Record<string, unknown>>): Omit<Plan, 'image'>[] {
  const numbers = convolutions.map((_, i) => i + 1);
  const pools = Array.isArray(given.poolAfter)
    ? [given.poolAfter as number[]]
    : [numbers, [numbers.length], numbers.filter((n) => n % 2 === 0), []];
  return pools.flatMap((poolAfter) =>
    paddingsOf(convolutions, given.padding).map((padding) => ({ padding, poolAfter })),
  );
}

function paddingsOf(convolutions: Stack['convolutions'], given: unknown): number[][] {
  if (Array.isArray(given)) return [given];
  if (typeof given === 'number') return [convolutions.map(() => given)];
  const same = convolutions.map(({ dims }) => Math.floor(dims[2] / 2));
  const usual = [same.map(() => 0), same];
  // LeNet on MNIST: its 5 x 5 kernels were made for 32 x 32 pixels, so the first one pads.
  const lenet = convolutions.length === 2 && convolutions.every(({ dims }) => dims[2] === 5 && dims[3] === 5);
  const first = [same[0], ...same.slice(1).map(() => 0)];
  if (!lenet) return usual;
  return convolutions[0].dims[1] === 1 ? [first, ...usual] : [...usual, first];
}

function planOf(
  stack: Stack,
  given: Readonly<Record<string, unknown>>,
  shape?: ImageShape,
): Plan | undefined {
  const [outputs, channels] = [stack.convolutions.at(-1)?.dims[0] ?? 0, stack.convolutions[0].dims[1]];
  const [, inputs] = stack.linear[0].dims;
  const sides = shape
    ? [shape[1]]
    : channels === 1
      ? SIDES
      : SIDES.toSorted((a, b) => Number(b === 32) - Number(a === 32));
  const plans = plansOf(stack, given);
  for (const side of sides)
    for (const { padding, poolAfter } of plans) {
      const fits = padding.length === stack.convolutions.length;
      const n = fits ? sideAfter(stack, side, padding, poolAfter) : Number.NaN;
      if (n * n * outputs === inputs) return { image: shape ?? [channels, side, side], padding, poolAfter };
    }
  return undefined;
}

function recognise(
  weights: Weights,
  given: Readonly<Record<string, unknown>>,
  shape?: ImageShape,
): Recognition | undefined {
  const stack = stackIn(weights);
  const plan = stack && stack.convolutions.length > 0 ? planOf(stack, given, shape) : undefined;
  if (!plan) return undefined;
  const known =
    weights.tensors.has('feature_extractor.conv1.weight') && weights.tensors.has('classifier.fc1.weight');
  const { image, padding, poolAfter } = plan;
  return {
    facts: {},
    guesses: { activation: 'relu', pool: 'max', padding, poolAfter },
    image,
    layout: known ? 'TRADES SmallCNN' : 'convolutions, then linear layers',
    notes: known
      ? []
      : [
          'padding and pools are those that fit the first linear layer, ReLU and max pooling are assumed: check architecture',
        ],
  };
}

interface Built {
  activation: Activation;
  pool: 'max' | 'average';
  padding: number | number[];
  poolAfter: number[];
}

function build(network: Network, options: Readonly<Record<string, unknown>>): void {
  const { activation, pool, padding, poolAfter } = options as unknown as Built;
  const { convolutions, linear } = stackIn(network.weights) as Stack;
  let x = network.image;
  convolutions.forEach(({ key, norm }, i) => {
    x = network.conv(x, key, { padding: typeof padding === 'number' ? padding : padding[i] });
    if (norm) x = network.batchNorm(x, norm);
    x = activate(network, x, activation);
    if (poolAfter.includes(i + 1))
      x = pool === 'max' ? network.maxPool(x, { kernel: 2 }) : network.averagePool(x, { kernel: 2 });
  });
  x = network.flatten(x);
  linear.forEach(({ key, norm }, i) => {
    const last = i === linear.length - 1;
    x = network.linear(last ? network.features(x) : x, key);
    if (norm) x = network.batchNorm(x, norm);
    if (!last) x = activate(network, x, activation);
  });
  network.output(x, 'logits');
}

/** Convolutions with 2 x 2 pools, then linear layers: LeNet (LeCun et al. 1998), TRADES' SmallCNN and their like. */
export const cnn: Architecture = {
  name: 'cnn',
  title: 'LeNet-like network',
  options: Options,
  recognise,
  build,
};
