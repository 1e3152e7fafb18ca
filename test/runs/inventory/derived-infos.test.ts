import { describe, expect, it } from 'vitest';
import type { DatasetInfo } from '../../../src/data/dataset.js';
import { AssayError } from '../../../src/errors.js';
import type { System } from '../../../src/models/system.js';
import { builtinRunCatalogue } from '../../../src/runs/asked/run-catalogue.js';
import { withDerived } from '../../../src/runs/inventory/derived-infos.js';
import { type DerivedSpec, derivedSpec } from '../../../src/runs/inventory/derived-specs.js';
import { linearSystem } from '../../suites/helpers/linear-system.js';
import { points } from '../small-run.js';

const weights = [
  [1, 0],
  [0, 1],
];
const model = (more: object = {}) => linearSystem({ name: 'm', weights, ...more });

interface Given {
  systems?: readonly System[];
  seed?: number;
  limit?: number;
  test?: object;
}

/** The infos of a run file's data sets, beside `test` with ten examples. */
function infosOf(sets: Record<string, object>, given: Given = {}): Map<string, DatasetInfo> {
  const specs = new Map<string, DerivedSpec>();
  for (const [name, set] of Object.entries(sets)) {
    const spec = derivedSpec(name, set, { file: 'r.yaml', ...builtinRunCatalogue });
    if (spec) specs.set(name, spec);
  }
  const systems = new Map((given.systems ?? [model()]).map((system) => [system.info.name, system]));
  const { seed = 0, limit } = given;
  const entries = withDerived(new Map([['test', points(10, given.test)]]), specs, {
    names: ['test', ...Object.keys(sets)],
    systems,
    seed,
    ...(limit !== undefined && { limit }),
    file: 'r.yaml',
  });
  return new Map([...entries].map(([name, { info }]) => [name, info]));
}

const infoOf = (set: object, given?: Given): DatasetInfo => {
  const info = infosOf({ made: set }, given).get('made');
  if (!info) throw new Error('it is not there');
  return info;
};

const MIX = { of: 'test', interpolate: { noise: 0.1 } };
const NOISE = { generate: 'gaussian', n: 20, like: 'test' };
const ATTACK = { of: 'test', attack: { on: 'm', method: 'square', epsilon: '8/255', queries: 10 } };
const SAMPLE = { sample: { from: 'm', n: 30, steps: 3 } };
const sampling = (more: object) => ({ sample: { ...SAMPLE.sample, ...more } });
const CORRUPT = { of: 'test', corrupt: { name: 'gaussian-noise', severity: 3 } };
const corrupting = (more: object) => ({ of: 'test', corrupt: { ...CORRUPT.corrupt, ...more } });
const PURIFY = { of: 'test', purify: { by: 'm', steps: 3 } };

