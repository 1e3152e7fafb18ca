import { describe, expect, it } from 'vitest';
import { check } from '../../../src/config/validate.js';
import { AssayError } from '../../../src/errors.js';
import { PurifiedSystem } from '../../../src/models/defences/purification.js';
import type { PurifyOptions } from '../../../src/models/defences/purify-options.js';
import { defences } from '../../../src/models/defences/registry.js';
import type { Batch, System } from '../../../src/models/system.js';
import { stream } from '../../../src/random/stream.js';
import { analyticSystem, noiseImages } from '../../attacks/helpers/analytic-system.js';

const weights = [
  [3, -1, 2, 0.5],
  [-1, 2, -0.5, 1.5],
  [0.5, 0.5, -2, -1],
];
const options: PurifyOptions = {
  by: 'analytic',
  steps: 3,
  stepSize: 0.05,
  noise: 0.02,
  inputNoise: 0.1,
  chains: 4,
  clamp: 'none',
  gradient: 'straight-through',
  seed: 'fresh',
};

const keysOf = (n: number, first = 0) =>
  Array.from({ length: n }, (_, i) => ({ seed: 1, purpose: 'test', example: first + i, step: 2 }));

function batchOf(n: number): Batch {
  const labels = Int32Array.from({ length: n }, (_, i) => i % 3);
  return { n, pixels: noiseImages(n, 4), labels, keys: keysOf(n) };
}

const part = (batch: Batch, start: number, end: number): Batch => ({
  n: end - start,
  pixels: batch.pixels.slice(start * 4, end * 4),
  labels: batch.labels?.slice(start, end),
  keys: batch.keys?.slice(start, end),
});

describe('a purified classifier', () => {
  const bare = analyticSystem({ weights, squash: 2, inputScale: [2] });
  const system = new PurifiedSystem(bare, bare, options, 'pure');

  it('without steps and noise is the classifier', async () => {
    const nothing = new PurifiedSystem(bare, bare, { ...options, steps: 0, inputNoise: 0 }, 'nothing');
    const batch = batchOf(5);
    const [ours, theirs] = [await nothing.forward(batch), await bare.forward(batch)];
    expect([...(ours.logits ?? [])]).toEqual([...(theirs.logits ?? [])]);
    const [a, b] = [
      await nothing.gradient(batch, 'cross-entropy'),
      await bare.gradient(batch, 'cross-entropy'),
    ];
    a.gradient.forEach((g, i) => {
      expect(g).toBeCloseTo(b.gradient[i]!, 5);
    });
  });

  it.each([
    [0, 0, 'warning'],
    [0, 0.03, 'note'],
    [1, 0, undefined],
  ])('of %i steps and input noise %d is told of: %s', (steps, inputNoise, severity) => {
    const { info } = new PurifiedSystem(bare, bare, { ...options, steps, inputNoise }, 'pure');
    expect(info.notes?.map((note) => [note.code, note.severity])).toEqual(
      severity ? [['purifier-without-steps', severity]] : [],
    );
  });

  it('is the JEM recipe by hand: noise, steps in model units, mean of logits', async () => {
    const batch = part(batchOf(3), 1, 2);
    const total = [0, 0, 0];
    for (let chain = 0; chain < 4; chain++) {
      const key = batch.keys![0]!;
      const draws = (what: string, substep = 0) =>
        stream({ ...key, purpose: `test/purify/chain-${chain}/${what}`, substep });
      const before = draws('input-noise');
      const x = batch.pixels.map((v) => v + (0.1 * before.normal()) / 2);
      for (let step = 0; step < 3; step++) {
        const { gradient } = await bare.gradient({ n: 1, pixels: x }, 'log-px');
        const noise = draws('sgld', step);
        for (let j = 0; j < 4; j++) x[j]! += (0.05 * (gradient[j]! / 2) + 0.02 * noise.normal()) / 2;
      }
      const { logits = [] } = await bare.forward({ n: 1, pixels: x });
      for (let k = 0; k < 3; k++) total[k]! += logits[k]! / 4;
    }
    const { logits = [] } = await system.forward(batch);
    total.forEach((value, k) => {
      expect(logits[k]).toBeCloseTo(value, 5);
    });
  });

  it('gives an example the same answer in any batch', async () => {
    const batch = batchOf(9);
    const whole = await system.gradient(batch, 'cross-entropy');
    const parts = [await system.gradient(part(batch, 0, 2), 'cross-entropy')];
    parts.push(await system.gradient(part(batch, 2, 9), 'cross-entropy'));
    expect(parts.flatMap(({ gradient }) => [...gradient])).toEqual([...whole.gradient]);
    expect(parts.flatMap(({ logits }) => [...(logits ?? [])])).toEqual([...(whole.logits ?? [])]);
  });

  it('gradient and forward of one key see one draw', async () => {
    const batch = batchOf(4);
    const { logits } = await system.gradient(batch, 'margin');
    expect(logits).toEqual((await system.forward(batch)).logits);
  });

  it('straight-through gradients are those of a common shift of the purified images', async () => {
    // With a gradient of log p(x) that is masked, purification only adds noise: it is the identity, and
    // differences of the whole must agree with the straight-through gradient.
    const still = analyticSystem({ weights, squash: 2, gradientScale: 0, inputScale: [2] });
    const whole = new PurifiedSystem(bare, still, options, 'shifted');
    const batch = part(batchOf(2), 0, 1);
    const { gradient } = await whole.gradient(batch, 'cross-entropy');
    for (let j = 0; j < 4; j++) {
      const at = async (h: number) => {
        const pixels = batch.pixels.slice();
        pixels[j]! += h;
        return (await whole.gradient({ ...batch, pixels }, 'cross-entropy')).loss[0]!;
      };
      expect(((await at(1e-2)) - (await at(-1e-2))) / 2e-2).toBeCloseTo(gradient[j]!, 2);
    }
  });

  it('climbs log p(x)', async () => {
    const calm = new PurifiedSystem(bare, bare, { ...options, noise: 0, inputNoise: 0, steps: 10 }, 'calm');
    const batch = batchOf(8);
    const [before, after] = [await bare.forward(batch), await calm.forward(batch)];
    after.logPx?.forEach((value, i) => {
      expect(value).toBeGreaterThan(before.logPx?.[i] ?? Number.POSITIVE_INFINITY);
    });
  });

  it('counts every pass', async () => {
    expect((await system.forward(batchOf(5))).passes).toEqual({ forward: 20, gradient: 60 });
    expect((await system.gradient(batchOf(5), 'margin')).passes).toEqual({ forward: 20, gradient: 80 });
  });

  it('describes itself', () => {
    expect(system.info).toMatchObject({ name: 'pure', model: 'analytic', stochastic: true });
    expect(system.info.defence).toMatch(/purified by analytic: 3 steps .* 4 chains/);
    const other = new PurifiedSystem(bare, bare, { ...options, steps: 4 }, 'pure');
    expect(other.info.identity).not.toBe(system.info.identity);
  });

  it('insists on being told where to draw', async () => {
    const { keys: _, ...batch } = batchOf(2);
    await expect(system.forward(batch)).rejects.toMatchObject({ code: 'suite-failed' });
  });

  it('may stand before another defence, without gradients', async () => {
    const twice = new PurifiedSystem(system, bare, options, 'twice');
    const batch = batchOf(6);
    const { logits = [] } = await twice.forward(batch);
    expect([...((await twice.forward(part(batch, 2, 4))).logits ?? [])]).toEqual([...logits.slice(6, 12)]);
    expect(twice.info.offers).not.toContain('inputGradient');
  });

  it('a classifier without gradients of averages lacks gradients, and says so', async () => {
    const { groupedGradient: _, ...plain } = bare;
    const lacking = new PurifiedSystem(plain, bare, options, 'lacking');
    expect(lacking.info.offers).not.toContain('inputGradient');
    expect(lacking.info.lacks.inputGradient).toBeTruthy();
    await expect(lacking.gradient(batchOf(1), 'margin')).rejects.toMatchObject({ code: 'op-unsupported' });
  });
});

