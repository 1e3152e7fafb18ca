import type { Value } from '../../engines/engine.js';
import { floatsOf } from '../../engines/outputs.js';
import { Magnitudes } from '../intervals/magnitudes.js';
import { type Bounded, dimsOf, sizeOf } from '../network/network.js';
import type { Programs } from '../network/programs.js';
import { type LowerBounds, magnitudesOf, type Range, type Ranges, rangeOf } from '../network/ranges.js';
import { gamma, gammaOfAxes, TINY, UNIT } from '../network/rounding.js';
import { type BackwardGraph, backwardGraph } from './backward.js';
import { Cut, type Item } from './cut.js';
import { boundedInGroups, itemsOf } from './groups.js';
import { addLeast } from './least.js';
import { type LocalNetwork, localNetwork } from './local.js';
import { type StepLines, stepLines, withCosts } from './step-lines.js';

/** What an input of a walk's graph is fed with: numbers of all images (n, size of the value). */
interface Part {
  input: string;
  value: string;
  data: Float32Array | Int32Array;
  /** The numbers are flat places of this value. */
  placesOf?: string;
}

/** Walks back from a value on known ranges. */
export interface Walk {
  backward: BackwardGraph;
  /** Of one place, where it depends on few others; of whole images otherwise. */
  local: LocalNetwork | undefined;
  /** Numbers of the value that one item has. */
  size: number;
  /** The largest of the values between has so many, of one item. */
  widest: number;
  of(items: readonly Item[], rows: Float32Array, count: number): WalkOf;
}

/** Walks back of some items: of functions (items, count, size) of the value. */
export interface WalkOf {
  cut: Cut;
  feeds: Readonly<Record<string, Value>>;
  run(feeds: Readonly<Record<string, Value>>): Promise<Record<string, Value>>;
  /** What a run says of the functions. */
  read(found: Readonly<Record<string, Value>>): LowerBounds;
}

/** Lower bounds of functions (items, count, size) of the value of a walk. */
export async function walkBack(
  walk: Walk,
  items: readonly Item[],
  rows: Float32Array,
  count: number,
): Promise<LowerBounds> {
  const { feeds, run, read } = walk.of(items, rows, count);
  return read(await run(feeds));
}

/** The largest value that a call computes has so many numbers at most, where one item has no more: 16 MB. */
export const NUMBERS = 2 ** 22;

/** The same of functions (n, count, size) of whole images, as many a call as its memory takes. */
export function walkImages(walk: Walk, n: number, rows: Float32Array, count: number): Promise<LowerBounds> {
  const most = Math.floor(NUMBERS / walk.widest);
  return boundedInGroups({ n, count, size: walk.size, rows }, most, (group, own) =>
    walkBack(walk, itemsOf(group), own, group.functions),
  );
}

/** What computing these errors in float32 may cost, itself. */
export const SPARE = 1.01;

/** Products that a coefficient takes in a step that is not affine, and its cost and offset. */
export const SIDES = 8;

/** Walks back through a network. Their graphs are made when first used. */
export class Walks {
  private readonly graphs = new Map<string, { backward: BackwardGraph; local: LocalNetwork | undefined }>();
  private readonly lines = new WeakMap<Range, StepLines>();
  private readonly magnitudes: Magnitudes;

  constructor(
    private readonly network: Bounded,
    private readonly programs: Programs,
  ) {
    this.magnitudes = new Magnitudes(network, programs);
  }

  /**
   * @param apart functions are of single numbers of the value, so that walks of one place need not look at others
   */
  async begin(
    { from, stops, apart = false }: { from: string; stops: readonly string[]; apart?: boolean },
    n: number,
    ranges: Ranges,
  ): Promise<Walk> {
    const { network } = this;
    const key = JSON.stringify([from, stops, apart]);
    const { backward, local } = this.graphs.get(key) ?? graphOf(network, { from, stops, apart });
    this.graphs.set(key, { backward, local });
    const program = await this.programs.of(key, backward.graph);
    const { parts, lost } = await this.partsOf(key, backward, { n, ranges, stops });
    const own = local?.network ?? network;
    const between = [from, ...backward.lines.keys(), ...stops, ...backward.errors.keys()];
    return {
      backward,
      local,
      size: sizeOf(own, from),
      widest: Math.max(
        ...between.filter((value) => own.shapes.has(value)).map((value) => sizeOf(own, value)),
      ),
      of: (items, rows, count) => {
        const cut = new Cut(network, items, local);
        return {
          cut,
          feeds: feedsOf(parts, cut, items.length, {
            name: backward.rows,
            value: { type: 'float32', dims: [items.length, count, sizeOf(own, from)], data: rows },
          }),
          run: (feeds) => program.run(feeds),
          read: (found) => {
            const read = readOff(found, backward, cut, ranges, count);
            read.rounding.forEach((_, row) => {
              read.rounding[row]! += lost[items[Math.floor(row / count)]!.image]!;
            });
            return read;
          },
        };
      },
    };
  }

