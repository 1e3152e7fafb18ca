import { afterAll, expect, it } from 'vitest';
import { BoundPrograms, type Method } from '../../src/bounds/certify.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder, int } from '../../src/graph/build.js';
import { floats } from '../../src/graph/tensor.js';
import { stream } from '../../src/random/stream.js';
import { Inside } from './inside.js';
import { vit } from './vit.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const [SHAPE, SIZE, CLASSES] = [[1, 8, 8], 64, 3];

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
