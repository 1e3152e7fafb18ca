import { GraphBuilder, int, ints } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import type { ModelCard } from '../../src/models/card/card.js';
import { normals } from './networks.js';

/** Channels of images, of the maps of the stem and of those of the block. */
export const [CHANNELS, FIRST, SECOND, CLASSES] = [2, 4, 6, 3];

/** Channels out and in, size of the kernel, stride. */
type Shape = readonly [number, number, number, number];

export function conv(b: GraphBuilder, value: string, [to, from, kernel, stride]: Shape): string {
  const name = `kernel ${to} ${from} ${kernel}`;
  const weight = floats([to, from, kernel, kernel], normals(name, to * from * kernel * kernel, 0.4));
  const pad = (kernel - 1) / 2;
  const attributes = { pads: ints([pad, pad, pad, pad]), strides: ints([stride, stride]) };
  return b.op('Conv', [value, b.constant(weight, 'kernel')], attributes);
}

export const stem = (b: GraphBuilder, image: string) =>
  b.op('Relu', [conv(b, image, [FIRST, CHANNELS, 3, 1])]);

/** A residual block of half the height and width. */
export function block(b: GraphBuilder, value: string, stride = 2): string {
  const inner = b.op('Relu', [conv(b, value, [SECOND, FIRST, 3, stride])]);
  const [main, shortcut] = [
    conv(b, inner, [SECOND, SECOND, 3, 1]),
    conv(b, value, [SECOND, FIRST, 1, stride]),
  ];
  return b.op('LeakyRelu', [b.op('Add', [main, shortcut])]);
}

export function linear(b: GraphBuilder, flat: string, width: number): string {
  const weight = floats([width, CLASSES], normals(`head ${width}`, width * CLASSES));
  const bias = floats([CLASSES], normals('bias', CLASSES));
  return b.op('Gemm', [flat, b.constant(weight, 'W'), b.constant(bias, 'b')]);
}

export type Step = (b: GraphBuilder, value: string) => string;

export const flatten: Step = (b, value) => b.op('Flatten', [value], { axis: int(1) });
export const average: Step = (b, value) => b.op('GlobalAveragePool', [value]);
export const pooled: Step = (b, value) => linear(b, flatten(b, average(b, value)), SECOND);

export function graphOf(head: Step, batch: 'N' | number = 'N'): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [batch, CHANNELS, 8, 8]);
  b.outputAs(head(b, x), 'logits', 'float32', [batch, CLASSES]);
  return b.build();
}

export const card: ModelCard = {
  name: 'maps',
  checkpoint: './maps.onnx',
  input: { shape: [CHANNELS, 8, 8] },
  classes: CLASSES,
};

export const residual: Step = (b, x) => pooled(b, block(b, stem(b, x)));
