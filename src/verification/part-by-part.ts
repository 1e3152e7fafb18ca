import { traceShapes } from '../autodiff/trace.js';
import { elements } from '../data/arrays/nd-array.js';
import type { Engine, Value } from '../engines/engine.js';
import { floatsOf } from '../engines/outputs.js';
import type { Graph, Node } from '../graph/graph.js';
import { prune, valuesRead } from '../graph/prune.js';
import { stream } from '../random/stream.js';

/** A graph of one point, and one that is to give of many what that gives of each. What has one name in both is to be the same. */
export interface Pair {
  input: string;
  one: Graph;
  /** Of the input of `one`. */
  dims: readonly number[];
  many: Graph;
  /** Of a point of `many`. */
  shape: readonly number[];
}

/** A value that both compute. */
interface Part {
  name: string;
  dims: { one: readonly number[]; many: readonly number[] };
  /** (POINTS, size) */
  drawn(): Float32Array;
}

/** Points that parts are run on, and of another run: only axes that are the points differ there. */
const [POINTS, FEWER] = [3, 2];
/** Numbers of parts that are looked at together, and points. */
const NUMBERS = 2 ** 22;

/**
 * Whether both give the same of each value from numbers that are put in the place of the values before it. These are drawn: a part is seen
 * also where almost all points make nothing of it, such as behind a unit that is off, and where it is small beside others.
 * Errors: `engine-failed` where a graph cannot be run so.
 */
export async function samePartByPart(engine: Engine, pair: Pair): Promise<boolean> {
  const [input, ...parts] = await partsOf(engine, pair);
  const places = new Map([input!, ...parts].map((part) => [part.name, part]));
  while (parts.length > 0) {
    let numbers = elements(parts[0]!.dims.many);
    let count = 1;
    while (count < parts.length && numbers < NUMBERS) numbers += elements(parts[count++]!.dims.many);
    const wanted = parts.splice(0, count).map(({ name }) => name);
    const [one, many] = [cut(pair.one, places, wanted, 'one'), cut(pair.many, places, wanted, 'many')];
    const feeds = new Map([...new Set([...one.read, ...many.read])].map((part) => [part, part.drawn()]));
    const fed = (part: Part, which: 'one' | 'many', point = 0): Value => {
      const dims = part.dims[which];
      const size = elements(dims);
      return { type: 'float32', dims, data: feeds.get(part)!.slice(point * size, (point + 1) * size) };
    };
    const [together] = await runs(engine, many.graph, [
      Object.fromEntries(many.read.map((part) => [placeOf(part), fed(part, 'many')])),
    ]);
    const alone = await runs(
      engine,
      one.graph,
      Array.from({ length: POINTS }, (_, point) =>
        Object.fromEntries(one.read.map((part) => [placeOf(part), fed(part, 'one', point)])),
      ),
    );
    const same = wanted.every((name) =>
      areSame(
        floatsOf(together!, name),
        alone.map((found) => floatsOf(found, name)),
      ),
    );
    if (!same) return false;
  }
  return true;
}

/** The input, and float32 values that both graphs compute, whose first axis is that of points in `many`. */
async function partsOf(engine: Engine, { input, one, dims, many, shape }: Pair): Promise<Part[]> {
  const zeros = (own: readonly number[]) => ({
    [input]: { type: 'float32', dims: own, data: new Float32Array(elements(own)) } satisfies Value,
  });
  const alone = await traceShapes(engine, one, zeros(dims));
  const [together, fewer] = [
    await traceShapes(engine, many, zeros([POINTS, ...shape])),
    await traceShapes(engine, many, zeros([FEWER, ...shape])),
  ];
  const ofMany = floatsIn(many, input);
  const parts = [input, ...floatsIn(one, input)].flatMap((name) => {
    const [of, all, some] = [alone, together, fewer].map((shapes) => shapes.get(name)?.dims);
    if (name !== input && !ofMany.has(name)) return [];
    if (!of || !all || !some || all.length === 0 || elements(all) !== POINTS * elements(of)) return [];
    const rest = all.slice(1);
    if (all[0] !== POINTS || `${some}` !== `${[FEWER, ...rest]}`) return [];
    return [{ name, dims: { one: of, many: all } }];
  });
  const drawn = drawnFor(parts.map(({ dims: own }) => elements(own.one)));
  return parts.map((part, i) => ({ ...part, drawn: () => drawn(i) }));
}

