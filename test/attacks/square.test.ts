import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Subject } from '../../src/attacks/attack.js';
import type { AttackInputs } from '../../src/attacks/attack-plan.js';
import { isInside, norms } from '../../src/attacks/norms.js';
import { runAttack } from '../../src/attacks/scheduler.js';
import { square, windowShare } from '../../src/attacks/square.js';
import { stream } from '../../src/random/stream.js';
import { analyticSystem, noiseImages } from './helpers/analytic-system.js';
import { attackPlan } from './helpers/attack-plan.js';

type Shape = readonly [number, number, number];

const normNames = [...norms.names];
const sizeOf = ([channels, rows, columns]: Shape) => channels * rows * columns;

function subject(shape: Shape, norm: string, epsilon: number, seed = 1, x0?: Float32Array): Subject {
  const chosen = norms.find(norm);
  if (!chosen) throw new Error(`no ${norm}`);
  return {
    x0: x0 ?? noiseImages(1, sizeOf(shape), seed),
    shape,
    label: 0,
    epsilon: { text: String(epsilon), value: epsilon },
    norm: chosen,
    restart: 0,
    rivals: [1],
    nearest: Number.POSITIVE_INFINITY,
    draws: (purpose) => stream({ seed, purpose, example: 0 }),
  };
}

/** Every point a run asks about, when `loss` judges them. */
function points(of: Subject, queries: number, loss: (x: Float32Array) => number, p = 0.8) {
  const run = square.run(of, { queries, p });
  const seen: { x: Float32Array; step: number; loss: number }[] = [];
  let turn = run.next();
  while (!turn.done) {
    const { pixels, step } = turn.value;
    seen.push({ x: pixels.slice(), step, loss: loss(pixels) });
    const answer = { logits: new Float32Array(2), gradient: new Float32Array(0), broken: false };
    turn = run.next({ ...answer, loss: seen[seen.length - 1]!.loss });
  }
  return seen;
}

/** A fixed direction: the mean of it over the pixels is the loss. */
function linearLoss(size: number) {
  const source = stream({ seed: 5, purpose: 'test/direction', example: 0 });
  const direction = Float64Array.from({ length: size }, () => source.normal());
  return (x: Float32Array) => x.reduce((sum, v, i) => sum + v * direction[i]!, 0);
}

/** Rows and columns of a channel-summed difference: first and last that differ. */
function extent(a: Float32Array, b: Float32Array, [, rows, columns]: Shape) {
  const [touchedRows, touchedColumns] = [new Set<number>(), new Set<number>()];
  a.forEach((v, i) => {
    if (v === b[i]) return;
    touchedRows.add(Math.floor(i / columns) % rows);
    touchedColumns.add(i % columns);
  });
  return { rows: touchedRows, columns: touchedColumns };
}

describe('the schedule', () => {
  // Iterations of 10,000 and what p is divided by (Andriushchenko et al. 2020, section 3.1).
  it.each([
    [0, 1],
    [10, 1],
    [11, 2],
    [50, 2],
    [51, 4],
    [200, 4],
    [201, 8],
    [500, 8],
    [501, 16],
    [1000, 16],
    [1001, 32],
    [2000, 32],
    [2001, 64],
    [4000, 64],
    [4001, 128],
    [6000, 128],
    [6001, 256],
    [8000, 256],
    [8001, 512],
    [9999, 512],
  ])('at %i of 10,000 queries p is divided by %i', (query, divisor) => {
    expect(windowShare(0.8, query, 10_000)).toBe(0.8 / divisor);
  });

  it('is stretched to the number of queries', () => {
    expect([5, 6, 25, 26].map((query) => 0.8 / windowShare(0.8, query, 5000))).toEqual([1, 2, 2, 4]);
    expect(windowShare(0.8, 4, 5)).toBe(0.8 / 256);
  });

  it('sets the sides of the windows', () => {
    // Everything is accepted, so a candidate and the point before it differ in one window.
    const [queries, side] = [2000, 32];
    const shape: Shape = [3, side, side];
    let rising = 0;
    const seen = points(subject(shape, 'Linf', 0.1), queries, () => rising++);
    const widest = new Map<number, number>();
    for (let k = 1; k < seen.length; k++) {
      const { rows, columns } = extent(seen[k]!.x, seen[k - 1]!.x, shape);
      const share = windowShare(0.8, seen[k]!.step - 1, queries);
      const span = Math.max(rows.size, columns.size);
      expect(span).toBeLessThanOrEqual(Math.max(1, Math.round(Math.sqrt(share * side * side))));
      widest.set(share, Math.max(widest.get(share) ?? 0, span));
    }
    for (const [share, span] of widest)
      expect(span).toBe(Math.max(1, Math.round(Math.sqrt(share * side * side))));
  });
});

