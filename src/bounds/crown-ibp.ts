import type { Value } from '../engines/engine.js';
import { floatsOf } from '../engines/outputs.js';
import { addLeast } from './least.js';
import { type Bounded, dimsOf, sizeOf } from './network.js';
import type { Programs } from './programs.js';
import type { Boxes, LowerBounds, Range } from './ranges.js';
import { type TogetherGraph, togetherGraph } from './together.js';
import { NUMBERS, SPARE } from './walks.js';

/** What one call says of boxes. */
export interface Together {
  /** Of the pixels and of the values that were asked for. */
  ranges: Map<string, Range>;
  /** Whether all intervals of an image are finite. */
  sure: boolean[];
  found: LowerBounds;
}

/** CROWN-IBP in one program, whose inner intervals and lines never leave the engine; for networks whose lines a graph makes. */
export class CrownIbp {
  private graph: TogetherGraph | undefined | 'unknown' = 'unknown';

  constructor(
    private readonly network: Bounded,
    private readonly programs: Programs,
  ) {}

  /**
   * Lower bounds of functions (n, count, classes) of the logits; undefined where it takes several programs.
   * @param wanted values whose intervals are given too, always the same
   */
  async of(
    boxes: Boxes,
    { rows, count, wanted }: { rows: Float32Array; count: number; wanted: readonly string[] },
  ): Promise<Together | undefined> {
    const { network } = this;
    if (this.graph === 'unknown') this.graph = togetherGraph(network, wanted);
    const { graph } = this;
    if (!graph || boxes.ball) return undefined;
    const program = await this.programs.of('crown-ibp', graph.graph);
    const { n } = boxes;
    const size = sizeOf(network, network.pixels);
    const classes = sizeOf(network, network.logits);
    const found = { bound: new Float64Array(n * count), rounding: new Float64Array(n * count) };
    const sure: boolean[] = [];
    const ranges = new Map<string, Range>([[network.pixels, boxes]]);
    for (const value of graph.intervals.keys()) {
      const length = n * sizeOf(network, value);
      ranges.set(value, { lower: new Float32Array(length), upper: new Float32Array(length) });
    }
    const widest = Math.max(...[...network.varying].map((value) => sizeOf(network, value)));
    const step = Math.max(1, Math.floor(NUMBERS / (count * widest)));
    for (let start = 0; start < n; start += step) {
      const end = Math.min(n, start + step);
      const box = {
        lower: boxes.lower.subarray(start * size, end * size),
        upper: boxes.upper.subarray(start * size, end * size),
      };
      const fed = (dims: readonly number[], data: Float32Array): Value => ({ type: 'float32', dims, data });
      const outputs = await program.run({
        lower: fed([end - start, ...dimsOf(network, network.pixels)], box.lower),
        upper: fed([end - start, ...dimsOf(network, network.pixels)], box.upper),
        [graph.rows]: fed(
          [end - start, count, classes],
          rows.subarray(start * count * classes, end * count * classes),
        ),
      });
      for (const [value, { lower, upper }] of graph.intervals) {
        const range = ranges.get(value)!;
        range.lower.set(floatsOf(outputs, lower), start * sizeOf(network, value));
        range.upper.set(floatsOf(outputs, upper), start * sizeOf(network, value));
      }
      for (const one of floatsOf(outputs, graph.finite)) sure.push(Number.isFinite(one));
      const own = readOff(outputs, graph, box, count);
      found.bound.set(own.bound, start * count);
      found.rounding.set(own.rounding, start * count);
    }
    return { ranges, sure, found };
  }
}

function readOff(
  outputs: Readonly<Record<string, Value>>,
  graph: TogetherGraph,
  box: Range,
  count: number,
): LowerBounds {
  const most = floatsOf(outputs, graph.most);
  const bound = Float64Array.from(floatsOf(outputs, graph.bias));
  const rounding = Float64Array.from(
    floatsOf(outputs, graph.error),
    (error, row) => error * SPARE * graph.errorSpare + (most[Math.floor(row / count)]! + 1) * graph.lost,
  );
  for (const name of graph.coefficients.values())
    addLeast(floatsOf(outputs, name), box, count, { bound, rounding });
  return { bound, rounding };
}
