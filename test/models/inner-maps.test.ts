import { afterAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder, int, ints } from '../../src/graph/build.js';
import { NoisySystem } from '../../src/models/defences/noise.js';
import {
  average,
  block,
  CHANNELS,
  CLASSES,
  card,
  conv,
  FIRST,
  flatten,
  graphOf,
  linear,
  pooled,
  residual,
  SECOND,
  type Step,
  stem,
} from './map-networks.js';
import { open, uniforms } from './networks.js';

const engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

const LAST = [SECOND, 4, 4];
const BOTH = [LAST, [FIRST, 8, 8]];

/** The mean over places, as exporters write it. */
const means: Record<string, Step> = {
  ReduceMean: (b, value) => b.op('ReduceMean', [value, b.ints([2, 3])], { keepdims: int(0) }),
  'ReduceMean of rows': (b, value) =>
    b.op('ReduceMean', [b.op('Reshape', [value, b.ints([-1, SECOND, 16])]), b.ints([2])], {
      keepdims: int(0),
    }),
  'two means': (b, value) => {
    const rows = b.op('ReduceMean', [value, b.ints([3])], { keepdims: int(0) });
    return b.op('ReduceMean', [rows, b.ints([2])], { keepdims: int(0) });
  },
  'channels last': (b, value) =>
    b.op('ReduceMean', [b.op('Transpose', [value], { perm: ints([0, 2, 3, 1]) }), b.ints([1, 2])], {
      keepdims: int(0),
    }),
  AveragePool: (b, value) => flatten(b, b.op('AveragePool', [value], { kernel_shape: ints([4, 4]) })),
  MaxPool: (b, value) => flatten(b, b.op('MaxPool', [value], { kernel_shape: ints([4, 4]) })),
};

const finds: Record<string, [head: Step, shapes: readonly (readonly number[])[], why?: RegExp]> = {
  'a residual network': [residual, BOTH],
  ...Object.fromEntries(
    Object.entries(means).map(([name, mean]): [string, [Step, number[][]]] => [
      name,
      [(b, x) => linear(b, mean(b, block(b, stem(b, x))), SECOND), BOTH],
    ]),
  ),
  'an activation behind the pooling': [
    (b, x) => linear(b, flatten(b, b.op('Tanh', [average(b, block(b, stem(b, x)))])), SECOND),
    BOTH,
  ],
  'maps of one size': [
    (b, x) => pooled(b, block(b, stem(b, x), 1)),
    [[SECOND, 8, 8]],
    /no stage of larger maps/,
  ],
  'no pooling': [
    (b, x) => linear(b, flatten(b, block(b, stem(b, x))), SECOND * 16),
    [],
    /no global pooling follows/,
  ],
  'a pooling that leaves places': [
    (b, x) => {
      const half = b.op('AveragePool', [block(b, stem(b, x))], {
        kernel_shape: ints([2, 2]),
        strides: ints([2, 2]),
      });
      return linear(b, flatten(b, half), SECOND * 4);
    },
    [],
    /no global pooling follows/,
  ],
  'no map': [(b, x) => linear(b, flatten(b, x), CHANNELS * 64), [], /no map inside it/],
  'a way around the last maps': [
    (b, x) => {
      const first = stem(b, x);
      const both = [average(b, block(b, first)), average(b, first)];
      const joined = b.op('Concat', both, { axis: int(1) });
      return linear(b, flatten(b, joined), SECOND + FIRST);
    },
    [],
    /no global pooling follows/,
  ],
  'patches as tokens': [
    (b, x) => {
      const tokens = b.op('Reshape', [conv(b, x, [SECOND, CHANNELS, 1, 1]), b.ints([-1, SECOND, 64])]);
      const mixed = b.op('Tanh', [b.op('Transpose', [tokens], { perm: ints([0, 2, 1]) })]);
      return linear(b, b.op('ReduceMean', [mixed, b.ints([1])], { keepdims: int(0) }), SECOND);
    },
    [],
    /no global pooling follows/,
  ],
};

