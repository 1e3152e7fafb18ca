import { expect } from 'vitest';
import { activationsOf } from './activation-formulas.js';
import {
  adaptive,
  add,
  averagePool,
  type DoubleNetwork,
  globalAverage,
  maxPool,
  type Planes,
  padShortcut,
  relu,
} from './double-network.js';

/** One network: how its code names its weights, what it computes, and what is to be read off it. */
export interface Case {
  name: string;
  /** (C, H, W) */
  image: readonly [number, number, number];
  forward(net: DoubleNetwork, x: Planes): Planes;
  /** Options of the card; default: none, it must be recognised. */
  architecture?: { name: string; [key: string]: unknown };
  found: { title?: string; layout: string; architecture: object };
  /** Versions of modules' classes, as PyTorch keeps them. */
  versions?: Record<string, number>;
}

type Activation = (x: Planes) => Planes;
type Norm = (net: DoubleNetwork, x: Planes, key: string) => Planes;

function jem(
  norm: Norm,
  leak = 0.2,
  sum = false,
  act: Activation = (x) => relu(x, leak),
  pool = globalAverage,
): Case['forward'] {
  return (net, image) => {
    const conv = (x: Planes, key: string, out: number, kernel: number, stride = 1) =>
      net.conv(x, key, { out, kernel, stride, padding: (kernel - 1) / 2, bias: true });
    let x = conv(image, 'f.conv1', 4, 3);
    [8, 16, 32].forEach((out, stage) => {
      const key = `f.layer${stage + 1}.0`;
      const stride = stage > 0 ? 2 : 1;
      const y = conv(act(norm(net, x, `${key}.bn1`)), `${key}.conv1`, out, 3);
      const z = conv(act(norm(net, y, `${key}.bn2`)), `${key}.conv2`, out, 3, stride);
      x = add(z, conv(x, `${key}.shortcut.0`, out, 1, stride));
    });
    x = act(norm(net, x, 'f.bn1'));
    const features = pool(x);
    if (sum)
      features.data.forEach((v, i) => {
        features.data[i] = v * x.dims[1] * x.dims[2];
      });
    net.linear(features, 'energy_output', 1);
    net.linear(features, 'f.linear', 5);
    return net.linear(features, 'class_output', 3);
  };
}

const none: Norm = (_, x) => x;
const batch: Norm = (net, x, key) => net.batchNorm(x, key);
const instance: Norm = (net, x, key) => net.groupNorm(x, key, x.dims[0]);
const layer: Norm = (net, x, key) => net.groupNorm(x, key, 1);
const act: Norm = (net, x, key) => net.actNorm(x, key);

/** xternalz: the shortcut reads the normalised input, the first convolution has the stride. */
const blockWideResnet: Case['forward'] = (net, image) => {
  let x = net.conv(image, 'conv1', { out: 4, kernel: 3, padding: 1 });
  [4, 8, 16].forEach((out, stage) => {
    for (let i = 0; i < 2; i++) {
      const key = `block${stage + 1}.layer.${i}`;
      const stride = stage > 0 && i === 0 ? 2 : 1;
      const inner = relu(net.batchNorm(x, `${key}.bn1`));
      const y = net.conv(inner, `${key}.conv1`, { out, kernel: 3, stride, padding: 1 });
      const z = net.conv(relu(net.batchNorm(y, `${key}.bn2`)), `${key}.conv2`, {
        out,
        kernel: 3,
        padding: 1,
      });
      x = add(z, x.dims[0] === out ? x : net.conv(inner, `${key}.convShortcut`, { out, kernel: 1, stride }));
    }
  });
  return net.linear(globalAverage(relu(net.batchNorm(x, 'bn1'))), 'fc', 3);
};

/** meliketoy: as in the JEM code, with ReLU, and no prefix. */
const layerWideResnet: Case['forward'] = (net, image) => {
  const conv = (x: Planes, key: string, out: number, kernel: number, stride = 1) =>
    net.conv(x, key, { out, kernel, stride, padding: (kernel - 1) / 2, bias: true });
  let x = conv(image, 'conv1', 4, 3);
  [8, 16, 32].forEach((out, stage) => {
    const key = `layer${stage + 1}.0`;
    const stride = stage > 0 ? 2 : 1;
    const y = conv(relu(net.batchNorm(x, `${key}.bn1`)), `${key}.conv1`, out, 3);
    const z = conv(relu(net.batchNorm(y, `${key}.bn2`)), `${key}.conv2`, out, 3, stride);
    x = add(z, conv(x, `${key}.shortcut.0`, out, 1, stride));
  });
  return net.linear(globalAverage(relu(net.batchNorm(x, 'bn1'))), 'linear', 3);
};

