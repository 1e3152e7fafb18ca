import { afterAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { int } from '../../src/graph/build.js';
import { logSumExp } from '../../src/metrics/softmax.js';
import { groupedGradient } from '../../src/models/grouped.js';
import type { Draws, LossName } from '../../src/models/system.js';
import {
  CLASSES,
  convolutional,
  convolutionalCard,
  energyCard,
  linearCard,
  linearGraph,
  linearLogits,
  open,
  PIXELS,
  quadraticEnergy,
  uniforms,
} from './networks.js';
import { relativeError } from './npz.js';

const engine = createOrtEngine({ sessions: 2 });
afterAll(() => engine.close());

const n = 5;
const pixels = uniforms('energy', n * PIXELS);
const labels = Int32Array.from({ length: n }, (_, i) => i % CLASSES);
const energies = Array.from({ length: n }, (_, i) =>
  pixels.subarray(i * PIXELS, (i + 1) * PIXELS).reduce((sum, p) => sum + (p * p) / 2, 0),
);

describe('a scalar energy', () => {
  it('gives log p(x) and its gradient, and nothing that needs classes', async () => {
    const model = await open(engine, quadraticEnergy(), energyCard);
    expect(model.info).toMatchObject({
      offers: ['logPx', 'inputGradient', 'hessianProduct'],
      classes: [],
      energy: 'output',
    });
    expect(model.info.lacks.logits).toMatch(/classes/);
    const { logits, logPx } = await model.forward({ n, pixels });
    expect(logits).toBeUndefined();
    expect(
      relativeError(
        logPx ?? [],
        energies.map((e) => -e),
      ),
    ).toBeLessThan(1e-6);
    const { gradient, loss } = await model.gradient({ n, pixels }, 'log-px');
    expect(
      relativeError(
        gradient,
        pixels.map((p) => -p),
      ),
    ).toBeLessThan(1e-6);
    expect(
      relativeError(
        loss,
        energies.map((e) => -e),
      ),
    ).toBeLessThan(1e-6);
    await expect(model.gradient({ n, pixels, labels }, 'cross-entropy')).rejects.toMatchObject({
      code: 'op-unsupported',
    });
  });

  it('may be a log density, in units of its own input', async () => {
    const model = await open(engine, quadraticEnergy(), energyCard, {
      energy: { output: 'energy', sign: 1 },
      input: { ...energyCard.input, range: [-1, 1] },
    });
    const { gradient } = await model.gradient({ n, pixels }, 'log-px');
    expect(
      relativeError(
        gradient,
        pixels.map((p) => 2 * (2 * p - 1)),
      ),
    ).toBeLessThan(1e-6);
    expect(model.info.inputScale).toEqual([2, 2]);
  });

  it('may stand beside logits', async () => {
    const graph = linearGraph({
      head: (b, logits) => {
        b.outputAs(logits, 'scores_out', 'float32', ['N', CLASSES]);
        b.outputAs(b.op('ReduceMax', [logits, b.ints([1])], { keepdims: int(0) }), 'potential', 'float32', [
          'N',
        ]);
      },
    });
    const model = await open(engine, graph, linearCard, { energy: { output: 'potential', sign: 1 } });
    const found = await model.gradient({ n, pixels, labels }, 'log-pxy');
    const f = linearLogits(pixels);
    for (let i = 0; i < n; i++) {
      const row = [...f.subarray(i * CLASSES, (i + 1) * CLASSES)];
      const best = Math.max(...row);
      const lse = best + Math.log(row.reduce((sum, v) => sum + Math.exp(v - best), 0));
      expect(found.logPx?.[i]).toBeCloseTo(best, 5);
      expect(found.loss[i]).toBeCloseTo(best + row[labels[i]!]! - lse, 5);
    }
  });
});

describe('a classifier', () => {
  it('has the log p(x) of its logits in double precision, rounded once, not the sum of the engine', async () => {
    const model = await open(engine, linearGraph(), linearCard);
    const many = uniforms('many', 200 * PIXELS);
    for (const { logits = new Float32Array(0), logPx } of [
      await model.forward({ n: 200, pixels: many }),
      await model.gradient({ n: 200, pixels: many }, 'log-px'),
    ])
      expect(logPx).toEqual(Float32Array.from(logSumExp({ n: 200, classes: CLASSES, data: logits })));
  });

  it('has log p(x) = logsumexp of its logits unless the card says none', async () => {
    const [with_, without] = await Promise.all([
      open(engine, linearGraph(), linearCard),
      open(engine, linearGraph(), linearCard, { energy: 'none' }),
    ]);
    const f = linearLogits(pixels);
    const { logPx } = await with_.forward({ n, pixels });
    const wanted = Array.from({ length: n }, (_, i) =>
      Math.log(f.subarray(i * CLASSES, (i + 1) * CLASSES).reduce((sum, v) => sum + Math.exp(v), 0)),
    );
    expect(relativeError(logPx ?? [], wanted)).toBeLessThan(1e-6);
    expect((await without.forward({ n, pixels })).logPx).toBeUndefined();
    expect(without.info.offers).toEqual([
      'logits',
      'inputGradient',
      'hessianProduct',
      'features',
      'lastLayer',
      'marginBounds',
    ]);
    expect(without.info.energy).toBe('none');
    for (const loss of ['log-px', 'log-pxy'] as const)
      await expect(without.gradient({ n, pixels, labels }, loss)).rejects.toMatchObject({
        code: 'op-unsupported',
      });
  });

  it('with fewer than three classes has no DLR', async () => {
    const graph = linearGraph({
      head: (b, logits) => {
        const two = b.op('Slice', [logits, b.ints([0]), b.ints([2]), b.ints([1])]);
        b.outputAs(two, 'logits', 'float32', ['N', 2]);
      },
    });
    const model = await open(engine, graph, linearCard, { classes: 2 });
    const batch = { n, pixels, labels: labels.map((y) => y % 2) };
    await expect(model.gradient(batch, 'dlr')).rejects.toThrow(/3 classes/);
    expect((await model.gradient(batch, 'margin')).loss).toHaveLength(n);
  });

  const ending = (op: string) =>
    linearGraph({
      head: (b, logits) => b.outputAs(b.op(op, [logits], { axis: int(1) }), 'end', 'float32', ['N', CLASSES]),
    });

  it.each(['Softmax', 'LogSoftmax'])(
    'that ends in %s gives the logits before it, and says so',
    async (op) => {
      const model = await open(engine, ending(op), linearCard);
      expect(model.info.offers).toEqual([
        'logits',
        'logPx',
        'inputGradient',
        'hessianProduct',
        'features',
        'lastLayer',
        'marginBounds',
      ]);
      expect(model.info.notes).toMatchObject([
        { code: 'logits-before-softmax', message: expect.stringMatching(`${op}.*"scores"`) },
      ]);
      const { logits } = await model.forward({ n, pixels });
      expect(relativeError(logits ?? [], linearLogits(pixels))).toBeLessThan(1e-6);
    },
  );

  it('finds logits behind a softmax that is cast, reshaped and renamed', async () => {
    const graph = linearGraph({
      head: (b, logits) => {
        const wide = b.op('Softmax', [b.op('Unsqueeze', [logits, b.ints([2, 3])])], { axis: int(1) });
        b.outputAs(b.op('Cast', [b.op('Flatten', [wide])], { to: int(1) }), 'p', 'float32', ['N', CLASSES]);
      },
    });
    const { logits } = await (await open(engine, graph, linearCard)).forward({ n, pixels });
    expect(relativeError(logits ?? [], linearLogits(pixels))).toBeLessThan(1e-6);
  });

  it('takes the logits when the probabilities stand beside them', async () => {
    const graph = linearGraph({
      head: (b, logits) => {
        b.outputAs(logits, 'raw', 'float32', ['N', CLASSES]);
        b.outputAs(b.op('Softmax', [logits]), 'p', 'float32', ['N', CLASSES]);
      },
    });
    const model = await open(engine, graph, linearCard);
    expect(model.info.notes).toEqual([]);
    const { logits } = await model.forward({ n, pixels });
    expect(relativeError(logits ?? [], linearLogits(pixels))).toBeLessThan(1e-6);
  });

  it('of which the card names log-probabilities as logits has no log p(x)', async () => {
    const model = await open(engine, ending('LogSoftmax'), linearCard, { outputs: { logits: 'end' } });
    expect(model.info.offers).toEqual(['logits', 'inputGradient', 'hessianProduct', 'features']);
    expect(model.info.lacks.logPx).toMatch(/LogSoftmax/);
    expect((await model.forward({ n, pixels })).logPx).toBeUndefined();
  });

  it('may name logits inside the graph', async () => {
    const graph = linearGraph({
      head: (b, logits) =>
        b.outputAs(b.op('Softmax', [logits], { axis: int(1) }), 'p', 'float32', ['N', CLASSES]),
    });
    const model = await open(engine, graph, linearCard, { outputs: { logits: 'scores' } });
    expect(
      relativeError((await model.forward({ n, pixels })).logits ?? [], linearLogits(pixels)),
    ).toBeLessThan(1e-6);
  });

  it('without a gradient rule still runs forward, and says what is missing', async () => {
    const graph = linearGraph({
      head: (b, logits) => {
        const signal = b.op('Unsqueeze', [b.op('Unsqueeze', [logits, b.ints([1])]), b.ints([1])]);
        const normal = b.op('ReduceProd', [signal, b.ints([1])], {}, 'odd');
        b.outputAs(b.op('Squeeze', [normal, b.ints([1, 2])]), 'logits', 'float32', ['N', CLASSES]);
      },
    });
    const model = await open(engine, graph, linearCard);
    expect(model.info.offers).toEqual(['logits', 'logPx', 'features']);
    expect(model.info.lacks.inputGradient).toMatch(/ReduceProd.*ReduceProd_node/);
    expect((await model.forward({ n, pixels })).logits).toHaveLength(n * CLASSES);
    await expect(model.gradient({ n, pixels, labels }, 'logit')).rejects.toMatchObject({
      code: 'op-unsupported',
    });
  });
});

describe('losses of averaged draws', () => {
  const group = 3;
  const size = 64;
  const draws = (values: Float32Array): Draws => ({ n, group, pixels: values, labels });
  const stacked = uniforms('draws', n * group * size);

  it.each(['cross-entropy', 'margin', 'log-pxy', 'log-px'] as LossName[])(
    '%s: finite differences',
    async (loss) => {
      const model = await open(engine, convolutional(), convolutionalCard);
      const found = await groupedGradient(model, draws(stacked), loss);
      expect(found.gradient).toHaveLength(n * group * size);
      expect(found.logits).toHaveLength(n * 5);
      const direction = uniforms('towards', stacked.length).map((v) => v - 0.5);
      const at = async (h: number) =>
        (await groupedGradient(model, draws(stacked.map((p, j) => p + h * direction[j]!)), loss)).loss;
      const h = 0.01;
      const [wideUp, up, down, wideDown] = [await at(2 * h), await at(h), await at(-h), await at(-2 * h)];
      for (let i = 0; i < n; i++) {
        let along = 0;
        for (let j = i * group * size; j < (i + 1) * group * size; j++)
          along += found.gradient[j]! * direction[j]!;
        expect(along).toBeCloseTo((8 * (up[i]! - down[i]!) - (wideUp[i]! - wideDown[i]!)) / (12 * h), 3);
      }
    },
  );

  it('of one draw are the plain ones', async () => {
    const model = await open(engine, convolutional(), convolutionalCard);
    const images = stacked.slice(0, n * size);
    const one = await groupedGradient(model, { n, group: 1, pixels: images, labels }, 'cross-entropy');
    const plain = await model.gradient({ n, pixels: images, labels }, 'cross-entropy');
    expect(relativeError(one.gradient, plain.gradient)).toBeLessThan(1e-5);
    expect(relativeError(one.loss, plain.loss)).toBeLessThan(1e-6);
    expect(one.passes).toEqual({ forward: n, gradient: n });
  });

  it('need a whole number of draws', async () => {
    const model = await open(engine, convolutional(), convolutionalCard);
    await expect(
      groupedGradient(model, { n: 1, group: 0, pixels: new Float32Array() }, 'margin'),
    ).rejects.toMatchObject({ code: 'shape-mismatch' });
  });
});
