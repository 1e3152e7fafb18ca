import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Engine } from '../../src/engines/engine.js';
import { GraphBuilder, int, ints } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';
import { modelOf } from '../../src/models/assemble.js';
import type { ModelCard } from '../../src/models/card/card.js';
import type { Model } from '../../src/models/model.js';
import { stream } from '../../src/random/stream.js';

export function normals(purpose: string, n: number, scale = 1): Float32Array {
  const source = stream({ seed: 3, purpose, example: 0 });
  return Float32Array.from({ length: n }, () => scale * source.normal());
}

export function uniforms(purpose: string, n: number): Float32Array {
  const source = stream({ seed: 3, purpose, example: 0 });
  return Float32Array.from({ length: n }, () => source.uniform());
}

/** Logits = W x + b over flattened pixels. W is (pixels, classes). */
export interface Linear {
  weight: Float32Array;
  bias: Float32Array;
}

export const SHAPE = [2, 3, 2] as const;
export const PIXELS = 12;
export const CLASSES = 4;

export const linear: Linear = { weight: normals('weight', PIXELS * CLASSES), bias: normals('bias', CLASSES) };

/** What stands between image and logits, and what comes after; all other parts are the linear network's. */
export interface Variant {
  batch?: number | 'N' | null;
  /** Shape of an image as the graph declares it. */
  image?: readonly (number | string)[];
  /** How the image becomes rows. */
  rows?(b: GraphBuilder, image: string): string;
  /** What becomes of the logits. Names the outputs itself. */
  head?(b: GraphBuilder, logits: string): void;
}

export function linearGraph({ batch = 'N', image = SHAPE, rows, head }: Variant = {}): Graph {
  const b = new GraphBuilder();
  const x = b.input('image', 'float32', [batch, ...image]);
  const flat = rows ? rows(b, x) : b.op('Flatten', [x], { axis: int(1) });
  const weight = b.constant(floats([PIXELS, CLASSES], linear.weight), 'weight');
  const bias = b.constant(floats([CLASSES], linear.bias), 'bias');
  const logits = b.op('Add', [b.op('MatMul', [flat, weight]), bias], {}, 'scores');
  if (head) head(b, logits);
  else b.outputAs(logits, 'logits', 'float32', [batch === null ? null : batch, CLASSES]);
  return b.build();
}

/** The same network for NHWC images. */
export const linearNhwc = (): Graph =>
  linearGraph({
    image: [3, 2, 2],
    rows: (b, x) => b.op('Flatten', [b.op('Transpose', [x], { perm: ints([0, 3, 1, 2]) })], { axis: int(1) }),
  });

export const linearCard: ModelCard = {
  name: 'linear',
  checkpoint: './linear.onnx',
  input: { shape: [...SHAPE] },
  classes: CLASSES,
};

/** W x + b in double precision, of inputs (n, pixels). */
export function linearLogits(inputs: ArrayLike<number>, { weight, bias }: Linear = linear): Float64Array {
  const n = inputs.length / PIXELS;
  return Float64Array.from({ length: n * CLASSES }, (_, at) => {
    const [i, k] = [Math.floor(at / CLASSES), at % CLASSES];
    let sum = bias[k]!;
    for (let j = 0; j < PIXELS; j++) sum += inputs[i * PIXELS + j]! * weight[j * CLASSES + k]!;
    return sum;
  });
}

/** Two smooth convolutions with a pool between, five classes, 1 x 8 x 8 images. */
export function convolutional(): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 1, 8, 8]);
  const conv = (value: string, outputs: number, inputs: number, stride: number) =>
    b.op(
      'Conv',
      [
        value,
        b.constant(
          floats([outputs, inputs, 3, 3], normals(`conv${outputs}`, outputs * inputs * 9, 0.4)),
          'kernel',
        ),
        b.constant(floats([outputs], normals(`bias${outputs}`, outputs, 0.2)), 'bias'),
      ],
      { pads: ints([1, 1, 1, 1]), strides: ints([stride, stride]) },
    );
  const first = b.op('Tanh', [conv(x, 6, 1, 1)]);
  const pooled = b.op('AveragePool', [first], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) });
  const second = b.op('Softplus', [conv(pooled, 8, 6, 2)]);
  const flat = b.op('Flatten', [second], { axis: int(1) });
  const weight = b.constant(floats([32, 5], normals('dense', 160, 0.5)), 'dense');
  b.outputAs(b.op('MatMul', [flat, weight]), 'logits', 'float32', ['N', 5]);
  return b.build();
}

export const convolutionalCard: ModelCard = {
  name: 'convolutional',
  checkpoint: './convolutional.onnx',
  input: { shape: [1, 8, 8] },
  classes: 5,
};

/** E(x) = |x|^2 / 2, shape (n, 1). */
export function quadraticEnergy(): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', ...SHAPE]);
  const flat = b.op('Flatten', [x], { axis: int(1) });
  const sum = b.op('ReduceSum', [b.op('Mul', [flat, flat]), b.ints([1])], { keepdims: int(1) });
  b.outputAs(b.op('Mul', [sum, b.scalar(0.5)]), 'energy', 'float32', ['N', 1]);
  return b.build();
}

export const energyCard: ModelCard = {
  name: 'ebm',
  checkpoint: './ebm.onnx',
  input: { shape: [...SHAPE] },
  energy: { output: 'energy', sign: -1 },
};

/** A model of a graph, with changes to a card. */
export function open(
  engine: Engine,
  graph: Graph,
  card: ModelCard,
  changes: Partial<ModelCard> = {},
): Promise<Model> {
  return modelOf(graph, { ...card, ...changes }, engine, { checkpoint: 'network.onnx' });
}

/** A folder with a checkpoint and a card beside it; returns the card's file. */
export function saved(
  graph: Graph,
  card: object,
  folder = mkdtempSync(join(tmpdir(), 'assay-models-')),
): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'linear.onnx'), writeOnnx(graph));
  const file = join(folder, 'model.yaml');
  writeFileSync(file, stringify(card));
  return file;
}