interface Residual {
  widths: number[];
  blocks: number;
  shortcut: 'downsample' | 'shortcut' | 'both' | 'end';
  head: string;
  imagenet?: boolean;
  /** Channels inside a bottleneck, and their groups. */
  bottleneck?: { inner: number; groups: number };
  act?: Activation;
}

export function resnet({
  widths,
  blocks,
  shortcut,
  head,
  imagenet,
  bottleneck,
  act = relu,
}: Residual): Case['forward'] {
  return (net, image) => {
    const normed = (x: Planes, key: string, i: number, options: Parameters<DoubleNetwork['conv']>[2]) =>
      net.batchNorm(net.conv(x, `${key}.conv${i}`, options), `${key}.bn${i}`);
    const stem = imagenet ? { kernel: 7, stride: 2, padding: 3 } : { kernel: 3, padding: 1 };
    let x = act(net.batchNorm(net.conv(image, 'conv1', { out: widths[0]!, ...stem }), 'bn1'));
    if (imagenet) x = maxPool(x, 3, 2, 1);
    widths.forEach((out, stage) => {
      for (let n = 0; n < blocks; n++) {
        const key = `layer${stage + 1}.${n}`;
        const stride = stage > 0 && n === 0 ? 2 : 1;
        let y: Planes;
        if (bottleneck) {
          const { inner, groups } = bottleneck;
          y = act(normed(x, key, 1, { out: inner, kernel: 1 }));
          y = act(normed(y, key, 2, { out: inner, kernel: 3, stride, padding: 1, groups }));
          y = normed(y, key, 3, { out, kernel: 1 });
        } else {
          y = act(normed(x, key, 1, { out, kernel: 3, stride, padding: 1 }));
          y = normed(y, key, 2, { out, kernel: 3, padding: 1 });
        }
        let side = x;
        if (stride !== 1 || x.dims[0] !== out) {
          if (shortcut === 'both') side = padShortcut(x, out, (out - x.dims[0]) / 2);
          else if (shortcut === 'end') side = padShortcut(x, out, 0);
          else
            side = net.batchNorm(
              net.conv(x, `${key}.${shortcut}.0`, { out, kernel: 1, stride }),
              `${key}.${shortcut}.1`,
            );
        }
        x = act(add(y, side));
      }
    });
    return net.linear(globalAverage(x), head, 3);
  };
}

function preact(bottleneck: boolean, last: boolean, act: Activation = relu): Case['forward'] {
  return (net, image) => {
    let x = net.conv(image, 'conv1', { out: 4, kernel: 3, padding: 1 });
    [8, 16, 16, 32].forEach((out, stage) => {
      for (let n = 0; n < 2; n++) {
        const key = `layer${stage + 1}.${n}`;
        const stride = stage > 0 && n === 0 ? 2 : 1;
        const ready = (value: Planes, i: number) => act(net.batchNorm(value, `${key}.bn${i}`));
        const first = ready(x, 1);
        let y: Planes;
        if (bottleneck) {
          y = net.conv(first, `${key}.conv1`, { out: out / 4, kernel: 1 });
          y = net.conv(ready(y, 2), `${key}.conv2`, { out: out / 4, kernel: 3, stride, padding: 1 });
          y = net.conv(ready(y, 3), `${key}.conv3`, { out, kernel: 1 });
        } else {
          y = net.conv(first, `${key}.conv1`, { out, kernel: 3, stride, padding: 1 });
          y = net.conv(ready(y, 2), `${key}.conv2`, { out, kernel: 3, padding: 1 });
        }
        const same = stride === 1 && x.dims[0] === out;
        x = add(y, same ? x : net.conv(first, `${key}.shortcut.0`, { out, kernel: 1, stride }));
      }
    });
    if (last) x = act(net.batchNorm(x, 'bn'));
    return net.linear(globalAverage(x), 'linear', 3);
  };
}

const VGG11 = [2, 'M', 2, 'M', 3, 3, 'M', 4, 4, 'M', 4, 4, 'M'] as const;

