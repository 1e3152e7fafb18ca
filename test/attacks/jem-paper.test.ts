import { describe, expect, it } from 'vitest';
import type { Query } from '../../src/attacks/attack.js';
import { attacks } from '../../src/attacks/registry.js';
import { runAttack } from '../../src/attacks/scheduler.js';
import { attackPlan, targets } from './helpers/attack-plan.js';
import { subjectOf } from './helpers/drive.js';

const SIZE = 64;
const LENGTH: Record<string, (change: Float32Array) => number> = {
  Linf: (change) => Math.max(...change.map(Math.abs)),
  // Foolbox 1 measures L2 as a root mean square.
  L2: (change) => Math.sqrt(change.reduce((sum, v) => sum + v * v, 0) / change.length),
};

/** A run on grey whose points are adversarial from a distance on; the gradient points one way. */
function searched(norm: string, boundary: number, options: Record<string, unknown> = {}) {
  const subject = { ...subjectOf(norm, 1, SIZE), x0: new Float32Array(SIZE).fill(0.5) };
  const run = attacks.named('jem-paper').create(options).run(subject);
  const change = (pixels: Float32Array) => pixels.map((v, i) => v - subject.x0[i]!);
  const asked: (Query & { length: number })[] = [];
  for (let turn = run.next(); !turn.done; ) {
    const length = LENGTH[norm]!(change(turn.value.pixels));
    asked.push({ ...turn.value, length, pixels: turn.value.pixels.slice() });
    const gradient = new Float32Array(turn.value.kind === 'gradient' ? SIZE : 0).fill(2);
    turn = run.next({
      logits: new Float32Array(2),
      loss: 0,
      gradient,
      broken: turn.value.kind === 'forward' && length >= boundary,
    });
  }
  return asked;
}

describe.each(['Linf', 'L2'])('the search of the JEM paper in %s', (norm) => {
  it('tries 0.3, then halves what is left, and closes in on the boundary', () => {
    const asked = searched(norm, 0.2);
    const adversarial = asked.filter(({ kind, length }) => kind === 'forward' && length >= 0.2);
    const nearest = Math.min(...adversarial.map(({ length }) => length));
    expect(nearest).toBeGreaterThanOrEqual(0.2);
    expect(nearest).toBeLessThan(0.2 * (1 + 1e-3));
    // A run ends at its first adversarial point: as many as radii that had one.
    expect(adversarial.length).toBeLessThanOrEqual(21);
    expect(asked.length).toBeLessThanOrEqual(2 * 40 * 21);
  });

  it('grows by half while nothing is found, up to so many radii, and then gives up', () => {
    const asked = searched(norm, 2, { steps: 3, searches: 4 });
    expect(asked.length).toBe(4 * 3 * 2);
  });

  it('steps by a thirtieth of the radius, or a sixth, and never leaves ball and box', () => {
    const asked = searched(norm, 9, { steps: 2, searches: 1 });
    for (const { pixels, length } of asked) {
      expect(length).toBeLessThanOrEqual(0.3 + 1e-6);
      expect(pixels.every((v) => v >= 0 && v <= 1)).toBe(true);
    }
    const [start, first] = asked.map(({ pixels }) => pixels);
    const step = LENGTH[norm]!(first!.map((v, i) => v - start![i]!));
    // Of a start inside the ball; in Linf some pixels are stopped by it, in L2 the whole is scaled when it is left.
    expect(step).toBeLessThanOrEqual(0.3 / (norm === 'Linf' ? 30 : 6) + 1e-6);
    expect(step).toBeGreaterThan(0.003);
  });

  it('asks for a gradient where nothing is judged, and then judges where it leads', () => {
    const asked = searched(norm, 9, { steps: 2, searches: 1 });
    expect(asked.map(({ kind, outside = false }) => [kind, outside])).toEqual([
      ['gradient', true],
      ['forward', false],
      ['gradient', true],
      ['forward', false],
    ]);
    expect(new Set(asked.map(({ step }) => step)).size).toBe(4);
  });
});

describe('on a system that draws at random', () => {
  const paper = (confirm: number) =>
    attackPlan({
      method: 'jem-paper',
      options: { steps: 10, searches: 8 },
      norm: 'Linf',
      epsilons: [],
      keep: 'nearest',
      confirm,
    });

  it('one lucky draw is enough where nothing confirms it, and looks weaker for it', async () => {
    const given = await targets(30, { noise: 0.5 });
    const lucky = await runAttack(given, paper(0));
    const confirmed = await runAttack(given, paper(8));
    const mean = ({ distance }: { distance: Float64Array }) => distance.reduce((a, b) => a + b, 0) / given.n;
    expect(mean(lucky)).toBeLessThan(0.9 * mean(confirmed));
  });

  it('other starts find other points', async () => {
    const given = await targets(10);
    const of = (start: number) =>
      runAttack(
        given,
        attackPlan({
          method: 'jem-paper',
          options: { steps: 10, searches: 8, start },
          epsilons: [],
          keep: 'nearest',
        }),
      );
    const [a, b, again] = [await of(0), await of(1), await of(0)];
    expect([...a.distance]).toEqual([...again.distance]);
    expect([...a.distance]).not.toEqual([...b.distance]);
  });
});
