import { gradientGraph } from '../../src/autodiff/differentiate.js';
import type { Boxes } from '../../src/bounds/network/ranges.js';
import type { Engine, Program, Value } from '../../src/engines/engine.js';
import { GraphBuilder, int } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { mapTuple } from '../../src/map-tuple.js';
import { stream } from '../../src/random/stream.js';

/** Functions of the logits, (count, outputs). */
export interface Functions {
  rows: Float32Array;
  count: number;
  outputs: number;
}

const product = (dims: readonly number[]) => dims.reduce((all, d) => all * d, 1);

/** What a network's functions take at points that lie in boxes: by sampling, and by going downhill. */
export class Inside {
  private readonly size: number;

  private constructor(
    private readonly program: Program,
    private readonly downhill: Program,
    private readonly gradient: string,
    private readonly shape: readonly number[],
    private readonly functions: Functions,
  ) {
    this.size = product(shape);
  }

  /** @param graph from `x` to `logits` */
  static async of(engine: Engine, graph: Graph, shape: readonly number[], functions: Functions) {
    const b = new GraphBuilder(graph);
    const rows = b.input('rows', 'float32', ['N', functions.outputs]);
    const value = b.op('ReduceSum', [b.op('Mul', ['logits', rows]), b.ints([1])], { keepdims: int(0) });
    b.output(value);
    const feeds = {
      x: image(new Float32Array(2 * product(shape)).fill(0.5), shape),
      rows: {
        type: 'float32' as const,
        dims: [2, functions.outputs],
        data: new Float32Array(2 * functions.outputs),
      },
    };
    const found = await gradientGraph(engine, b.build(), feeds, { of: value, wrt: ['x'] });
    const [program, downhill] = [await engine.compile(graph), await engine.compile(found.graph)];
    return new Inside(program, downhill, found.gradients.x!, shape, functions);
  }

  /** The least of each function at random points of a box: half of them corners. */
  async sampled(boxes: Boxes, box: number, points: number): Promise<Float64Array> {
    const least = new Float64Array(this.functions.count).fill(Number.POSITIVE_INFINITY);
    const draws = stream({ seed: 1, purpose: 'test/points', example: box });
    const chunk = 500;
    for (let start = 0; start < points; start += chunk) {
      const data = Float32Array.from({ length: Math.min(chunk, points - start) * this.size }, (_, i) => {
        const u = draws.uniform();
        return this.at(boxes, box, i % this.size, Math.floor(i / this.size) % 2 === 0 ? Math.round(u) : u);
      });
      this.lower(least, await this.values(data));
    }
    return least;
  }

  /** The least of each function that signed gradients lead to (Madry et al. 2018): one start in the middle, one at random. */
  async descended(boxes: Boxes, box: number, steps: number): Promise<Float64Array> {
    const { size, functions, shape } = this;
    const { count, outputs } = functions;
    const least = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
    const draws = stream({ seed: 2, purpose: 'test/starts', example: box });
    for (const random of [false, true]) {
      let x = Float32Array.from({ length: count * size }, (_, i) =>
        this.at(boxes, box, i % size, random ? draws.uniform() : 0.5),
      );
      for (let step = 0; step < steps; step++) {
        const found = await this.downhill.run({
          x: image(x, shape),
          rows: { type: 'float32', dims: [count, outputs], data: functions.rows },
        });
        const slopes = found[this.gradient]!.data as Float32Array;
        const part = 0.5 * (1 - step / steps);
        x = x.map((value, i) => {
          const [low, high] = mapTuple([0, 1], (end) => this.at(boxes, box, i % size, end));
          // Where a slope is no number, the point stays where it is.
          return Math.min(high, Math.max(low, value - (Math.sign(slopes[i]!) || 0) * part * (high - low)));
        });
        this.lower(least, await this.values(x));
      }
    }
    return least;
  }

  /** Logits of points (n, size). */
  async logits(x: Float32Array): Promise<Float32Array> {
    return (await this.program.run({ x: image(x, this.shape) })).logits!.data as Float32Array;
  }

  async close(): Promise<void> {
    await this.program.release();
    await this.downhill.release();
  }

  /** Between the ends of a box, from 0 to 1. */
  private at({ lower, upper }: Boxes, box: number, i: number, part: number): number {
    const [low, high] = [lower[box * this.size + i]!, upper[box * this.size + i]!];
    return Math.min(high, Math.max(low, Math.fround(low + part * (high - low))));
  }

  /** Of points, all functions: (n, count). Differences of float32 numbers, in float64. */
  private async values(x: Float32Array): Promise<Float64Array> {
    const { rows, count, outputs } = this.functions;
    const logits = await this.logits(x);
    return Float64Array.from({ length: (logits.length / outputs) * count }, (_, i) => {
      const [point, row] = [Math.floor(i / count), i % count];
      let sum = 0;
      for (let k = 0; k < outputs; k++) sum += rows[row * outputs + k]! * logits[point * outputs + k]!;
      return sum;
    });
  }

  private lower(least: Float64Array, values: Float64Array): void {
    for (const [i, value] of values.entries()) {
      const row = i % least.length;
      if (value < least[row]!) least[row] = value;
    }
  }
}

const image = (data: Float32Array, shape: readonly number[]): Value => ({
  type: 'float32',
  dims: [data.length / product(shape), ...shape],
  data,
});