function vgg(
  batchNorm: boolean,
  grid: number,
  layers: readonly (number | 'M')[] = [4, 'M', 8, 8, 'M'],
  act: Activation = relu,
): Case['forward'] {
  return (net, image) => {
    let [x, at] = [image, 0];
    for (const step of layers) {
      if (step === 'M') {
        x = maxPool(x, 2);
        at++;
        continue;
      }
      x = net.conv(x, `features.${at}`, { out: step, kernel: 3, padding: 1, bias: true });
      if (batchNorm) x = net.batchNorm(x, `features.${at + 1}`);
      x = act(x);
      at += batchNorm ? 3 : 2;
    }
    x = adaptive(x, grid);
    if (grid === 1) return net.linear(x, 'classifier', 3);
    x = act(net.linear(x, 'classifier.0', 12));
    return net.linear(act(net.linear(x, 'classifier.3', 10)), 'classifier.6', 3);
  };
}

function lenet(padding: number): Case['forward'] {
  return (net, image) => {
    let x = maxPool(relu(net.conv(image, 'conv1', { out: 3, kernel: 5, padding, bias: true })), 2);
    x = maxPool(relu(net.conv(x, 'conv2', { out: 4, kernel: 5, bias: true })), 2);
    return net.linear(relu(net.linear(relu(net.linear(x, 'fc1', 12)), 'fc2', 8)), 'fc3', 3);
  };
}

/** TRADES: pools after the second and the fourth convolution. */
const smallCnn: Case['forward'] = (net, image) => {
  let x = image;
  [2, 2, 3, 3].forEach((out, i) => {
    x = relu(net.conv(x, `feature_extractor.conv${i + 1}`, { out, kernel: 3, bias: true }));
    if (i % 2 === 1) x = maxPool(x, 2);
  });
  x = relu(net.linear(relu(net.linear(x, 'classifier.fc1', 10)), 'classifier.fc2', 10));
  return net.linear(x, 'classifier.fc3', 3);
};

const mlp: Case['forward'] = (net, image) => {
  const flat: Planes = { dims: [image.data.length, 1, 1], data: image.data };
  const x = relu(net.batchNorm(net.linear(flat, '1', 9), '2'));
  return net.linear(relu(net.batchNorm(net.linear(x, '4', 7), '5')), '7', 3);
};

const { tanh } = activationsOf;

/** The small network of convex_adversarial, as a Sequential numbers it: activations and Flatten count. */
const wong: Case['forward'] = (net, image) => {
  let x = relu(net.conv(image, '0', { out: 16, kernel: 4, stride: 2, padding: 1, bias: true }));
  x = relu(net.conv(x, '2', { out: 32, kernel: 4, stride: 2, padding: 1, bias: true }));
  return net.linear(relu(net.linear(x, '5', 100)), '7', 3);
};

/** conv, ReLU, norm and, behind the second, a pool whose windows overlap; the numbers tell the order. */
const activationFirst: Case['forward'] = (net, image) => {
  let x = net.batchNorm(relu(net.conv(image, 'net.0', { out: 4, kernel: 3, padding: 1 })), 'net.2');
  x = net.batchNorm(relu(net.conv(x, 'net.3', { out: 6, kernel: 3, stride: 2, padding: 1 })), 'net.5');
  return net.linear(maxPool(x, 3, 2, 1), 'net.8', 3);
};