  /**
   * What a walk's graph is fed with beside functions; and, of each image, what is lost of any function in products that are too small for
   * float32: of coefficients, each times a number of the network, and of what is added up.
   */
  private async partsOf(
    key: string,
    backward: BackwardGraph,
    { n, ranges, stops }: { n: number; ranges: Ranges; stops: readonly string[] },
  ): Promise<{ parts: Part[]; lost: Float64Array }> {
    const { network } = this;
    const most = new Float64Array(n);
    let [products, numbers] = [SIDES, 0];
    // Of each image, the largest there is.
    const look = (value: string, ...ends: readonly Float32Array[]) => {
      const size = sizeOf(network, value);
      numbers += size;
      for (const end of ends)
        for (let image = 0, i = 0; image < n; image++) {
          let largest = most[image]!;
          // What is no number stays so.
          for (const last = i + size; i < last; i++) {
            const magnitude = Math.abs(end[i]!);
            if (magnitude > largest || Number.isNaN(magnitude)) largest = magnitude;
          }
          most[image] = largest;
        }
    };
    const wanted = new Set([...backward.errors.keys(), ...backward.folded.values()]);
    const largest = await this.magnitudes.of(key, { wanted, stops }, n, ranges);
    /** What one unit of the coefficient of each number of an affine step's value costs, into its magnitudes. */
    const costsOf = (value: string): Float32Array => {
      const magnitude = largest.get(value);
      const rounded = network.rounded.get(value);
      if (!magnitude || !rounded) throw new Error(`the magnitude of ${value} was not computed`);
      const { forward, backward: back } = rounded;
      // The network's own evaluation, that of the coefficients, and sums of what is added.
      const factor = (forward + back + gammaOfAxes(dimsOf(network, value), network.steps.length)) * SPARE;
      const own = (forward + back) / UNIT;
      products = Math.max(products, own);
      look(value, magnitude);
      const room = own * TINY;
      for (let i = 0; i < magnitude.length; i++) magnitude[i] = magnitude[i]! * factor + room;
      return magnitude;
    };
    const parts: Part[] = [];
    const feed = (
      input: string | undefined,
      value: string,
      data: Part['data'] | undefined,
      placesOf?: string,
    ) => {
      if (input !== undefined && data !== undefined)
        parts.push({ input, value, data, ...(placesOf !== undefined && { placesOf }) });
    };
    for (const step of network.bent) {
      const output = step.node.outputs[0]!;
      const inputs = backward.lines.get(output);
      if (!inputs) continue;
      const given = rangeOf(ranges, output);
      look(output, given.lower, given.upper);
      const lines = this.lines.get(given) ?? stepLines(step, network, n, ranges);
      this.lines.set(given, lines);
      for (const name of ['lowerSlope', 'lowerIntercept', 'upperSlope', 'upperIntercept'] as const)
        feed(inputs[name], output, lines[name]);
      feed(inputs.other?.lowerSlope, output, lines.other?.lowerSlope);
      feed(inputs.other?.upperSlope, output, lines.other?.upperSlope);
      if (lines.place) feed(inputs.place, output, lines.place, step.node.inputs[0]);
      const before = backward.folded.get(output);
      feed(
        backward.errors.get(output),
        output,
        before === undefined
          ? lines.error
          : withCosts(lines, costsOf(before), step, rangeOf(ranges, step.node.inputs[0]!)),
      );
    }
    for (const value of stops) {
      const magnitudes = magnitudesOf(rangeOf(ranges, value));
      look(value, magnitudes);
      const factor = gamma(network.readers.get(value) ?? 0) * SPARE;
      for (let i = 0; i < magnitudes.length; i++) magnitudes[i] = magnitudes[i]! * factor;
      feed(backward.errors.get(value), value, magnitudes);
    }
    for (const value of network.rounded.keys()) {
      const input = backward.errors.get(value);
      if (input !== undefined && !stops.includes(value)) feed(input, value, costsOf(value));
    }
    return { parts, lost: most.map((m) => (m + 1) * products * numbers * TINY) };
  }
}

/** A walk back, of windows where it may be. */
function graphOf(
  network: Bounded,
  { from, stops, apart }: { from: string; stops: readonly string[]; apart: boolean },
): { backward: BackwardGraph; local: LocalNetwork | undefined } {
  const local = apart ? localNetwork(network, from) : undefined;
  return { backward: backwardGraph(local?.network ?? network, { from, stops }), local };
}

function feedsOf(
  parts: readonly Part[],
  cut: Cut,
  n: number,
  rows: { name: string; value: Value },
): Record<string, Value> {
  const feeds: Record<string, Value> = { [rows.name]: rows.value };
  for (const { input, value, data, placesOf } of parts) {
    const own =
      data instanceof Int32Array ? cut.flatPlaces(placesOf ?? '', value, data) : cut.of(value, data);
    const type = own instanceof Float32Array ? 'float32' : 'int64';
    feeds[input] = { type, dims: [n, 1, own.length / n], data: own };
  }
  return feeds;
}

function readOff(
  found: Readonly<Record<string, Value>>,
  backward: BackwardGraph,
  cut: Cut,
  ranges: Ranges,
  count: number,
): LowerBounds {
  const bound = Float64Array.from(floatsOf(found, backward.bias));
  const rounding = Float64Array.from(
    floatsOf(found, backward.error),
    (error) => error * SPARE * backward.errorSpare,
  );
  for (const [value, name] of backward.coefficients)
    addLeast(floatsOf(found, name), cut.range(value, rangeOf(ranges, value)), count, {
      bound,
      rounding,
    });
  return { bound, rounding };
}