describe('maps inside a network', () => {
  it.each(Object.entries(finds))('%s', async (_, [head, shapes, why]) => {
    const model = await open(engine, graphOf(head), card);
    expect(model.info.maps?.shapes).toEqual(shapes);
    if (why) expect(model.info.maps?.why).toMatch(why);
    else expect(model.info.maps?.why).toBeUndefined();
    await model.close();
  });

  const n = 5;
  const pixels = uniforms('images', n * CHANNELS * 64);

  it.each<[string, Step, 'N' | number]>([
    ['a network that takes any batch', residual, 'N'],
    ['one that takes two images', residual, 2],
    ['channels last', finds['channels last']![0], 'N'],
    ['an activation behind the pooling', finds['an activation behind the pooling']![0], 'N'],
  ])('left as they are, the logits are: %s', async (_, head, batch) => {
    const model = await open(engine, graphOf(head, batch), card);
    const { logits = [] } = await model.forward({ n, pixels });
    const changed = await model.changedMaps({ n, pixels }, 2, (map) => map);
    expect(changed.passes).toEqual({ forward: 3 * n, gradient: 0 });
    for (const each of changed.logits)
      for (const [at, logit] of each.entries()) expect(logit).toBeCloseTo(logits[at]!, 5);
    await model.close();
  });

  it('changed, they go through the rest of the network', async () => {
    const model = await open(engine, graphOf(residual), card);
    const changes: number[][] = [[], []];
    const halved = await model.changedMaps({ n, pixels }, 2, (map, shape) => {
      const own = map.map((value, at) => (at % 3 === 0 ? 0 : -0.5 * value));
      changes[shape[0] === SECOND ? 0 : 1]!.push(...own);
      return own;
    });
    // Each rest as a network of its own, whose images are the maps.
    const rest = async (head: Step, [channels, height, width]: readonly number[], maps: number[]) => {
      const b = new GraphBuilder();
      const x = b.input('x', 'float32', ['N', channels!, height!, width!]);
      b.outputAs(head(b, x), 'logits', 'float32', ['N', CLASSES]);
      const own = await open(engine, b.build(), {
        ...card,
        input: { shape: [channels!, height!, width!] },
      });
      const { logits } = await own.forward({ n, pixels: Float32Array.from(maps) });
      await own.close();
      return logits ?? [];
    };
    const wanted = [
      await rest(pooled, BOTH[0]!, changes[0]!),
      await rest((b, x) => pooled(b, block(b, x)), BOTH[1]!, changes[1]!),
    ];
    for (const [map, logits] of halved.logits.entries())
      for (const [at, logit] of logits.entries()) expect(logit).toBeCloseTo(wanted[map]![at]!, 5);
    await model.close();
  });

  it('refuses more maps than there are, and logits that are not finite', async () => {
    const one = await open(engine, graphOf(finds['maps of one size']![0]), card);
    const same = (map: Float32Array) => map;
    await expect(one.changedMaps({ n, pixels }, 2, same)).rejects.toMatchObject({ code: 'op-unsupported' });
    const lost = one.changedMaps({ n, pixels }, 1, (map) => map.map(() => Number.NaN));
    await expect(lost).rejects.toMatchObject({
      code: 'model-invalid',
      details: { path: 'example 0 of the batch' },
    });
    await one.close();
  });

  it('behind noise they are those of the noisy image', async () => {
    const model = await open(engine, graphOf(residual), card);
    const noisy = new NoisySystem(model, { std: 0.1 }, 'noisy');
    const keys = Array.from({ length: n }, (_, example) => ({ seed: 0, purpose: 'maps', example }));
    const { logits = [] } = await noisy.forward({ n, pixels, keys });
    const changed = await noisy.changedMaps?.({ n, pixels, keys }, 1, (map) => map);
    for (const [at, logit] of changed!.logits[0]!.entries() ?? []) expect(logit).toBeCloseTo(logits[at]!, 5);
    expect(changed?.logits).toHaveLength(1);
    await model.close();
  });
});