describe('points', () => {
  const shapes = fc.tuple(
    fc.constantFrom(1, 3),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 12 }),
  );

  it.each(normNames)('lie in ball and box to the bit, %s', (norm) => {
    fc.assert(
      fc.property(
        shapes,
        fc.double({ min: 1e-4, max: 3, noNaN: true }),
        fc.nat(1000),
        fc.boolean(),
        (shape, epsilon, seed, flat) => {
          // Black and white images leave half of the ball outside the box.
          const x0 = noiseImages(1, sizeOf(shape), seed).map((v) => (flat ? Math.round(v) : v));
          const of = subject(shape, norm, epsilon, seed, x0);
          for (const { x } of points(of, 60, linearLoss(sizeOf(shape))))
            expect(isInside(of.norm, x, x0, epsilon)).toBe(true);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('in Linf lie at the ends of their ranges', () => {
    const of = subject([3, 8, 6], 'Linf', 0.1);
    for (const { x } of points(of, 100, linearLoss(144)))
      x.forEach((v, i) => {
        const ends = [Math.max(0, of.x0[i]! - 0.1), Math.min(1, of.x0[i]! + 0.1)];
        expect(Math.min(...ends.map((end) => Math.abs(v - end)))).toBeLessThan(1e-6);
      });
  });

  it('in L2 are as far away as the radius allows where no pixel is cut off', () => {
    const x0 = new Float32Array(3 * 10 * 10).fill(0.5);
    const of = subject([3, 10, 10], 'L2', 0.4, 2, x0);
    for (const { x } of points(of, 100, linearLoss(300))) expect(of.norm.distance(x, x0)).toBeCloseTo(0.4, 5);
  });

  it.each(normNames)('start from the best so far, which only rises, %s', (norm) => {
    const shape: Shape = [3, 9, 7];
    const seen = points(subject(shape, norm, 0.3), 400, linearLoss(sizeOf(shape)));
    let best = seen[0]!;
    let accepted = 0;
    for (const now of seen.slice(1)) {
      if (norm === 'Linf') {
        // Outside one window the candidate is the best point.
        const side = Math.max(1, Math.round(Math.sqrt(windowShare(0.8, now.step - 1, 400) * 63)));
        const { rows, columns } = extent(now.x, best.x, shape);
        expect(rows.size).toBeGreaterThan(0);
        expect(Math.max(...rows) - Math.min(...rows)).toBeLessThan(side);
        expect(Math.max(...columns) - Math.min(...columns)).toBeLessThan(side);
      }
      if (now.loss > best.loss) {
        best = now;
        accepted++;
      }
    }
    expect(accepted).toBeGreaterThan(5);
    expect(best.loss).toBeGreaterThan(seen[0]!.loss);
  });

  it.each(normNames)('reach every row and column with small windows, %s', (norm) => {
    const shape: Shape = [1, 9, 14];
    const of = subject(shape, norm, 0.3);
    let rising = 0;
    // Four pixels: the share of a 2 x 2 window, of which L2 makes 3 x 3.
    const seen = points(of, 400, () => rising++, 4 / 126);
    const [rows, columns] = [new Set<number>(), new Set<number>()];
    // In L2 the rest of the image is rescaled: what changes sign or vanishes was in a window.
    for (let k = 1; k < seen.length; k++) {
      const sign = (x: Float32Array) => x.map((v, i) => Math.sign(v - of.x0[i]!));
      const moved = extent(sign(seen[k]!.x), sign(seen[k - 1]!.x), shape);
      for (const row of moved.rows) rows.add(row);
      for (const column of moved.columns) columns.add(column);
    }
    expect([rows.size, columns.size]).toEqual([9, 14]);
  });
});

/** Noise images of a shape and a linear classifier of them. */
async function linearTargets(shape: Shape, classes: number, n: number) {
  const size = sizeOf(shape);
  const source = stream({ seed: 3, purpose: 'test/weights', example: 0 });
  const weights = Array.from({ length: classes }, () => Array.from({ length: size }, () => source.normal()));
  const system = analyticSystem({ weights, shape });
  const pixels = noiseImages(n, size);
  const { logits = new Float32Array(0) } = await system.forward({ n, pixels });
  const labels = Int32Array.from({ length: n }, (_, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(Math.max(...row));
  });
  const indices = labels.map((_, i) => i);
  const targets: AttackInputs = { system, n, indices, pixels, labels, cleanLogits: logits, seed: 11 };
  return { targets, weights, size };
}

describe('an attack', () => {
  it('on two classes and images that are not square comes near what is possible', async () => {
    const { targets, weights, size } = await linearTargets([1, 4, 7], 2, 40);
    const epsilon = 0.1;
    const found = await runAttack(
      targets,
      attackPlan({ method: 'square', epsilons: [epsilon], options: { queries: 400 } }),
    );
    let [possible, broken] = [0, 0];
    for (let i = 0; i < targets.n; i++) {
      const [from, to] = [weights[targets.labels[i]!]!, weights[1 - targets.labels[i]!]!];
      let margin = 0;
      for (let j = 0; j < size; j++) {
        const [w, v] = [to[j]! - from[j]!, targets.pixels[i * size + j]!];
        margin += w * v + Math.abs(w) * Math.min(epsilon, w > 0 ? 1 - v : v);
      }
      if (margin > 1e-3) possible++;
      if (found.brokenAt[i]! >= 0) broken++;
      if (found.brokenAt[i]! >= 0) expect(margin).toBeGreaterThan(0);
    }
    expect(possible).toBeGreaterThan(10);
    expect(broken).toBe(possible);
  });

  it.each(normNames)('does not depend on batches, order and shards, %s', async (norm) => {
    const { targets, size } = await linearTargets([3, 5, 4], 3, 12);
    const wanted = attackPlan({ method: 'square', norm, epsilons: [0.05, 0.3], options: { queries: 60 } });
    const whole = await runAttack(targets, wanted);
    const other = await runAttack({ ...targets, batchSize: 3, concurrency: 4 }, wanted);
    expect({ ...other, batches: 0 }).toEqual({ ...whole, batches: 0 });
    const order = [7, 2, 11, 5];
    const part = await runAttack(
      {
        ...targets,
        n: order.length,
        indices: Int32Array.from(order),
        labels: Int32Array.from(order, (i) => targets.labels[i]!),
        pixels: Float32Array.from(
          order.flatMap((i) => [...targets.pixels.subarray(i * size, (i + 1) * size)]),
        ),
        cleanLogits: order.flatMap((i) => Array.from(targets.cleanLogits).slice(3 * i, 3 * i + 3)),
      },
      wanted,
    );
    order.forEach((i, k) => {
      expect(part.pixels.subarray(k * size, (k + 1) * size)).toEqual(
        whole.pixels.subarray(i * size, (i + 1) * size),
      );
      expect(part.forward[k]).toBe(whole.forward[i]);
    });
  });

  it('has restarts that differ, and spends at most a pass for the start and one per query', async () => {
    const { targets } = await linearTargets([1, 5, 5], 3, 4);
    const options = { queries: 50 };
    const once = await runAttack(targets, attackPlan({ method: 'square', epsilons: [1e-4], options }));
    const twice = await runAttack(
      targets,
      attackPlan({ method: 'square', epsilons: [1e-4], restarts: 2, options }),
    );
    for (let i = 0; i < targets.n; i++) {
      expect(once.gradient[i]).toBe(0);
      expect(once.naiveForward[i]).toBe(51);
      // Candidates that equal the point they came from are not asked about.
      expect(once.forward[i]).toBeLessThan(51);
      expect(twice.naiveForward[i]).toBe(102);
    }
    expect(twice.loss.some((loss, i) => loss > once.loss[i]!)).toBe(true);
  });
});
