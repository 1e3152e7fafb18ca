import { shapeOf, type Weights } from './weights.js';

export const NORMS = ['none', 'batch', 'instance', 'layer', 'act'] as const;
export type Norm = (typeof NORMS)[number];

/** How a family of codes names a wide ResNet's weights, and where it puts strides. */
export interface Layout {
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
    // The trunk is a classifier of its own in that code; its last layer is never called. JEM++ lists its layers a second
    // time, for steps of which only the first layer is differentiated.
    idle: /^f\.(linear|layer_one|other_layers)\./,
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

export function layoutOf(weights: Weights): Layout | undefined {
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

export function blocksIn(weights: Weights, { block }: Layout, stage: number): number {
  let n = 0;
  while (weights.tensors.has(`${block(stage, n)}.conv1.weight`)) n++;
  return n;
}

/** Scale and shift alone do not say over what was normalised; the version of the class does, where it is kept. */
export function normOf(weights: Weights, { block }: Layout): Norm | 'instance or layer' {
  const key = `${block(1, 0)}.bn1`;
  const has = (name: string) => weights.tensors.has(`${key}.${name}`);
  if (has('running_mean')) return 'batch';
  if (has('loc')) return 'act';
  if (!has('weight')) return 'none';
  // InstanceNorm2d shares its version, 2, with batch norm; GroupNorm has none, which is kept as 1.
  const version = weights.versions.get(key);
  return version === 2 ? 'instance' : version === 1 ? 'layer' : 'instance or layer';
}