/** What no function of floats alone gives. */
const OTHERS =
  /^(Shape|Size|Arg(Max|Min)|NonZero|Equal|Greater|GreaterOrEqual|Less|LessOrEqual|And|Or|Not|Xor|Is(NaN|Inf)|OneHot|.*Quantize.*|If|Loop|Scan|Sequence.*|SplitToSequence|Optional.*)$/;

/** Values that nodes write and that are float32 for certain. */
function floatsIn({ nodes, initializers }: Graph, input: string): Set<string> {
  const known = new Set([input]);
  for (const [name, { type }] of initializers) if (type === 'float32') known.add(name);
  const found = new Set<string>();
  for (const { op, domain, inputs, outputs, attributes } of nodes) {
    const { to, value } = attributes;
    const from = inputs[op === 'Where' ? 1 : 0] ?? '';
    const is = op === 'Cast' ? to?.kind === 'int' && to.value === 1 : !OTHERS.test(op) && known.has(from);
    const isConstant = op === 'Constant' && value?.kind === 'tensor' && value.value.type === 'float32';
    if (domain !== '' || !(is || isConstant)) continue;
    for (const output of op === 'Split' ? outputs : outputs.slice(0, 1)) {
      known.add(output);
      found.add(output);
    }
  }
  return found;
}

const placeOf = ({ name }: Part) => `in_place_of/${name}`;

/** The graph of some values from what is put in the place of those before them. */
function cut(
  graph: Graph,
  places: ReadonlyMap<string, Part>,
  wanted: readonly string[],
  which: 'one' | 'many',
): { graph: Graph; read: Part[] } {
  const place = (name: string) => {
    const part = places.get(name);
    return part ? placeOf(part) : name;
  };
  const nodes = graph.nodes.map((node): Node => ({ ...node, inputs: node.inputs.map(place) }));
  const outputs = wanted.map((name) => ({ name, type: 'float32' as const, dims: null }));
  const needed = prune({ ...graph, nodes, outputs });
  const read = new Set(needed.nodes.flatMap(valuesRead));
  const parts = [...places.values()].filter((part) => read.has(placeOf(part)));
  const inputs = parts.map((part) => ({
    name: placeOf(part),
    type: 'float32' as const,
    dims: [...part.dims[which]],
  }));
  return { graph: { ...needed, inputs }, read: parts };
}

/** What a graph gives of each of some feeds. Errors: those of the engine. */
export async function runs(engine: Engine, graph: Graph, feeds: readonly Record<string, Value>[]) {
  const program = await engine.compile(graph);
  try {
    const found: Record<string, Value>[] = [];
    for (const own of feeds) found.push(await program.run(own));
    return found;
  } finally {
    await program.release();
  }
}

/** Parts begin at different places among the numbers drawn. */
const PLACES = 4093;

/** Numbers neither near 0 nor large; of the first point above 0, where all functions have values. Others for each part. */
function drawnFor(sizes: readonly number[]): (part: number) => Float32Array {
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  const draws = new Float64Array(POINTS * largest + PLACES);
  stream({ seed: 0, purpose: 'verify/parts', example: 0 }).uniforms(draws);
  return (part) => {
    const size = sizes[part]!;
    const from = (part * 97) % PLACES;
    const numbers = new Float32Array(POINTS * size);
    for (let i = 0; i < numbers.length; i++) {
      const u = draws[from + i]!;
      numbers[i] = i < size || u < 0.5 ? 0.25 + u : -u;
    }
    return numbers;
  };
}

/** Equal but for the order of float32 sums, which numbers that are small at all points may come out of by cancelling each other. */
function areSame(together: Float32Array, alone: readonly Float32Array[]): boolean {
  const size = alone[0]!.length;
  if (together.length !== alone.length * size) return false;
  const sizes = new Float64Array(size);
  for (const point of alone)
    for (let i = 0; i < size; i++) {
      const x = Math.abs(point[i]!);
      if (x > sizes[i]! && x < Number.POSITIVE_INFINITY) sizes[i] = x;
    }
  const largest = sizes.reduce((most, x) => Math.max(most, x), 0);
  return alone.every((point, k) =>
    point.every((x, i) => {
      const y = together[k * size + i]!;
      return Object.is(x, y) || Math.abs(x - y) <= 1e-4 * sizes[i]! + 2e-7 * largest;
    }),
  );
}
