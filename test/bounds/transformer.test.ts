import { afterAll, expect, it } from 'vitest';
import { BoundPrograms, type Method } from '../../src/bounds/certify.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { float, GraphBuilder, int, ints } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats, int64s } from '../../src/graph/tensor.js';
import { stream } from '../../src/random/stream.js';
import { normals } from '../autodiff/finite-differences.js';
import { Inside } from './inside.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const [SHAPE, SIZE, CLASSES] = [[1, 8, 8], 64, 3];
const [WIDTH, HEADS, TOKENS] = [8, 2, 5];
const EPSILON = 1e-2;

/** A vision transformer (Dosovitskiy et al. 2021) of one block: patches of 4 x 4, a token for the class, two heads. */
function vit(): Graph {
  const b = new GraphBuilder('vit');
  const drawn = (name: string, dims: number[], scale: number) => {
    const numbers = normals(
      `vit/${name}`,
      dims.reduce((p, d) => p * d, 1),
    );
    return b.constant(
      floats(
        dims,
        numbers.map((x) => scale * x),
      ),
      name,
    );
  };
  const linear = (x: string, name: string, from: number, to: number) =>
    b.op('Add', [
      b.op('MatMul', [x, drawn(`${name}.w`, [from, to], 1 / Math.sqrt(from))]),
      drawn(`${name}.b`, [to], 0.1),
    ]);
  const normed = (x: string, name: string) => {
    const [scale, bias] = [
      b.constant(floats([WIDTH], Array<number>(WIDTH).fill(1))),
      drawn(`${name}.b`, [WIDTH], 0.1),
    ];
    return b.op('LayerNormalization', [x, scale, bias], { axis: int(-1), epsilon: float(EPSILON) });
  };
  const x = b.input('x', 'float32', ['N', ...SHAPE]);
  const patches = b.op('Conv', [x, drawn('patches', [WIDTH, 1, 4, 4], 0.25)], { strides: ints([4, 4]) });
  const tokens = b.op('Transpose', [b.op('Reshape', [patches, b.ints([0, WIDTH, -1])])], {
    perm: ints([0, 2, 1]),
  });
  const images = b.op('Shape', [x], { start: int(0), end: int(1) });
  const token = b.op('Expand', [
    drawn('token', [1, 1, WIDTH], 0.5),
    b.op('Concat', [images, b.ints([1, WIDTH])], { axis: int(0) }),
  ]);
  let hidden = b.op('Add', [
    b.op('Concat', [token, tokens], { axis: int(1) }),
    drawn('places', [1, TOKENS, WIDTH], 0.3),
  ]);
  const asHeads = (value: string, perm: number[]) =>
    b.op('Transpose', [b.op('Reshape', [value, b.ints([0, TOKENS, HEADS, WIDTH / HEADS])])], {
      perm: ints(perm),
    });
  const before = normed(hidden, 'first');
  const q = asHeads(linear(before, 'q', WIDTH, WIDTH), [0, 2, 1, 3]);
  const k = asHeads(linear(before, 'k', WIDTH, WIDTH), [0, 2, 3, 1]);
  const v = asHeads(linear(before, 'v', WIDTH, WIDTH), [0, 2, 1, 3]);
  const scores = b.op('Div', [b.op('MatMul', [q, k]), b.scalar(Math.sqrt(WIDTH / HEADS))]);
  const seen = b.op('MatMul', [b.op('Softmax', [scores], { axis: int(-1) }), v]);
  const joined = b.op('Reshape', [
    b.op('Transpose', [seen], { perm: ints([0, 2, 1, 3]) }),
    b.ints([0, TOKENS, WIDTH]),
  ]);
  hidden = b.op('Add', [hidden, linear(joined, 'joined', WIDTH, WIDTH)]);
  const inner = linear(normed(hidden, 'second'), 'inner', WIDTH, 2 * WIDTH);
  hidden = b.op('Add', [hidden, linear(b.op('Relu', [inner]), 'outer', 2 * WIDTH, WIDTH)]);
  const first = b.op('Gather', [normed(hidden, 'last'), b.constant(int64s([0], []))], { axis: int(1) });
  b.outputAs(linear(first, 'classes', WIDTH, CLASSES), 'logits');
  return b.build();
}

