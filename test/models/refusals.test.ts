import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/data/dataset.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { AssayError } from '../../src/errors.js';
import { float, type GraphBuilder, int } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import type { ModelCard } from '../../src/models/card/card.js';
import { expectAccuracy } from '../../src/models/checks.js';
import { openModel } from '../../src/models/open.js';
import {
  CLASSES,
  energyCard,
  linearCard,
  linearGraph,
  linearLogits,
  linearNhwc,
  open,
  PIXELS,
  quadraticEnergy,
  SHAPE,
  saved,
  uniforms,
} from './networks.js';

const engine = createOrtEngine({ sessions: 1 });
const folder = mkdtempSync(join(tmpdir(), 'assay-refusals-'));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await engine.close();
});

async function refusal(attempt: Promise<unknown>): Promise<AssayError> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof AssayError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const input = (changes: object) => ({ ...linearCard, input: { ...linearCard.input, ...changes } });
const without = (key: keyof ModelCard) =>
  Object.fromEntries(Object.entries(linearCard).filter(([k]) => k !== key));

describe('cards that are refused, with file, key and remedy', () => {
  const cases: [what: string, card: object, code: string, path: string, says: RegExp][] = [
    ['a misspelt key', { ...linearCard, clases: 4 }, 'config-invalid', 'clases', /did you mean "classes"/],
    [
      'a misspelt key of the input',
      input({ layuot: 'NHWC' }),
      'config-invalid',
      'input.layuot',
      /did you mean "layout"/,
    ],
    [
      'a misspelt layout',
      input({ layout: 'NHCW' }),
      'config-invalid',
      'input.layout',
      /did you mean "NH?C?[HW]/,
    ],
    ['no name', without('name'), 'config-invalid', 'name', /the key "name" is missing/],
    ['no checkpoint', without('checkpoint'), 'config-invalid', 'checkpoint', /is missing/],
    ['no shape', { ...linearCard, input: {} }, 'config-invalid', 'input.shape', /Channels, height and width/],
    ['four dimensions', input({ shape: [1, 3, 2, 2] }), 'config-invalid', 'input.shape', /at most 3 entries/],
    ['a dimension of zero', input({ shape: [0, 3, 2] }), 'config-invalid', 'input.shape[0]', />= 1/],
    ['one class', { ...linearCard, classes: 1 }, 'config-invalid', 'classes', />= 2|of/],
    [
      'a class twice',
      { ...linearCard, classes: ['a', 'a', 'b', 'c'] },
      'config-invalid',
      'classes',
      /duplicate|of/,
    ],
    ['range and mean', input({ range: [-1, 1], mean: 0.5 }), 'config-invalid', 'input.range', /one of them/],
    ['an empty range', input({ range: [1, 1] }), 'config-invalid', 'input.range', /empty/],
    ['three means for two channels', input({ mean: [0, 0, 0] }), 'config-invalid', 'input.mean', /3 numbers/],
    ['a std of zero', input({ std: 0 }), 'config-invalid', 'input.std', /positive/],
    ['neither classes nor energy', without('classes'), 'config-invalid', 'energy', /neither/],
    [
      'logits without classes',
      { ...without('classes'), outputs: { logits: 'logits' }, energy: { output: 'logits' } },
      'config-invalid',
      'outputs.logits',
      /classes/,
    ],
    ['an unknown energy', { ...linearCard, energy: 'logsumexpp' }, 'config-invalid', 'energy', /logsumexp/],
    [
      'a wrong sign',
      { ...linearCard, energy: { output: 'logits', sign: 2 } },
      'config-invalid',
      'energy.sign',
      /-1/,
    ],
    [
      'logsumexp of probabilities',
      { ...linearCard, softmaxOutput: true, energy: 'logsumexp' },
      'config-invalid',
      'energy',
      /softmaxOutput/,
    ],
    [
      'an architecture for a network',
      { ...linearCard, architecture: { name: 'wide-resnet' } },
      'config-invalid',
      'architecture',
      /drop `architecture`/,
    ],
    [
      'an unknown architecture',
      { ...linearCard, architecture: { name: 'wide-renset' } },
      'unknown-name',
      'architecture.name',
      /did you mean "wide-resnet"/,
    ],
    [
      'an unknown key of an architecture',
      { ...linearCard, architecture: { name: 'wide-resnet', leek: 0.2 } },
      'config-invalid',
      'architecture.leek',
      /did you mean "leak"/,
    ],
    [
      'another shape',
      input({ shape: [3, 32, 32] }),
      'shape-mismatch',
      'input.shape',
      /\[N, 2, 3, 2\].*\[N, 3, 32, 32\]/s,
    ],
    ['another input', input({ name: 'pixels' }), 'shape-mismatch', 'input.name', /one of image/],
    ['another number of classes', { ...linearCard, classes: 10 }, 'shape-mismatch', 'classes', /expected 4/],
    [
      'a value that is not there',
      { ...linearCard, outputs: { logits: 'logit' } },
      'shape-mismatch',
      'outputs.logits',
      /did you mean "logits"/,
    ],
    [
      'features that are not there',
      { ...linearCard, outputs: { features: 'penultimate' } },
      'shape-mismatch',
      'outputs.features',
      /penultimate/,
    ],
    [
      'an energy that is not there',
      { ...linearCard, energy: { output: 'energy' } },
      'shape-mismatch',
      'energy.output',
      /energy/,
    ],
    [
      'an energy of four numbers',
      { ...without('classes'), energy: { output: 'logits' } },
      'shape-mismatch',
      'energy.output',
      /4 numbers per image/,
    ],
    ['another format', { ...linearCard, format: 'onxx' }, 'unknown-name', '', /did you mean "onnx"/],
    [
      'an expectation above 1',
      { ...linearCard, expect: { accuracy: 93 } },
      'config-invalid',
      'expect.accuracy',
      /<= 1/,
    ],
  ];
  it.each(cases)('%s', async (_, card, code, path, says) => {
    const file = saved(linearGraph(), card, folder);
    const error = await refusal(openModel(file, engine));
    expect(error.explain()).toMatch(says);
    expect([error.code, error.details.path ?? '']).toEqual([code, path]);
    expect(error.details.file).toMatch(path === '' ? /linear\.onnx$/ : /model\.yaml$/);
    expect(error.explain()).toMatch(/fix /);
  });

  it('a card that is none', async () => {
    for (const [text, says] of [
      ['name: [', /line \d+, column \d+/],
      ['', /empty file/],
      ['- a\n- b\n', /a list/],
    ] as const) {
      const file = join(folder, 'broken.yaml');
      writeFileSync(file, text);
      const error = await refusal(openModel(file, engine));
      expect([error.code, error.details.file]).toEqual(['config-invalid', file]);
      expect(error.explain()).toMatch(says);
    }
  });

  it('a missing card, a missing checkpoint, a bare checkpoint', async () => {
    expect(await refusal(openModel('absent.yaml', engine, { directory: folder }))).toMatchObject({
      code: 'file-unreadable',
      details: { file: join(folder, 'absent.yaml') },
    });
    const file = saved(linearGraph(), { ...linearCard, checkpoint: './absent.onnx' }, folder);
    expect(await refusal(openModel(file, engine))).toMatchObject({
      code: 'file-unreadable',
      details: { file: join(folder, 'absent.onnx') },
    });
    const bare = await refusal(openModel(join(folder, 'linear.onnx'), engine));
    expect(bare.code).toBe('config-invalid');
    expect(bare.details.hint).toMatch(/assay init/);
  });

  it('another checkpoint than the one it was written for', async () => {
    const file = saved(linearGraph(), { ...linearCard, sha256: 'a'.repeat(64) }, folder);
    const error = await refusal(openModel(file, engine));
    expect(error).toMatchObject({
      code: 'model-invalid',
      details: { path: 'sha256', expected: 'a'.repeat(64) },
    });
    const right = saved(linearGraph(), { ...linearCard, sha256: error.details.found?.toUpperCase() }, folder);
    await (await openModel(right, engine)).close();
  });
});

