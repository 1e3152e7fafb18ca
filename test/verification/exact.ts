import { GraphBuilder, int } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import { stream } from '../../src/random/stream.js';

/** y = v . relu(W x + b) + c of two inputs, with weights that float32 and sums of a few hold exactly. */
export interface Exact {
  /** (hidden, 2) */
  w: number[][];
  b: number[];
  /** (outputs, hidden) */
  v: number[][];
  c: number[];
}

export interface Rectangle {
  lower: [number, number];
  upper: [number, number];
}

/** Weights in eighths. */
export function randomNetwork(seed: number, hidden: number, outputs: number): Exact {
  const source = stream({ seed, purpose: 'test/exact', example: hidden });
  const eighths = () => Math.round((source.uniform() * 4 - 2) * 8) / 8;
  const row = (n: number) => Array.from({ length: n }, eighths);
  return {
    w: Array.from({ length: hidden }, () => row(2)),
    b: row(hidden),
    v: Array.from({ length: outputs }, () => row(hidden)),
    c: row(outputs),
  };
}

/** The network as an ONNX graph of a fixed batch of one, as exporters write it. */
export function graphOf({ w, b, v, c }: Exact, dims: readonly (number | string)[] = [1, 1, 1, 2]): Graph {
  const g = new GraphBuilder('exact');
  const x = g.op('Reshape', [g.input('input', 'float32', [...dims]), g.ints([1, 2])]);
  const layer = (value: string, weights: number[][], bias: number[]) =>
    g.op(
      'Gemm',
      [
        value,
        g.constant(floats([weights.length, weights[0]!.length], weights.flat())),
        g.constant(floats([bias.length], bias)),
      ],
      { transB: int(1) },
    );
  g.outputAs(layer(g.op('Relu', [layer(x, w, b)]), v, c), 'output', 'float32', [1, c.length]);
  return g.build();
}

export const outputsAt = ({ w, b, v, c }: Exact, x: readonly [number, number]): number[] => {
  const hidden = w.map((row, i) => Math.max(0, row[0]! * x[0] + row[1]! * x[1] + b[i]!));
  return v.map((row, o) => row.reduce((sum, weight, i) => sum + weight * hidden[i]!, c[o]!));
};

/**
 * The least and the most of a linear function of outputs over a rectangle. It is linear between the lines where a hidden number is 0, so
 * that both are taken where two of these or of the sides meet.
 */
export function rangeOf(
  network: Exact,
  { lower, upper }: Rectangle,
  row: readonly number[],
): [number, number] {
  const lines = [
    ...network.w.map(([p, q], i) => [p!, q!, -network.b[i]!] as const),
    ...[lower[0], upper[0]].map((x) => [1, 0, x] as const),
    ...[lower[1], upper[1]].map((x) => [0, 1, x] as const),
  ];
  const slack = 1e-9;
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [i, [a, b, s]] of lines.entries())
    for (const [p, q, t] of lines.slice(i + 1)) {
      const determinant = a * q - b * p;
      if (determinant === 0) continue;
      const x: [number, number] = [(s * q - b * t) / determinant, (a * t - s * p) / determinant];
      if (x.some((at, d) => at < lower[d]! - slack || at > upper[d]! + slack)) continue;
      const value = outputsAt(network, x).reduce((sum, y, o) => sum + row[o]! * y, 0);
      [least, most] = [Math.min(least, value), Math.max(most, value)];
    }
  return [least, most];
}

/** A property's declarations and box, in VNN-LIB. */
export function boxText({ lower, upper }: Rectangle, outputs: number): string {
  const names = [...lower.map((_, i) => `X_${i}`), ...Array.from({ length: outputs }, (_, i) => `Y_${i}`)];
  return [
    ...names.map((name) => `(declare-const ${name} Real)`),
    ...lower.map((low, i) => `(assert (>= X_${i} ${low}))`),
    ...upper.map((high, i) => `(assert (<= X_${i} ${high}))`),
    '',
  ].join('\n');
}