export const cases: readonly Case[] = [
  ...(
    [
      ['none', none],
      ['batch', batch],
      ['act', act],
    ] as const
  ).map(
    ([norm, f]): Case => ({
      name: `JEM wide ResNet, norm ${norm}`,
      image: [2, 8, 8],
      forward: jem(f),
      found: { layout: 'jem', architecture: { name: 'wide-resnet', depth: 10, width: 2, norm, leak: 0.2 } },
    }),
  ),
  ...(
    [
      ['instance', instance, 2],
      ['layer', layer, 1],
    ] as const
  ).flatMap(([norm, f, version]): Case[] => {
    const network = { image: [2, 8, 8] as const, forward: jem(f) };
    const found = { layout: 'jem', architecture: { norm } };
    const keys = [1, 2, 3].flatMap((s) => [`f.layer${s}.0.bn1`, `f.layer${s}.0.bn2`]);
    return [
      {
        ...network,
        name: `JEM wide ResNet, norm ${norm} told by versions`,
        found,
        versions: Object.fromEntries([...keys, 'f.bn1'].map((k) => [k, version])),
      },
      {
        ...network,
        name: `JEM wide ResNet, norm ${norm} told by the card`,
        found,
        architecture: { name: 'wide-resnet', norm },
      },
    ];
  }),
  {
    name: 'JEM wide ResNet, another slope and sums',
    image: [2, 8, 8],
    forward: jem(none, 0.1, true),
    architecture: { name: 'wide-resnet', leak: 0.1, sumPool: true },
    found: { layout: 'jem', architecture: { leak: 0.1, sumPool: true } },
  },
  {
    // A map of 9 x 8: windows of 8 x 8, of which there is one.
    name: 'JEM wide ResNet on photographs that are higher than wide',
    image: [2, 36, 32],
    forward: jem(none, 0.2, false, undefined, (x) => averagePool(x, 8)),
    found: { layout: 'jem', architecture: { name: 'wide-resnet', depth: 10, width: 2, norm: 'none' } },
  },
  {
    name: 'wide ResNet with blocks',
    image: [2, 8, 8],
    forward: blockWideResnet,
    found: {
      layout: 'xternalz/WideResNet-pytorch, TRADES, RobustBench',
      architecture: { name: 'wide-resnet', depth: 16, width: 1, norm: 'batch', leak: 0 },
    },
  },
  {
    name: 'wide ResNet with layers',
    image: [2, 8, 8],
    forward: layerWideResnet,
    found: {
      layout: 'meliketoy/wide-resnet.pytorch',
      architecture: { name: 'wide-resnet', depth: 10, width: 2, norm: 'batch', leak: 0 },
    },
  },
  {
    name: 'CIFAR ResNet, shortcut A',
    image: [3, 8, 8],
    forward: resnet({ widths: [4, 8, 16], blocks: 3, shortcut: 'both', head: 'linear' }),
    found: {
      layout: 'akamaster/pytorch_resnet_cifar10',
      architecture: { name: 'cifar-resnet', depth: 20, shortcut: 'pad', padding: 'both' },
    },
  },
  {
    name: 'CIFAR ResNet, shortcut A with all zeros behind',
    image: [3, 8, 8],
    forward: resnet({ widths: [4, 8, 16], blocks: 1, shortcut: 'end', head: 'linear' }),
    architecture: { name: 'cifar-resnet', padding: 'end' },
    found: { layout: 'akamaster/pytorch_resnet_cifar10', architecture: { depth: 8, padding: 'end' } },
  },
  {
    name: 'CIFAR ResNet, shortcut B',
    image: [3, 8, 8],
    forward: resnet({ widths: [4, 8, 16], blocks: 5, shortcut: 'shortcut', head: 'linear' }),
    found: {
      layout: 'akamaster/pytorch_resnet_cifar10',
      architecture: { name: 'cifar-resnet', depth: 32, shortcut: 'convolution' },
    },
  },
  {
    name: 'CIFAR ResNet, shortcuts called downsample',
    image: [3, 8, 8],
    forward: resnet({ widths: [4, 8, 16], blocks: 1, shortcut: 'downsample', head: 'fc' }),
    found: { layout: 'chenyaofo/pytorch-cifar-models', architecture: { name: 'cifar-resnet', depth: 8 } },
  },
  {
    name: 'torchvision ResNet',
    image: [3, 32, 32],
    forward: resnet({
      widths: [4, 8, 12, 16],
      blocks: 2,
      shortcut: 'downsample',
      head: 'fc',
      imagenet: true,
    }),
    found: {
      layout: 'torchvision',
      architecture: { name: 'resnet', depth: 18, block: 'basic', stem: 'imagenet' },
    },
  },
  {
    name: 'torchvision ResNeXt',
    image: [3, 32, 32],
    forward: resnet({
      widths: [8, 8, 16, 16],
      blocks: 1,
      shortcut: 'downsample',
      head: 'fc',
      imagenet: true,
      bottleneck: { inner: 8, groups: 4 },
    }),
    found: {
      layout: 'torchvision',
      architecture: { name: 'resnet', depth: 14, block: 'bottleneck', strideAt: 2 },
    },
  },
  {
    name: 'ResNet for CIFAR with four stages',
    image: [3, 16, 16],
    forward: resnet({ widths: [4, 8, 16, 32], blocks: 2, shortcut: 'shortcut', head: 'linear' }),
    found: { layout: 'kuangliu/pytorch-cifar', architecture: { name: 'resnet', depth: 18, stem: 'cifar' } },
  },
  {
    name: 'PreAct-ResNet',
    image: [3, 16, 16],
    forward: preact(false, false),
    found: {
      layout: 'kuangliu/pytorch-cifar',
      architecture: { name: 'preact-resnet', depth: 18, block: 'basic' },
    },
  },
  {
    name: 'PreAct-ResNet with bottlenecks and a last norm',
    image: [3, 16, 16],
    forward: preact(true, true),
    found: {
      layout: 'kuangliu/pytorch-cifar with a last norm',
      architecture: { name: 'preact-resnet', depth: 26, block: 'bottleneck' },
    },
  },
  {
    name: 'VGG as in torchvision',
    image: [3, 28, 28],
    forward: vgg(false, 7),
    architecture: { name: 'vgg' },
    found: { layout: 'torchvision', architecture: { name: 'vgg', depth: 6, batchNorm: false } },
  },
  {
    name: 'VGG on images whose size its grid does not divide',
    image: [3, 20, 20],
    forward: vgg(true, 3),
    architecture: { name: 'vgg' },
    found: { layout: 'torchvision', architecture: { name: 'vgg', batchNorm: true } },
  },
  {
    name: 'VGG for CIFAR',
    image: [3, 4, 4],
    forward: vgg(true, 1),
    architecture: { name: 'vgg' },
    found: { layout: 'kuangliu/pytorch-cifar', architecture: { name: 'vgg', depth: 6, batchNorm: true } },
  },
  {
    name: 'VGG-11, recognised by its depth',
    image: [3, 32, 32],
    forward: vgg(true, 1, VGG11),
    found: { layout: 'kuangliu/pytorch-cifar', architecture: { name: 'vgg', depth: 11, batchNorm: true } },
  },
  {
    name: 'LeNet on 32 x 32 pixels',
    image: [3, 32, 32],
    forward: lenet(0),
    architecture: { name: 'cnn', stride: 1, padding: 0, poolAfter: [1, 2] },
    found: { layout: 'convolutions, then linear layers', architecture: { pool: 'max', activation: 'relu' } },
  },
  {
    name: 'LeNet on MNIST',
    image: [1, 28, 28],
    forward: lenet(2),
    architecture: { name: 'cnn', padding: [2, 0], poolAfter: [1, 2] },
    found: { layout: 'convolutions, then linear layers', architecture: { stride: [1, 1] } },
  },
  {
    name: 'LeNet-5, whose widths are known',
    image: [1, 28, 28],
    forward: (net, image) => {
      let x = maxPool(relu(net.conv(image, 'conv1', { out: 6, kernel: 5, padding: 2, bias: true })), 2);
      x = maxPool(relu(net.conv(x, 'conv2', { out: 16, kernel: 5, bias: true })), 2);
      return net.linear(relu(net.linear(relu(net.linear(x, 'fc1', 120)), 'fc2', 84)), 'fc3', 3);
    },
    found: {
      layout: 'LeNet-5 of LeCun et al. 1998, its first layer padded for images of 28 x 28',
      architecture: { name: 'cnn', stride: [1, 1], padding: [2, 0], poolAfter: [1, 2] },
    },
  },
  {
    name: 'strided network of convex_adversarial',
    image: [1, 28, 28],
    forward: wong,
    found: {
      layout: 'the small network of Wong & Kolter 2018 (convex_adversarial, fast_adversarial, MIPVerify)',
      architecture: { name: 'cnn', stride: [2, 2], padding: [1, 1], poolAfter: [] },
    },
  },
  {
    name: 'strided network that nothing but its sizes tells',
    image: [3, 12, 12],
    forward: (net, image) => {
      const x = relu(net.conv(image, '0', { out: 4, kernel: 3, stride: 2, bias: true }));
      return net.linear(relu(net.conv(x, '2', { out: 5, kernel: 2, bias: true })), '5', 3);
    },
    architecture: { name: 'cnn', padding: 0 },
    found: { layout: 'convolutions, then linear layers', architecture: { stride: [2, 1], poolAfter: [] } },
  },
  {
    name: 'activations before norms, windows that overlap',
    image: [3, 12, 12],
    forward: activationFirst,
    architecture: {
      name: 'cnn',
      stride: [1, 2],
      padding: 1,
      poolAfter: [2],
      poolKernel: 3,
      poolStride: 2,
      poolPadding: 1,
    },
    found: {
      layout: 'convolutions, then linear layers',
      architecture: { order: ['activation', 'norm', 'pool'] },
    },
  },
  {
    name: 'means over the image',
    image: [1, 9, 9],
    forward: (net, image) => {
      const x = relu(net.conv(image, 'a', { out: 4, kernel: 3, stride: 2, bias: true }));
      const y = relu(net.conv(x, 'b', { out: 5, kernel: 3, padding: 1, bias: true }));
      return net.linear(adaptive(y, 1), 'c', 3);
    },
    architecture: { name: 'cnn', stride: [2, 1], padding: [0, 1], poolAfter: [], globalPool: true },
    found: { layout: 'convolutions, then linear layers', architecture: { globalPool: true } },
  },
  ...Object.entries<Case['forward']>({
    'wide-resnet': jem(none, 0, false, activationsOf.elu),
    resnet: resnet({
      widths: [4, 8, 16, 32],
      blocks: 1,
      shortcut: 'shortcut',
      head: 'linear',
      act: activationsOf.elu,
    }),
    'cifar-resnet': resnet({
      widths: [4, 8, 16],
      blocks: 1,
      shortcut: 'both',
      head: 'linear',
      act: activationsOf.elu,
    }),
    'preact-resnet': preact(false, true, activationsOf.elu),
    vgg: vgg(true, 1, undefined, activationsOf.elu),
  }).map(
    ([name, forward]): Case => ({
      name: `${name} with another activation`,
      image: [3, 8, 8],
      forward,
      architecture: { name, activation: 'elu' },
      found: { layout: expect.any(String), architecture: { name, activation: 'elu' } },
    }),
  ),
  ...Object.entries(activationsOf).map(
    ([activation, f]): Case => ({
      name: `perceptron with ${activation}`,
      image: [1, 5, 5],
      forward: (net, { data }) =>
        net.linear(f(net.linear({ dims: [data.length, 1, 1], data }, 'fc1', 30)), 'fc2', 3),
      architecture: { name: 'mlp', activation },
      found: { layout: 'linear layers', architecture: { activation } },
    }),
  ),
  {
    name: 'LeNet of 1998: tanh and averages',
    image: [1, 28, 28],
    forward: (net, image) => {
      let x = averagePool(tanh(net.conv(image, 'c1', { out: 3, kernel: 5, padding: 2, bias: true })), 2);
      x = averagePool(tanh(net.conv(x, 'c3', { out: 4, kernel: 5, bias: true })), 2);
      return net.linear(tanh(net.linear(x, 'f5', 12)), 'f6', 3);
    },
    architecture: { name: 'cnn', activation: 'tanh', pool: 'average', padding: [2, 0], poolAfter: [1, 2] },
    found: {
      layout: 'convolutions, then linear layers',
      architecture: { activation: 'tanh', pool: 'average' },
    },
  },
  {
    name: 'SmallCNN of TRADES',
    image: [1, 28, 28],
    forward: smallCnn,
    found: {
      layout: 'TRADES SmallCNN',
      architecture: { name: 'cnn', padding: [0, 0, 0, 0], poolAfter: [2, 4] },
    },
  },
  {
    name: 'multi-layer perceptron',
    image: [1, 6, 6],
    forward: mlp,
    found: { layout: 'linear layers', architecture: { name: 'mlp', activation: 'relu' } },
  },
  {
    name: 'sequence of layers',
    image: [3, 9, 9],
    forward: (net, image) => {
      let x = relu(
        net.groupNorm(net.conv(image, 'a', { out: 4, kernel: 3, stride: 2, padding: 1, bias: true }), 'b', 2),
        0.3,
      );
      x = activationsOf.silu(
        net.groupNorm(net.conv(x, 'c', { out: 6, kernel: 3, padding: 1, groups: 2 }), 'd', 6),
      );
      x = activationsOf.gelu(averagePool(x, 2));
      x = activationsOf.elu(net.linear(adaptive(x, 1), 'e', 5));
      return net.linear(activationsOf.softplus(x), 'f', 3);
    },
    architecture: {
      name: 'sequential',
      layers: [
        { conv: { weights: 'a', stride: 2, padding: 1 } },
        { 'group-norm': { weights: 'b', groups: 2 } },
        { 'leaky-relu': { slope: 0.3 } },
        { conv: { weights: 'c', padding: 1 } },
        { 'instance-norm': { weights: 'd' } },
        'silu',
        { 'avg-pool': { kernel: 2 } },
        'gelu',
        'global-avg-pool',
        'flatten',
        { linear: { weights: 'e' } },
        'elu',
        { dropout: { p: 0.5 } },
        'softplus',
        'features',
        { linear: { weights: 'f' } },
      ],
    },
    found: { layout: 'the layers of the card', architecture: { name: 'sequential' } },
  },
];