describe('what is known of a derived data set', () => {
  it('an attacked one is its parent with other pixels', () => {
    const { name, role, size, shape, labelled } = infoOf(ATTACK);
    expect({ name, role, size, shape, labelled }).toEqual({
      name: 'made',
      role: 'test',
      size: 10,
      shape: [1, 1, 2],
      labelled: true,
    });
  });

  it('mixtures and noise have no labels and are to be rejected, unless the run file says otherwise', () => {
    expect(infoOf(MIX)).toMatchObject({ role: 'ood', labelled: false, size: 10 });
    expect(infoOf(NOISE)).toMatchObject({ role: 'ood', labelled: false, size: 20 });
    expect(infoOf({ ...MIX, role: 'validation' })).toMatchObject({ role: 'validation', labelled: false });
    expect(infoOf({ ...ATTACK, role: 'ood', distance: 'near' })).toMatchObject({
      role: 'ood',
      distance: 'near',
      labelled: true,
    });
  });

  it('a corrupted one keeps role and labels, and says whose parameters it has', () => {
    expect(infoOf(CORRUPT)).toMatchObject({ role: 'test', labelled: true, size: 10 });
    expect(infoOf(CORRUPT).note).toBe('gaussian noise, severity 3 (CIFAR-C-like); of test');
    const large = { test: { shape: [3, 224, 224] } };
    expect(infoOf(CORRUPT, large).note).toContain('ImageNet-C-like');
    expect(infoOf(corrupting({ parameters: 'cifar' }), large).note).toContain('(CIFAR-C-like)');
  });

  it('samples of nothing have the shape of their system, and labels where a class was climbed', () => {
    expect(infoOf(SAMPLE)).toMatchObject({ role: 'ood', labelled: false, size: 30, shape: [1, 1, 2] });
    expect(infoOf(SAMPLE, { limit: 4 }).size).toBe(4);
    const ofEach = { sample: { ...SAMPLE.sample, class: 'each' } };
    expect(infoOf(ofEach)).toMatchObject({
      role: 'test',
      labelled: true,
      highestLabel: { label: 1, example: 1 },
      note: 'drawn from m of class each: 3 steps of SGLD up log p(x|y)',
    });
    expect(infoOf({ ...ofEach, role: 'ood' })).toMatchObject({ role: 'ood', labelled: true });
    expect(infoOf({ sample: { ...SAMPLE.sample, class: 1 } }).highestLabel).toEqual({ label: 1, example: 0 });
  });

  it('samples that start at images are as many, and lose or keep labels as classes are climbed', () => {
    const from = (options: object) => infoOf({ of: 'test', sample: { from: 'm', ...options }, limit: 6 });
    expect(from({})).toMatchObject({ size: 6, role: 'ood', labelled: false });
    expect(from({ class: 'label' })).toMatchObject({ size: 6, role: 'test', labelled: true });
    expect(from({ class: 'each' })).toMatchObject({ role: 'test', highestLabel: { label: 1, example: 1 } });
  });

  it('limits: its own, that of the command line, and never more than the parent has', () => {
    expect(infoOf({ ...MIX, limit: 4 }).size).toBe(4);
    expect(infoOf({ ...MIX, limit: 40 }).size).toBe(10);
    expect(infoOf({ ...MIX, limit: 4 }, { limit: 3 }).size).toBe(3);
    expect(infoOf(NOISE, { limit: 3 }).size).toBe(3);
  });

  it('parents may stand after what is made of them, and be made themselves', () => {
    const infos = infosOf({ cleaned: { of: 'attacked', purify: { by: 'm' } }, attacked: ATTACK });
    expect([...infos.keys()]).toEqual(['test', 'cleaned', 'attacked']);
    expect(infos.get('cleaned')).toMatchObject({ size: 10, labelled: true, recipe: { of: 'attacked' } });
    expect(infos.get('cleaned')?.note).toContain('purified by m, 10 steps of SGLD; of attacked');
  });
});

describe('published sequences of frames', () => {
  const frames = { test: { sequences: [{ name: 'tilt', frames: 5 }] } };

  it('are no parent: their frames would pass for independent images', () => {
    for (const set of [MIX, CORRUPT, ATTACK, PURIFY])
      expect(() => infoOf(set, frames)).toThrow(
        expect.objectContaining({
          code: 'config-invalid',
          message: 'the data set "made" cannot be made of sequences of frames',
          details: expect.objectContaining({ file: 'r.yaml', path: 'datasets.made.of' }),
        }),
      );
  });

  it('may lend noise their shape', () => {
    expect(infoOf(NOISE, frames)).toMatchObject({ size: 20, shape: [1, 1, 2] });
  });
});

