import type { Stack } from './stack.js';

/** What the sizes of a plain network leave open, as a card says it. */
export interface StackOptions {
  stride: readonly number[];
  padding: readonly number[];
  poolAfter: readonly number[];
}

/** A published network whose layers are known beyond what its weights tell. */
interface KnownStack {
  /** Whose code. */
  source: string;
  /** Side of each convolution's kernels. */
  kernels: readonly number[];
  /** Outputs of every layer but the last; left out where names tell the network. */
  widths?: readonly number[];
  /** Of the first layer. */
  name?: string;
  options: StackOptions;
}

const STACKS: readonly KnownStack[] = [
  {
    source: 'TRADES SmallCNN',
    kernels: [3, 3, 3, 3],
    name: 'feature_extractor.conv1',
    options: { stride: [1, 1, 1, 1], padding: [0, 0, 0, 0], poolAfter: [2, 4] },
  },
  {
    source: 'LeNet-5 of LeCun et al. 1998',
    kernels: [5, 5],
    widths: [6, 16, 120, 84],
    options: { stride: [1, 1], padding: [0, 0], poolAfter: [1, 2] },
  },
  {
    source: 'LeNet-5 of LeCun et al. 1998, its first layer padded for images of 28 x 28',
    kernels: [5, 5],
    widths: [6, 16, 120, 84],
    options: { stride: [1, 1], padding: [2, 0], poolAfter: [1, 2] },
  },
  {
    source: "PyTorch's example for MNIST",
    kernels: [3, 3],
    widths: [32, 64, 128],
    name: 'conv1',
    options: { stride: [1, 1], padding: [0, 0], poolAfter: [2] },
  },
  {
    source: 'the small network of Wong & Kolter 2018 (convex_adversarial, fast_adversarial, MIPVerify)',
    kernels: [4, 4],
    widths: [16, 32, 100],
    options: { stride: [2, 2], padding: [1, 1], poolAfter: [] },
  },
];

/** Published networks with these kernels and widths, or these names. */
export function knownStacks({ convolutions, linear }: Stack): readonly KnownStack[] {
  const kernels = convolutions.map(({ dims }) => dims[2]).join();
  const widths = [...convolutions, ...linear.slice(0, -1)].map(({ dims }) => dims[0]).join();
  return STACKS.filter(
    (known) =>
      known.kernels.join() === kernels &&
      (known.widths === undefined || known.widths.join() === widths) &&
      (known.name === undefined || known.name === convolutions[0]!.key),
  );
}