it('opens a card file and a card in memory alike', async () => {
  const file = saved(linearGraph(), linearCard, folder);
  const models = [await openModel(file, engine), await openModel(linearCard, engine, { directory: folder })];
  expect(models[0]!.info).toEqual(models[1]!.info);
});

const outputs = (emit: (b: GraphBuilder, logits: string) => string): Graph =>
  linearGraph({ head: (b, logits) => b.outputAs(emit(b, logits), 'logits', 'float32', ['N', CLASSES]) });
const softmax = (b: GraphBuilder, f: string) => b.op('Softmax', [f], { axis: int(1) });

describe('networks that are refused', () => {
  const twoOutputs = linearGraph({
    head: (b, f) => {
      b.outputAs(f, 'first', 'float32', ['N', CLASSES]);
      b.outputAs(b.op('Neg', [f]), 'second', 'float32', ['N', CLASSES]);
    },
  });
  const cases: [what: string, graph: Graph, code: string, says: RegExp][] = [
    [
      'a batch of a billion',
      linearGraph({ batch: 1e9 }),
      'model-invalid',
      /\[1000000000, .*open batch axis/s,
    ],
    ['sigmoid at the end', outputs((b, f) => b.op('Sigmoid', [f])), 'model-invalid', /Sigmoid/],
    [
      'a mean of two softmaxes',
      outputs((b, f) => b.op('Mean', [softmax(b, f), softmax(b, b.op('Neg', [f]))])),
      'model-invalid',
      /sum to 1.*softmaxOutput: true/s,
    ],
    [
      'softmax spelt out',
      outputs((b, f) => {
        const e = b.op('Exp', [f]);
        return b.op('Div', [e, b.op('ReduceSum', [e, b.ints([1])])]);
      }),
      'model-invalid',
      /sum to 1/,
    ],
    [
      'NaN',
      outputs((b, f) => b.op('Sqrt', [b.op('Sub', [b.op('Abs', [f]), b.scalar(1e6)])])),
      'model-invalid',
      /NaN.*example 0/s,
    ],
    [
      'infinity',
      outputs((b, f) => b.op('Exp', [b.op('Mul', [b.op('Abs', [f]), b.scalar(1e4)])])),
      'model-invalid',
      /Infinity/,
    ],
    [
      'chance',
      outputs((b, f) => b.op('Add', [f, b.op('RandomNormalLike', [f], { scale: float(1) })])),
      'model-invalid',
      /same images/,
    ],
    [
      'images of yes and no',
      { ...linearGraph(), inputs: [{ name: 'image', type: 'bool', dims: ['N', ...SHAPE] }] },
      'model-invalid',
      /bool/,
    ],
    [
      'two inputs',
      { ...linearGraph(), inputs: [...linearGraph().inputs, { name: 'noise', type: 'float32', dims: [1] }] },
      'model-invalid',
      /2 inputs/,
    ],
    ['two outputs alike', twoOutputs, 'shape-mismatch', /first \[N, 4\], second \[N, 4\]/],
    ['NHWC images', linearNhwc(), 'shape-mismatch', /layout: NHWC/],
  ];
  it.each(cases)('%s', async (_, graph, code, says) => {
    const error = await refusal(open(engine, graph, linearCard));
    expect(error.explain()).toMatch(says);
    expect(error.code).toBe(code);
  });

  it.each([
    ['at the end', softmax],
    [
      'behind a reshape',
      (b: GraphBuilder, f: string) => b.op('Reshape', [softmax(b, f), b.ints([-1, CLASSES])]),
    ],
  ])('softmax %s that the card names as logits', async (_, emit) => {
    const error = await refusal(open(engine, outputs(emit), linearCard, { outputs: { logits: 'logits' } }));
    expect(error.explain()).toMatch(/logits: "scores".*softmaxOutput: true/s);
  });

  it('training mode', async () => {
    const graph = linearGraph();
    const mode = { training_mode: { kind: 'int' as const, value: 1 } };
    const node = {
      name: 'bn',
      op: 'BatchNormalization',
      domain: '',
      inputs: ['image'],
      outputs: ['z'],
      attributes: mode,
    };
    const error = await refusal(open(engine, { ...graph, nodes: [node, ...graph.nodes] }, linearCard));
    expect(error).toMatchObject({
      code: 'model-invalid',
      details: { path: 'node "bn" (BatchNormalization)' },
    });
  });

  it('a scalar network with a classifier card', async () => {
    const error = await refusal(
      open(engine, quadraticEnergy(), { ...energyCard, energy: undefined, classes: 10 }),
    );
    expect(error.explain()).toMatch(/energy: { output: NAME }/);
  });
});

describe('probabilities, stated', () => {
  const pixels = uniforms('stated', 3 * PIXELS);
  const far = (b: GraphBuilder, f: string) => b.op('Mul', [f, b.scalar(50)]);
  it.each([
    ['Softmax', (b: GraphBuilder, f: string) => softmax(b, far(b, f)), 1e-4],
    ['spelt out', (b: GraphBuilder, f: string) => b.op('Add', [softmax(b, f), b.scalar(0)]), 1e-4],
  ] as const)('%s: their logarithm serves as logits', async (what, emit, tolerance) => {
    const model = await open(engine, outputs(emit), linearCard, { softmaxOutput: true });
    expect(model.info.offers).toEqual(['logits', 'inputGradient', 'hessianProduct', 'features']);
    expect(model.info.lacks.logPx).toMatch(/probabilities/);
    const { logits } = await model.forward({ n: 3, pixels });
    const f = linearLogits(pixels).map((v) => (what === 'Softmax' ? 50 * v : v));
    for (let i = 0; i < 3; i++) {
      const row = f.subarray(i * CLASSES, (i + 1) * CLASSES);
      const best = Math.max(...row);
      const lse = best + Math.log(row.reduce((sum, v) => sum + Math.exp(v - best), 0));
      for (let k = 0; k < CLASSES; k++)
        expect(Math.abs((logits?.[i * CLASSES + k] ?? 0) - (row[k]! - lse))).toBeLessThan(
          tolerance * (1 + Math.abs(row[k]!)),
        );
    }
  });
});

it('names the example whose output overflows', async () => {
  const graph = outputs((b, f) => b.op('Exp', [b.op('Abs', [f])]));
  const model = await open(engine, graph, linearCard);
  const pixels = uniforms('overflow', 3 * PIXELS);
  pixels.fill(1e3, 2 * PIXELS);
  const keys = [10, 11, 12].map((example) => ({ seed: 0, purpose: 'x', example }));
  expect(await refusal(model.forward({ n: 3, pixels }))).toMatchObject({
    code: 'model-invalid',
    details: { path: 'example 2 of the batch' },
  });
  expect((await refusal(model.forward({ n: 3, pixels, keys }))).details.path).toBe('example 12');
});

describe('the accuracy a card expects', () => {
  const size = 50;
  const pixels = uniforms('expect', size * PIXELS);
  const logits = linearLogits(pixels);
  const best = (i: number) => {
    const row = [...logits.subarray(i * CLASSES, (i + 1) * CLASSES)];
    return row.indexOf(Math.max(...row));
  };
  /** The first ten labels are wrong. */
  const labels = Int32Array.from({ length: size }, (_, i) => (i < 10 ? (best(i) + 1) % CLASSES : best(i)));
  const dataset = (labelled = true, n = size): Dataset => ({
    info: {
      name: 'test',
      role: 'test',
      size: n,
      shape: SHAPE,
      labelled,
      fingerprint: 'f',
      path: 'test.npz',
    },
    read: async (start, end) => ({
      n: end - start,
      indices: Int32Array.from({ length: end - start }, (_, i) => start + i),
      pixels: pixels.slice(start * PIXELS, end * PIXELS),
      labels: labels.slice(start, end),
    }),
    close: async () => {},
  });

  it('is met, or missed with what was found', async () => {
    const model = await open(engine, linearGraph(), linearCard, { batchSize: 7 });
    expect(await expectAccuracy(model, dataset(), { accuracy: 0.8 })).toEqual({ accuracy: 0.8, n: size });
    await expectAccuracy(model, dataset(), { accuracy: 0.81 });
    await expectAccuracy(model, dataset(), { accuracy: 0.7, tolerance: 0.1 });
    for (const accuracy of [0.95, 0.7]) {
      const error = await refusal(expectAccuracy(model, dataset(), { accuracy }, { file: 'card.yaml' }));
      expect(error).toMatchObject({
        code: 'expectation-missed',
        details: { file: 'card.yaml', found: '80.00 % (40 of 50)' },
      });
    }
    await expectAccuracy(model, dataset(), { accuracy: 0.9 }, { subset: true });
    await refusal(expectAccuracy(model, dataset(), { accuracy: 0.99 }, { subset: true }));
  });

  it('needs labelled examples', async () => {
    const model = await open(engine, linearGraph(), linearCard);
    for (const empty of [dataset(false), dataset(true, 0)])
      expect(await refusal(expectAccuracy(model, empty, { accuracy: 0.8 }))).toMatchObject({
        code: 'data-invalid',
      });
  });
});