describe('the fingerprint of a derived data set', () => {
  const other = model({ weights: [...weights, [1, 1]] });
  const cases: [string, object, object, Given?, Given?][] = [
    ['another option', MIX, { of: 'test', interpolate: { noise: 0.2 } }],
    ['another attack', ATTACK, { of: 'test', attack: { ...ATTACK.attack, epsilon: '4/255' } }],
    ['another length', NOISE, { ...NOISE, n: 21 }],
    ['another limit', ATTACK, { ...ATTACK, limit: 5 }],
    ['another transform', MIX, PURIFY],
    ['another generator', NOISE, { ...NOISE, generate: 'uniform' }],
    ['another seed', NOISE, NOISE, {}, { seed: 1 }],
    ['another seed of an attack', ATTACK, ATTACK, {}, { seed: 1 }],
    ['another severity', CORRUPT, corrupting({ severity: 2 })],
    ['unrounded pixels', CORRUPT, corrupting({ quantise: false })],
    ['another parent', MIX, MIX, {}, { test: { fingerprint: 'other' } }],
    ['another system', ATTACK, ATTACK, {}, { systems: [other] }],
    ['another purifier', PURIFY, PURIFY, {}, { systems: [other] }],
    ['another shape', NOISE, NOISE, {}, { test: { shape: [1, 2, 1] } }],
    ['another number of steps', SAMPLE, sampling({ steps: 4 })],
    ['another number of chains', SAMPLE, sampling({ n: 31 })],
    ['another target', sampling({ class: 'each' }), sampling({ class: 'each', target: 'log-py-x' })],
    ['another start', SAMPLE, sampling({ start: { 'class-gaussian': 'test' } })],
    [
      'other images that Gaussians are fitted to',
      sampling({ start: { 'class-gaussian': 'test' } }),
      sampling({ start: { 'class-gaussian': 'test' } }),
      {},
      { test: { fingerprint: 'other' } },
    ],
    ['another model that is sampled', SAMPLE, SAMPLE, {}, { systems: [other] }],
    ['another seed of chains', SAMPLE, SAMPLE, {}, { seed: 1 }],
  ];
  it.each(cases)('changes with %s', (_, one, two, before, after) => {
    expect(infoOf(two, after).fingerprint).not.toBe(infoOf(one, before).fingerprint);
  });

  it.each<[string, object, object, Given?]>([
    ['defaults written out', PURIFY, { of: 'test', purify: { by: 'm', steps: 3, stepSize: 1 } }],
    ['its role', MIX, { ...MIX, role: 'test' }],
    [
      'the name of the system',
      ATTACK,
      { of: 'test', attack: { ...ATTACK.attack, on: 'n' } },
      { systems: [model({ name: 'n' })] },
    ],
    [
      'the name of the purifier',
      PURIFY,
      { of: 'test', purify: { by: 'n', steps: 3 } },
      { systems: [model({ name: 'n' })] },
    ],
    [
      'systems that have no part in it',
      ATTACK,
      ATTACK,
      { systems: [model(), model({ name: 'n', weights: [[2, 0]] })] },
    ],
    [
      'the name of the model that is sampled',
      SAMPLE,
      sampling({ from: 'n' }),
      { systems: [model({ name: 'n' })] },
    ],
    ['a class by its name', sampling({ class: 0 }), sampling({ class: model().info.classes[0] })],
    ['data that samples are not made of', SAMPLE, SAMPLE, { test: { fingerprint: 'other' } }],
    ['pixels of what only lends its shape', NOISE, NOISE, { test: { fingerprint: 'other' } }],
    ['a limit beyond its length', MIX, { ...MIX, limit: 100 }],
  ])('does not change with %s', (_, one, two, after) => {
    expect(infoOf(two, after).fingerprint).toBe(infoOf(one).fingerprint);
  });

  it('nor with its name', () => {
    const infos = infosOf({ one: MIX, two: MIX });
    expect(infos.get('one')?.fingerprint).toBe(infos.get('two')?.fingerprint);
  });
});

