// @module-tag slow
import { afterAll, describe, expect, it } from 'vitest';
import { BoundPrograms, type Method } from '../../src/bounds/certify.js';
import type { Boxes } from '../../src/bounds/network/ranges.js';
import { BOUNDS } from '../../src/bounds/rows/table.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import { stream } from '../../src/random/stream.js';
import { normals } from '../autodiff/finite-differences.js';
import { Inside } from './inside.js';
import { LAYERS, type Layer, PRODUCTS } from './layers.js';

const LONG = Boolean(process.env.ASSAY_LONG);
const [POINTS, STEPS, BOXES] = LONG ? [10_000, 50, 6] : [500, 8, 2];
const METHODS: readonly Method[] = ['ibp', 'crown-ibp', 'crown', 'alpha-crown'];

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const SHAPE = [2, 4, 4];
const SIZE = 32;
const CLASSES = 4;
const CLASS_ORDER = Array.from({ length: CLASSES }, (_, k) => k);
const DEPTH = 3;

const all = [...Object.values(LAYERS).flat(), ...Object.values(PRODUCTS)];
const names = [
  ...Object.entries(LAYERS).flatMap(([op, layers]) => layers.map((_, i) => `${op} ${i}`)),
  ...Object.keys(PRODUCTS).map((what) => `a product ${what}`),
];

const shuffled = (seed: number): number[] => {
  const draws = stream({ seed, purpose: 'test/shuffled', example: 0 });
  return Array.from(all.keys())
    .map((i): [number, number] => [draws.uniform(), i])
    .sort(([a], [b]) => a - b)
    .map(([, i]) => i);
};
/** Of three layers each: every network of the table once, or as the first, the second and the third. */
const orders = Array.from({ length: DEPTH }, (_, depth) => shuffled(depth));
const PICKED = LONG
  ? all.map((_, i) => orders.map((order) => order[i]!))
  : Array.from({ length: Math.ceil(all.length / DEPTH) }, (_, i) =>
      orders[0]!.slice(DEPTH * i, DEPTH * (i + 1)),
    );
const NETWORKS = PICKED.map((picked, i) => ({ i, picked, what: picked.map((k) => names[k]).join(', ') }));

/** Layers on images (n, 2, 4, 4), each followed by a random linear one that gives such an image again; logits of the last. */
async function networkOf(layers: readonly Layer[], seed: string, order = CLASS_ORDER): Promise<Graph> {
  const b = new GraphBuilder();
  let x = b.input('x', 'float32', ['N', ...SHAPE]);
  for (const [depth, layer] of layers.entries()) {
    const flat = b.op('Flatten', [layer(b, x)]);
    const probe = new GraphBuilder(b.build());
    probe.output(flat);
    const program = await engine.compile(probe.build());
    const found = await program.run({
      x: { type: 'float32', dims: [1, ...SHAPE], data: new Float32Array(SIZE).fill(0.5) },
    });
    await program.release();
    const width = found[flat]!.dims[1]!;
    const last = depth === layers.length - 1;
    const outputs = last ? CLASSES : SIZE;
    const drawn = normals(`${seed}/${depth}`, width * outputs).map((w) => (0.4 * w) / Math.sqrt(width));
    const weights = last ? drawn.map((_, i) => drawn[i - (i % CLASSES) + order[i % CLASSES]!]!) : drawn;
    const offset = last ? order.map((k) => 0.1 * k) : Array<number>(SIZE).fill(0.5);
    const next = b.op('Gemm', [
      flat,
      b.constant(floats([width, outputs], weights)),
      b.constant(floats([outputs], offset)),
    ]);
    x = last ? b.outputAs(next, 'logits') : b.op('Reshape', [next, b.ints([-1, ...SHAPE])]);
  }
  return b.build();
}

/** Every f_a - f_b of two classes, of logits in an order of classes. */
function margins(order = CLASS_ORDER) {
  const pairs = CLASS_ORDER.flatMap((a) => CLASS_ORDER.filter((c) => c !== a).map((c) => [a, c]));
  const rows = Float32Array.from(
    pairs.flatMap(([a, c]) => order.map((k) => (k === a ? 1 : k === c ? -1 : 0))),
  );
  return { rows, count: pairs.length, outputs: CLASSES };
}

