import { type Activation, activate } from './activations.js';
import type { Architecture, Choices, Recognition } from './architecture.js';
import { CnnOptions, givenIn, optionsOf } from './cnn-options.js';
import type { ImageShape } from './image-shape.js';
import { knownStacks } from './known-stacks.js';
import { ORDERS, type Order } from './name-room.js';
import type { Network, Value } from './network.js';
import { areaOf, type Given, type Plans, plansFor } from './plain-plans.js';
import { type Stack, stackIn } from './stack.js';
import type { Weights } from './weights.js';

/** Sides of images that networks of this kind are trained on, most usual first, for grey and for coloured ones. */
const SIDES = { grey: [28, 32, 64, 96, 128, 224], coloured: [32, 28, 64, 96, 128, 224] };

interface Solved extends Plans {
  image: ImageShape;
  /** Whose network it is, where that is known. */
  source?: string;
}

/** For images of the given size, or of the most usual one for which something fits. */
function solve(stack: Stack, options: CnnOptions, shape?: ImageShape): Solved {
  const [channels, layers] = [stack.convolutions[0]!.dims[1]!, stack.convolutions.length];
  const sides = channels === 1 ? SIDES.grey : SIDES.coloured;
  const images: ImageShape[] = shape ? [shape] : sides.map((side) => [channels, side, side]);
  const fitting = (image: ImageShape, more: object = {}): Plans => {
    const given = givenIn({ ...more, ...options }, layers);
    return given ? plansFor(stack, [image[1], image[2]], given) : { list: [], total: 0 };
  };
  for (const image of images)
    for (const { source, options: known } of knownStacks(stack)) {
      const plans = fitting(image, known);
      if (plans.total === 1) return { ...plans, image, source };
    }
  for (const image of images) {
    const plans = fitting(image);
    if (plans.total > 0) return { ...plans, image };
  }
  return { list: [], total: 0, image: images[0]! };
}

function choicesOf(stack: Stack, { list, total, image }: Solved): Choices | undefined {
  if (total === 1) return undefined;
  const [{ key, dims }, area] = [stack.linear[0]!, areaOf(stack)];
  const planes = stack.convolutions.at(-1)?.dims[0];
  return {
    keys: ['stride', 'padding', 'poolAfter'],
    why: Number.isInteger(area)
      ? `from an image of [${image.join(', ')}] the convolutions must make ${planes} planes of ${area} pixels for "${key}"`
      : `"${key}" reads ${dims[1]} numbers, which are no whole number of pixels for each of the ${planes} planes before it`,
    options: list.map(optionsOf),
    total,
  };
}

function recognise(
  weights: Weights,
  given: Readonly<Record<string, unknown>>,
  shape?: ImageShape,
): Recognition | undefined {
  const stack = stackIn(weights);
  if (!stack || stack.convolutions.length === 0) return undefined;
  const solved = solve(stack, given as CnnOptions, shape);
  const choices = choicesOf(stack, solved);
  const [plan] = solved.list;
  const pooled = plan?.pools.some(Boolean) || given.pool !== undefined;
  return {
    facts: {},
    guesses: { activation: 'relu', ...(pooled && { pool: 'max' }), ...(!choices && plan && optionsOf(plan)) },
    choices,
    image: solved.image,
    layout: solved.source ?? 'convolutions, then linear layers',
    notes: choices
      ? []
      : [
          solved.source
            ? `strides, paddings and pools are those of ${solved.source}, whose kernels and widths these are`
            : 'strides, paddings and pools are the only usual ones that fit the sizes of the layers and the numbers in their names',
        ],
  };
}

interface Built extends Omit<CnnOptions, 'order'> {
  activation: Activation;
  order?: Order;
}

function build(network: Network, options: Readonly<Record<string, unknown>>): void {
  const { activation, pool = 'max', globalPool, order = ORDERS[0]!, ...sizes } = options as unknown as Built;
  const { convolutions, linear } = stackIn(network.weights) as Stack;
  const { stride, padding, pooled, window } = givenIn(sizes, convolutions.length) as Given;
  let x = network.image;
  convolutions.forEach(({ key, norm }, i) => {
    const steps: Record<Order[number], (value: Value) => Value> = {
      norm: (value) => (norm === undefined ? value : network.batchNorm(value, norm)),
      activation: (value) => activate(network, value, activation),
      pool: (value) => {
        if (!pooled?.[i]) return value;
        const size = { ...window?.[i], kernel: window?.[i]?.kernel ?? 2 };
        return pool === 'max' ? network.maxPool(value, size) : network.averagePool(value, size);
      },
    };
    x = network.conv(x, key, { stride: stride?.[i], padding: padding?.[i] });
    for (const step of order) x = steps[step](x);
  });
  x = globalPool ? network.globalAverage(x) : network.flatten(x);
  linear.forEach(({ key, norm }, i) => {
    const last = i === linear.length - 1;
    x = network.linear(last ? network.features(x) : x, key);
    const steps: Record<Order[number], (value: Value) => Value> = {
      norm: (value) => (norm === undefined ? value : network.batchNorm(value, norm)),
      activation: (value) => (last ? value : activate(network, value, activation)),
      pool: (value) => value,
    };
    for (const step of order) x = steps[step](x);
  });
  network.output(x, 'logits');
}

/** Convolutions, perhaps with pools, then linear layers: LeNet (LeCun et al. 1998), TRADES' SmallCNN and their like. */
export const cnn: Architecture = {
  name: 'cnn',
  title: 'plain convolutional network',
  options: CnnOptions,

  recognise,
  build,
};