describe('what cannot be', () => {
  const bare = model({
    offers: ['logits'],
    lacks: { logPx: 'it has no energy', inputGradient: 'Loop has none' },
  });
  const noisy = model({ noise: 0.1 });
  const plain = model();
  const large = { ...plain, info: { ...plain.info, shape: [3, 32, 32] as const } };
  it.each<[string, Record<string, object>, string, RegExp, Given?]>([
    ['a parent with a typo', { a: { ...MIX, of: 'tset' } }, 'datasets.a.of', /did you mean "test"/],
    ['a shape of nothing', { a: { ...NOISE, like: 'tets' } }, 'datasets.a.like', /did you mean "test"/],
    [
      'a system with a typo',
      { a: { of: 'test', attack: { on: 'mm', epsilon: 0.1 } } },
      'datasets.a.attack.on',
      /did you mean "m"/,
    ],
    [
      'a purifier with a typo',
      { a: { of: 'test', purify: { by: 'mm' } } },
      'datasets.a.purify.by',
      /did you mean "m"/,
    ],
    [
      'a circle',
      { a: { ...MIX, of: 'b' }, b: { ...MIX, of: 'c' }, c: { ...MIX, of: 'a' } },
      'datasets.c.of',
      /a, made of b, made of c, made of a/,
    ],
    ['itself', { a: { ...MIX, of: 'a' } }, 'datasets.a.of', /a, made of a/],
    ['an unknown transform', { a: { of: 'test', interpolat: {} } }, 'datasets.a.interpolat', /interpolate/],
    [
      'no transform',
      { a: { of: 'test' } },
      'datasets.a',
      new RegExp(`one of the keys ${builtinRunCatalogue.transforms.names.join(', ')} beside`),
    ],
    ['two transforms', { a: { ...MIX, purify: { by: 'm' } } }, 'datasets.a', /found +interpolate, purify/],
    [
      'an unknown generator',
      { a: { ...NOISE, generate: 'gausian' } },
      'datasets.a.generate',
      /did you mean "gaussian"/,
    ],
    ["another generator's option", { a: { ...NOISE, low: 0.1 } }, 'datasets.a.low', /low/],
    ['a file beside a parent', { a: { ...MIX, path: './x.npz' } }, 'datasets.a.path', /path/],
    ['noise without a number', { a: { generate: 'uniform', like: 'test' } }, 'datasets.a.n', /n\b/],
    [
      'an empty range',
      { a: { ...NOISE, generate: 'uniform', low: 0.9, high: 0.1 } },
      'datasets.a.low',
      /ascending/,
    ],
    ['one image to mix', { a: MIX }, 'datasets.a.of', /at least 2/, { test: { size: 1 } }],
    [
      'an attack on what has no gradient',
      { a: ATTACK },
      'datasets.a.attack.on',
      /Loop has none/,
      { systems: [bare] },
    ],
    [
      'purification without an energy',
      { a: PURIFY },
      'datasets.a.purify.by',
      /it has no energy/,
      { systems: [bare] },
    ],
    [
      'purification by a stochastic system',
      { a: PURIFY },
      'datasets.a.purify.by',
      /bare model/,
      { systems: [noisy] },
    ],
    [
      'a corruption with a typo',
      { a: corrupting({ name: 'gausian-noise' }) },
      'datasets.a.corrupt.name',
      /did you mean "gaussian-noise"/,
    ],
    ['a severity that is none', { a: corrupting({ severity: 6 }) }, 'datasets.a.corrupt.severity', /5/],
    [
      'a corruption of colour of grey images',
      { a: corrupting({ name: 'saturate' }) },
      'datasets.a.of',
      /leaves grey images as they are/,
    ],
    [
      'a corruption of rows of four channels',
      { a: CORRUPT },
      'datasets.a.of',
      /4 channels/,
      { test: { shape: [4, 8, 8] } },
    ],
    ['samples without a number', { a: { sample: { from: 'm' } } }, 'datasets.a.sample.n', /n: 100/],
    ['samples of nobody', { a: sampling({ from: 'mm' }) }, 'datasets.a.sample.from', /did you mean "m"/],
    ['a class that is none', { a: sampling({ class: 'cta' }) }, 'datasets.a.sample.class', /cta/],
    ['a class beyond the last', { a: sampling({ class: 2 }) }, 'datasets.a.sample.class', /0 to 1/],
    ['labels of nothing', { a: sampling({ class: 'label' }) }, 'datasets.a.sample.class', /class: each/],
    ['p(y|x) of no class', { a: sampling({ target: 'log-py-x' }) }, 'datasets.a.sample.class', /class: each/],
    [
      'p(x) of a class',
      { a: sampling({ class: 'each', target: 'log-px' }) },
      'datasets.a.sample.target',
      /leave out/,
    ],
    [
      'a class of an energy without classes',
      { a: sampling({ class: 'each' }) },
      'datasets.a.sample.from',
      /climb log p\(x\)/,
      { systems: [model({ offers: ['logPx', 'inputGradient'], lacks: { logits: 'it does not classify' } })] },
    ],
    [
      'samples of a system behind a defence',
      { a: SAMPLE },
      'datasets.a.sample.from',
      /behind the defence/,
      { systems: [noisy] },
    ],
    [
      'samples without an energy',
      { a: SAMPLE },
      'datasets.a.sample.from',
      /it has no energy/,
      { systems: [bare] },
    ],
    [
      'a buffer that is not kept',
      { a: sampling({ start: 'buffer' }) },
      'datasets.a.sample.start',
      /replay_buffer/,
    ],
    [
      'Gaussians of nothing',
      { a: sampling({ start: { 'class-gaussian': 'tset' } }) },
      'datasets.a.sample.start.class-gaussian',
      /did you mean "test"/,
    ],
    [
      'Gaussians of the samples',
      { a: sampling({ start: { 'class-gaussian': 'a' } }) },
      'datasets.a.sample.start.class-gaussian',
      /a, made of a/,
    ],
    [
      'a persistent buffer of a class',
      { a: sampling({ class: 0, start: { persistent: {} } }) },
      'datasets.a.sample.class',
      /leave out the class/,
    ],
    [
      'a buffer that no file can hold',
      { a: sampling({ n: 200_000, start: { persistent: {} } }) },
      'datasets.a.sample.n',
      /at most 174762 images of shape \[3, 32, 32\]/,
      { systems: [large] },
    ],
    [
      'Gaussians that no file can hold',
      { a: sampling({ n: 200_000, start: { 'class-gaussian': 'test' } }) },
      'datasets.a.sample.n',
      /at most 174762/,
      { systems: [large] },
    ],
    [
      'a start beside a parent',
      { a: { of: 'test', sample: { from: 'm', start: 'uniform' } } },
      'datasets.a.sample.start',
      /leave out/,
    ],
    ['a number beside a parent', { a: { of: 'test', ...SAMPLE } }, 'datasets.a.sample.n', /limit/],
    ['a start with a typo', { a: sampling({ start: 'unifrom' }) }, 'datasets.a.sample.start', /uniform/],
    ['a temperature of 0', { a: sampling({ temperature: 0 }) }, 'datasets.a.sample.temperature', /0/],
    ['an attack on noise', { n: NOISE, a: { ...ATTACK, of: 'n' } }, 'datasets.a.of', /without labels/],
    ['an attack on OOD data', { a: ATTACK }, 'datasets.a.of', /role: ood/, { test: { role: 'ood' } }],
    [
      'a radius that counts grey levels',
      { a: { of: 'test', attack: { on: 'm', epsilon: 8 } } },
      'datasets.a.attack.epsilon',
      /8\/255/,
    ],
    [
      'a radius that is none',
      { a: { of: 'test', attack: { on: 'm', epsilon: '8/0' } } },
      'datasets.a.attack.epsilon',
      /fraction above 0/,
    ],
    [
      "another attack's option",
      { a: { of: 'test', attack: { ...ATTACK.attack, steps: 3 } } },
      'datasets.a.attack.steps',
      /steps/,
    ],
    [
      'an attack without a radius',
      { a: { of: 'test', attack: { on: 'm', method: 'ddn', norm: 'L2', epsilon: 0.5 } } },
      'datasets.a.attack.method',
      /nearest mistake/,
    ],
  ])('%s', (_, sets, path, says, given) => {
    let error: unknown;
    try {
      infosOf(sets, given);
    } catch (thrown) {
      error = thrown;
    }
    if (!(error instanceof AssayError)) throw error ?? new Error('it was accepted');
    expect(error.details).toMatchObject({ file: 'r.yaml', path });
    expect(error.explain()).toMatch(says);
  });
});