/** Around random images, as far as they are images. */
function boxesOf(n: number, radius: number, example: number): Boxes {
  const draws = stream({ seed: 5, purpose: 'test/boxes', example });
  const centre = Float32Array.from({ length: n * SIZE }, () => draws.uniform());
  const reach = centre.map((_, i) => radius * [0.05, 1, 6][Math.floor(i / SIZE) % 3]!);
  return {
    n,
    lower: centre.map((x, i) => Math.max(0, x - reach[i]!)),
    upper: centre.map((x, i) => Math.min(1, x + reach[i]!)),
  };
}

/** What is proved, (n, count), by method. */
async function proved(graph: Graph, boxes: Boxes, { rows, count } = margins()) {
  const programs = await BoundPrograms.of(engine, { graph, pixels: 'x', shape: SHAPE, logits: 'logits' });
  const each = Float32Array.from({ length: boxes.n * rows.length }, (_, i) => rows[i % rows.length]!);
  const found = new Map<Method, number[]>();
  for (const method of METHODS) {
    const { bound, rounding } = await programs.lowerBounds(boxes, each, count, method, 4);
    found.set(
      method,
      Array.from(bound, (b, i) => b - rounding[i]!),
    );
  }
  await programs.close();
  return (method: Method) => found.get(method) ?? [];
}

describe('bounds of random networks', () => {
  it('are of every operator that has a row', () => {
    expect(Object.keys(LAYERS).sort()).toEqual([...BOUNDS.keys()].sort());
    expect(new Set(NETWORKS.flatMap(({ picked }) => picked)).size).toBe(all.length);
  });

  it.each(NETWORKS)(
    '$i, $what: hold, and tighten',
    { tags: ['long'], timeout: 300_000 },
    async ({ i, picked }) => {
      const graph = await networkOf(
        picked.map((k) => all[k]!),
        `${i}`,
      );
      const boxes = boxesOf(BOXES, 0.05, i);
      const functions = margins();
      const inside = await Inside.of(engine, graph, SHAPE, functions);
      const by = await proved(graph, boxes);
      for (let box = 0; box < BOXES; box++) {
        const [sampled, descended] = [
          await inside.sampled(boxes, box, POINTS),
          await inside.descended(boxes, box, STEPS),
        ];
        for (let row = 0; row < functions.count; row++) {
          const at = box * functions.count + row;
          for (const method of METHODS) {
            expect(by(method)[at]).toBeLessThanOrEqual(sampled[row]!);
            expect(by(method)[at]).toBeLessThanOrEqual(descended[row]!);
          }
          // In larger ones, exponentials of exponentials may overflow.
          if (box === 0) expect(by('ibp')[at]).toBeGreaterThan(Number.NEGATIVE_INFINITY);
          expect(by('crown-ibp')[at]).toBeGreaterThanOrEqual(by('ibp')[at]!);
          expect(by('crown')[at]).toBeGreaterThanOrEqual(by('ibp')[at]!);
          expect(by('alpha-crown')[at]).toBeGreaterThanOrEqual(by('crown')[at]!);
        }
      }
      await inside.close();
    },
  );

  const some = NETWORKS.filter(({ i }) => LONG || i % 3 === 0);

  it.each(some)('$i, $what: intervals are monotone in the radius', async ({ i, picked }) => {
    const graph = await networkOf(
      picked.map((k) => all[k]!),
      `${i}`,
    );
    const radii = [0, 0.001, 0.01, 0.05, 0.2];
    const found = await Promise.all(radii.map((radius) => proved(graph, boxesOf(3, radius, i))));
    for (const [k, by] of found.slice(1).entries())
      for (const [at, larger] of by('ibp').entries())
        expect(larger).toBeLessThanOrEqual(found[k]!('ibp')[at]!);
  });

  it.each(some)('$i, $what: the order of the classes changes nothing', async ({ i, picked }) => {
    const layers = picked.map((k) => all[k]!);
    const order = [2, 0, 3, 1];
    const boxes = boxesOf(3, 0.05, i);
    const [by, permuted] = [
      await proved(await networkOf(layers, `${i}`), boxes),
      // Its logits are those of the classes in that order.
      await proved(await networkOf(layers, `${i}`, order), boxes, margins(order)),
    ];
    for (const method of METHODS)
      for (const [at, least] of by(method).entries())
        expect(Math.abs(permuted(method)[at]! - least) / (1 + Math.abs(least)) || 0).toBeLessThan(1e-4);
  });
});