describe('the registry', () => {
  const bare = analyticSystem({ weights });
  const lookup = (systems: readonly System[]) => (name: string) => {
    const found = systems.find(({ info }) => info.name === name);
    if (!found) throw new AssayError('unknown-name', `there is no model called "${name}"`);
    return found;
  };

  it('wraps by name', () => {
    const { wrap } = defences.named('purify');
    expect(wrap(bare, options, lookup([bare]), 'safe').info.name).toBe('safe');
    expect(() => wrap(bare, { ...options, by: 'nobody' }, lookup([bare]))).toThrowError(/nobody/);
  });

  it('takes a preset for what is not written, which says the same as its figures', () => {
    const { options: schema, describe: info } = defences.named('purify');
    const settled = (given: object) => check(schema, { by: 'analytic', ...given }, { what: 'purify' });
    const identity = (given: object) => info(bare, settled(given), lookup([bare]), 'd').identity;
    expect(settled({ preset: 'ebm-defense' })).toMatchObject({ steps: 1500, chains: 15, inputNoise: 0 });
    expect(identity({ preset: 'jem-1' })).toBe(identity({ steps: 1 }));
    expect(identity({ preset: 'jem-1', chains: 2 })).toBe(identity({ steps: 1, chains: 2 }));
    expect(() => settled({ preset: 'jem10' })).toThrowError(
      expect.objectContaining({
        details: expect.objectContaining({ path: 'preset', found: '"jem10"' }),
      }),
    );
  });

  it('refuses purifiers that cannot: another shape, or no log p(x)', () => {
    const { wrap } = defences.named('purify');
    const wide = analyticSystem({ name: 'wide', weights: [[1, 2, 3]] });
    const mute: System = {
      ...bare,
      info: { ...bare.info, name: 'mute', offers: ['logits'], lacks: { logPx: 'energy: none' } },
    };
    for (const by of ['wide', 'mute']) {
      expect(() => wrap(bare, { ...options, by }, lookup([wide, mute]))).toThrowError(
        expect.objectContaining({ code: 'config-invalid' }),
      );
    }
  });

  it('guesses what was meant', () => {
    expect(() => defences.named('purifi')).toThrowError(
      expect.objectContaining({ details: expect.objectContaining({ hint: 'did you mean "purify"?' }) }),
    );
  });
});