const pairs = [0, 1, 2].flatMap((a) => [0, 1, 2].filter((c) => c !== a).map((c) => [a, c]));
const MARGINS = {
  rows: Float32Array.from(pairs.flatMap(([a, c]) => [0, 1, 2].map((k) => (k === a ? 1 : k === c ? -1 : 0)))),
  count: pairs.length,
  outputs: CLASSES,
};

it('bounds of a small vision transformer hold, and prove something', {
  tags: ['long'],
  timeout: 300_000,
}, async () => {
  const graph = vit();
  const inside = await Inside.of(engine, graph, SHAPE, MARGINS);
  const programs = await BoundPrograms.of(engine, { graph, pixels: 'x', shape: SHAPE, logits: 'logits' });
  const radii = [1e-4, 4e-3, 2e-2];
  const draws = stream({ seed: 3, purpose: 'test/vit', example: 0 });
  const centre = Float32Array.from({ length: SIZE }, () => draws.uniform());
  const boxes = {
    n: radii.length,
    lower: Float32Array.from(radii.flatMap((r) => [...centre].map((x) => x - r))),
    upper: Float32Array.from(radii.flatMap((r) => [...centre].map((x) => x + r))),
  };
  const rows = Float32Array.from(radii.flatMap(() => [...MARGINS.rows]));
  const proved = new Map<Method, Float64Array>();
  for (const method of ['ibp', 'crown-ibp', 'crown', 'alpha-crown'] as const) {
    const { bound, rounding } = await programs.lowerBounds(boxes, rows, MARGINS.count, method, 4);
    proved.set(
      method,
      bound.map((least, i) => least - rounding[i]!),
    );
  }
  for (const [box] of radii.entries()) {
    const [sampled, descended] = [
      await inside.sampled(boxes, box, 2000),
      await inside.descended(boxes, box, 20),
    ];
    for (let row = 0; row < MARGINS.count; row++)
      for (const [method, least] of proved) {
        const at = box * MARGINS.count + row;
        expect([method, box, least[at]! <= Math.min(sampled[row]!, descended[row]!)]).toEqual([
          method,
          box,
          true,
        ]);
        if (box === 0) expect([method, Number.isFinite(least[at]!)]).toEqual([method, true]);
      }
  }
  // Planes of products climb: there is nothing else in it that may, but units that are not certain.
  for (const [box] of radii.entries())
    for (let at = box * MARGINS.count; at < (box + 1) * MARGINS.count; at++) {
      const [crown, alpha] = [proved.get('crown')![at]!, proved.get('alpha-crown')![at]!];
      expect(alpha).toBeGreaterThanOrEqual(crown);
      if (box === 1) expect(alpha).toBeGreaterThan(crown + 1e-5);
    }
  // Two pairs a class; the class of the image wins against both.
  const wins = (least: Float64Array, box: number) =>
    [0, 1, 2].some((a) => pairs.every(([one], row) => one !== a || least[box * MARGINS.count + row]! > 0));
  expect(wins(proved.get('crown')!, 0)).toBe(true);
  await programs.close();
  await inside.close();
});

it('engines normalise layers in two passes: the variance is no difference of large numbers', async () => {
  // What bounds are of. As the mean of squares less the square of the mean, it would lose all its digits here.
  const size = 64;
  const x = Float32Array.from({ length: size }, (_, i) => 1000 + 0.25 * Math.sin(1.7 * i));
  const mean = x.reduce((sum, value) => sum + value, 0) / size;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
  const b = new GraphBuilder();
  const ones = b.constant(floats([size], Array<number>(size).fill(1)));
  b.outputAs(
    b.op('LayerNormalization', [b.input('x', 'float32', ['N', size]), ones], { axis: int(-1) }),
    'y',
  );
  const program = await engine.compile(b.build());
  const found = (await program.run({ x: { type: 'float32', dims: [1, size], data: x } })).y!
    .data as Float32Array;
  await program.release();
  for (const [i, y] of found.entries())
    expect(Math.abs(y - (x[i]! - mean) / Math.sqrt(variance + 1e-5))).toBeLessThan(2e-3);
});
