import { Type } from '../config/type.js';
import { type Activation, ActivationName, activate } from './activations.js';
import type { Architecture, Recognition } from './architecture.js';
import type { Network, Value } from './network.js';
import { shapeOf, type Weights } from './weights.js';

const Options = Type.Object(
  {
    activation: Type.Optional(ActivationName),
    depth: Type.Optional(
      Type.Integer({
        minimum: 8,
        description: 'Layers with weights on the longest way. Read off the weights.',
      }),
    ),
    block: Type.Optional(
      Type.Union([Type.Literal('basic'), Type.Literal('bottleneck')], {
        description: 'Read off the weights.',
      }),
    ),
  },
  { additionalProperties: false },
);

const STAGES = [1, 2, 3, 4];
const HEADS = ['linear', 'fc'];
/** A norm behind the last block: kuangliu's code has none, code for robust training often has. */
const LAST_NORMS = ['bn', 'bn1', 'norm'];

interface Shape {
  blocks: number[];
  bottleneck: boolean;
  head: string;
  lastNorm: string | undefined;
}

function shapeIn(weights: Weights): Shape | undefined {
  const has = (name: string) => weights.tensors.has(name);
  const head = HEADS.find((name) => has(`${name}.weight`));
  const [, inputs] = shapeOf(weights, 'layer2.0.conv1.weight') ?? [];
  const [normed] = shapeOf(weights, 'layer2.0.bn1.running_mean') ?? [];
  // The norm before a convolution is as wide as what comes into it.
  if (!head || !has('conv1.weight') || inputs === undefined || normed !== inputs) return undefined;
  const blocks = STAGES.map((stage) => {
    let n = 0;
    while (has(`layer${stage}.${n}.conv1.weight`)) n++;
    return n;
  });
  if (blocks.includes(0)) return undefined;
  const [features] = [shapeOf(weights, `${head}.weight`)?.[1]];
  const lastNorm = LAST_NORMS.find((name) => shapeOf(weights, `${name}.running_mean`)?.[0] === features);
  // An ordinary ResNet normalises right behind its first convolution.
  if (!lastNorm && LAST_NORMS.some((name) => has(`${name}.running_mean`))) return undefined;
  return { blocks, bottleneck: has('layer1.0.conv3.weight'), head, lastNorm };
}

function recognise(weights: Weights): Recognition | undefined {
  const shape = shapeIn(weights);
  if (!shape) return undefined;
  const { blocks, bottleneck, lastNorm } = shape;
  const [, channels] = shapeOf(weights, 'conv1.weight') ?? [];
  return {
    facts: {
      depth: blocks.reduce((a, n) => a + n, 0) * (bottleneck ? 3 : 2) + 2,
      block: bottleneck ? 'bottleneck' : 'basic',
    },
    guesses: { activation: 'relu' },
    image: [channels ?? 3, 32, 32],
    layout: lastNorm ? 'kuangliu/pytorch-cifar with a last norm' : 'kuangliu/pytorch-cifar',
    notes: [],
  };
}

function block(
  network: Network,
  x: Value,
  key: string,
  stride: number,
  { bottleneck }: Shape,
  activation: Activation,
): Value {
  const before = (value: Value, i: number) =>
    activate(network, network.batchNorm(value, `${key}.bn${i}`), activation);
  const inner = before(x, 1);
  const shortcut = network.has(`${key}.shortcut.0.weight`)
    ? network.conv(inner, `${key}.shortcut.0`, { stride })
    : x;
  let y: Value;
  if (bottleneck) {
    y = network.conv(inner, `${key}.conv1`);
    y = network.conv(before(y, 2), `${key}.conv2`, { stride, padding: 1 });
    y = network.conv(before(y, 3), `${key}.conv3`);
  } else {
    y = network.conv(inner, `${key}.conv1`, { stride, padding: 1 });
    y = network.conv(before(y, 2), `${key}.conv2`, { padding: 1 });
  }
  return network.add(y, shortcut, key);
}

function build(network: Network, options: Readonly<Record<string, unknown>>): void {
  const shape = shapeIn(network.weights) as Shape;
  const { blocks, head, lastNorm } = shape;
  const activation = options.activation as Activation;
  let x = network.conv(network.image, 'conv1', { padding: 1 });
  blocks.forEach((count, stage) => {
    for (let i = 0; i < count; i++)
      x = block(network, x, `layer${stage + 1}.${i}`, stage > 0 && i === 0 ? 2 : 1, shape, activation);
  });
  if (lastNorm) x = activate(network, network.batchNorm(x, lastNorm), activation);
  network.output(network.linear(network.features(network.globalAverage(x)), head), 'logits');
}

/** He et al. 2016, "Identity mappings", as kuangliu's code for CIFAR has it. */
export const preactResnet: Architecture = {
  name: 'preact-resnet',
  title: 'PreAct-ResNet',
  options: Options,
  recognise,
  build,
};
