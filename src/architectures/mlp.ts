import { Type } from '../config/type.js';
import { type Activation, ActivationName, activate } from './activations.js';
import type { Architecture, Recognition } from './architecture.js';
import type { ImageShape } from './image-shape.js';
import type { Network } from './network.js';
import { type Stack, stackIn } from './stack.js';
import type { Weights } from './weights.js';

const Options = Type.Object({ activation: Type.Optional(ActivationName) }, { additionalProperties: false });

/** Square images of so many numbers, grey before coloured; rows of them where there are none. */
function imageOf(size: number): ImageShape {
  for (const channels of [1, 3]) {
    const side = Math.sqrt(size / channels);
    if (Number.isInteger(side)) return [channels, side, side];
  }
  return [1, 1, size];
}

function recognise(weights: Weights): Recognition | undefined {
  const stack = stackIn(weights);
  if (!stack || stack.convolutions.length > 0) return undefined;
  const [, inputs] = stack.linear[0]!.dims as readonly [number, number];
  return {
    facts: {},
    guesses: { activation: 'relu' },
    image: imageOf(inputs),
    layout: 'linear layers',
    notes: [
      `its first layer reads ${inputs} numbers: check input.shape`,
      ...(stack.linear.length > 1
        ? ['weights do not tell what follows each layer: check architecture.activation']
        : []),
    ],
  };
}

function build(network: Network, { activation }: Readonly<Record<string, unknown>>): void {
  const { linear } = stackIn(network.weights) as Stack;
  let x = network.flatten(network.image);
  linear.forEach(({ key, norm }, i) => {
    const last = i === linear.length - 1;
    x = network.linear(last ? network.features(x) : x, key);
    if (norm) x = network.batchNorm(x, norm);
    if (!last) x = activate(network, x, activation as Activation);
  });
  network.output(x, 'logits');
}

/** Linear layers one behind the other. */
export const mlp: Architecture = {
  name: 'mlp',
  title: 'multi-layer perceptron',
  options: Options,
  recognise,
  build,
};
