// @module-tag slow
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openFile } from '../../src/bytes/byte-source.js';
import { readCheckpoint } from '../../src/checkpoints/registry.js';
import { decodeNpy } from '../../src/data/arrays/npy.js';
import { readNpz } from '../../src/data/arrays/npz.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { inspectCheckpoint } from '../../src/models/inspect.js';
import { openModel } from '../../src/models/open.js';
import { float32, type Saved, safetensors, torchZip } from '../checkpoints/torch-writer.js';
import { uniforms } from '../models/networks.js';
import { relativeError } from '../models/npz.js';
import { DoubleNetwork } from './double-network.js';
import { cases } from './networks.js';

const engine = createOrtEngine({ sessions: 1 });
const folder = mkdtempSync(join(tmpdir(), 'assay-wrappers-'));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await engine.close();
});

type Tensors = Record<string, Saved>;
const resnet = cases.find(({ name }) => name === 'ResNet for CIFAR with four stages');
if (!resnet) throw new Error('the case is gone');
const net = new DoubleNetwork();
const shape = [...resnet.image];
const pixels = uniforms(
  'wrapped',
  shape.reduce((a, d) => a * d, 1),
);
const logits = [...resnet.forward(net, { dims: resnet.image, data: Float64Array.from(pixels) }).data];

const under = (prefix: string, tensors: Tensors = net.tensors): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, saved]) => [prefix + name, saved]));
const vector = (...values: number[]) => float32([values.length], values);
const counts: Saved = { dims: [3, 3], bytes: new Uint8Array(72), storage: 'LongStorage', bytesPerElement: 8 };
const statistics = (prefix: string, unit = 1): Tensors => ({
  [`${prefix}mean`]: float32(
    [1, 3, 1, 1],
    [0.49, 0.48, 0.45].map((v) => v * unit),
  ),
  [`${prefix}std`]: float32(
    [1, 3, 1, 1],
    [0.2, 0.25, 0.3].map((v) => v * unit),
  ),
});
const renamed = (from: RegExp, to: string): Tensors =>
  Object.fromEntries(Object.entries(net.tensors).map(([name, saved]) => [name.replace(from, to), saved]));
const heads = (head: string): Tensors =>
  Object.fromEntries(
    Object.entries(renamed(/^linear\./, head)).map(([name, saved]) => [
      name.startsWith(head) ? name : `backbone.${name}`,
      saved,
    ]),
  );
const proposed = { mean: [0.49, 0.48, 0.45], std: [0.2, 0.25, 0.3] };

const wrapped: [what: string, tensors: Tensors, leftOut: RegExp | undefined, input: object][] = [
  [
    'an attacker that holds the network again, and its normalisers',
    {
      ...statistics('module.normalizer.new_'),
      ...under('module.model.'),
      ...statistics('module.attacker.normalize.new_'),
      ...under('module.attacker.model.'),
    },
    /normalizer\.\* \(2 tensors, the mean and std of an input\), attacker\.\* \(\d+ tensors, the same weights again\)/,
    proposed,
  ],
  [
    'a compiled network inside, and buffers in bytes beside it',
    { ...statistics('', 255), ...under('model._orig_mod.') },
    /mean \(.*std \(/,
    proposed,
  ],
  [
    "a loss's weights and a metric's table",
    { ...under('net.'), 'criterion.weight': vector(1, 2, 3), 'val_acc.confmat': counts },
    /val_acc\.\* \(no floats\), criterion\.\* \(no layers\)/,
    {},
  ],
  ['a backbone and a head', heads('head.fc.'), undefined, {}],
  ['a backbone and a linear layer', heads('fc.'), undefined, {}],
  [
    'statistics beside the layers',
    { ...net.tensors, ...statistics('normalize.') },
    /normalize\.\*/,
    proposed,
  ],
];

async function logitsOf(file: string, more: object = {}): Promise<ArrayLike<number>> {
  const model = await openModel(
    { name: 'm', checkpoint: file, input: { shape }, classes: 3, ...more },
    engine,
  );
  const found = await model.forward({ n: 1, pixels });
  await model.close();
  return found.logits ?? [];
}

describe('what frameworks put around a network', () => {
  it.each(wrapped)('%s: recognised, and what is left out is said', async (_, tensors, leftOut, input) => {
    const file = join(folder, 'wrapped.pt');
    writeFileSync(file, torchZip(tensors));
    const { built } = await readCheckpoint(file);
    expect(built?.title).toBe('ResNet');
    if (leftOut) expect(built?.leftOut).toMatch(leftOut);
    else expect(built?.leftOut).toBeUndefined();
    expect(relativeError(await logitsOf(file), logits)).toBeLessThan(1e-5);
    const { card, notes } = await inspectCheckpoint(file, engine);
    expect(parse(card).input).toMatchObject(input);
    if (leftOut) expect(notes.join()).toMatch(leftOut);
  });

  const refused: [what: string, tensors: Tensors, says: RegExp][] = [
    [
      'another network beside it',
      { ...under('student.'), ...under('teacher.', { ...net.tensors, 'linear.bias': vector(9, 9, 9) }) },
      /fix .*ignore: \[teacher\.\]/,
    ],
    ['a temperature', { ...under('model.'), temperature: vector(2) }, /fix .*ignore: \[temperature\]/],
    [
      'a norm of the logits',
      { ...under('model.'), 'norm.weight': vector(1, 1, 1), 'norm.bias': vector(0, 0, 1) },
      /fix .*ignore: \[norm\.\]/,
    ],
    [
      'a vector beside the layers',
      { ...net.tensors, 'extra.weight': vector(1, 2) },
      /fix .*ignore: \[extra\.\]/,
    ],
  ];
  it.each(refused)('%s is refused, and the remedy works', async (_, tensors, says) => {
    const file = join(folder, 'refused.pt');
    writeFileSync(file, torchZip(tensors));
    const error = await logitsOf(file).then(
      () => undefined,
      (e) => e,
    );
    expect(error?.code).toBe('model-invalid');
    expect(error.explain()).toMatch(says);
    const [, remedy] = /architecture: (\{[^}]*\})/.exec(error.details.hint) ?? [];
    const { architecture } = parse(`architecture: ${remedy}`);
    expect(relativeError(await logitsOf(file, { architecture }), logits)).toBeLessThan(1e-5);
  });
});

it("names of akamaster's code bring the mean and std of its trainer into the suggested card", async () => {
  const akamaster = cases.find(({ name }) => name === 'CIFAR ResNet, shortcut A');
  const own = new DoubleNetwork();
  const size = akamaster?.image.reduce((a, d) => a * d, 1) ?? 0;
  akamaster?.forward(own, { dims: akamaster.image, data: new Float64Array(size) });
  const file = join(folder, 'akamaster.th');
  writeFileSync(file, torchZip(under('module.', own.tensors)));
  const { card, notes } = await inspectCheckpoint(file, engine);
  expect(parse(card).input).toEqual({
    shape: [3, 32, 32],
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  });
  expect(notes.join()).toMatch(/mean and std are those of trainer\.py of akamaster/);
});

/** Weights in parts, and the weight that PyTorch's documentation says they make. */
const parts: [
  what: string,
  (key: string, w: Float64Array, rows: number) => { tensors: Tensors; weight: Float64Array },
][] = [
  ...(['parametrizations.weight.', 'weight_'] as const).map((style): (typeof parts)[number] => [
    `spectral norm (${style})`,
    (key, w, rows) => {
      const columns = w.length / rows;
      const [u, v] = [uniforms(`${key} u`, rows), uniforms(`${key} v`, columns)];
      let sigma = 0;
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) sigma += u[i]! * w[i * columns + j]! * v[j]!;
      const [o, a, b] = style === 'weight_' ? ['orig', 'u', 'v'] : ['original', '0._u', '0._v'];
      return {
        tensors: {
          [`${key}.${style}${o}`]: float32([rows, columns], w),
          [`${key}.${style}${a}`]: float32([rows], u),
          [`${key}.${style}${b}`]: float32([columns], v),
        },
        weight: w.map((x) => x / sigma),
      };
    },
  ]),
  ...(['parametrizations.weight.', 'weight_'] as const).map((style): (typeof parts)[number] => [
    `weight norm (${style})`,
    (key, w, rows) => {
      const columns = w.length / rows;
      const g = uniforms(`${key} g`, rows);
      const [a, b] = style === 'weight_' ? ['g', 'v'] : ['original0', 'original1'];
      const length = (i: number) => Math.hypot(...w.subarray(i * columns, (i + 1) * columns));
      return {
        tensors: {
          [`${key}.${style}${a}`]: float32([rows, 1], g),
          [`${key}.${style}${b}`]: float32([rows, columns], w),
        },
        weight: w.map((x, at) => (g[Math.floor(at / columns)]! * x) / length(Math.floor(at / columns))),
      };
    },
  ]),
  [
    'pruning',
    (key, w, rows) => {
      const mask = Float64Array.from(w, (_, i) => i % 2);
      const dims = [rows, w.length / rows];
      return {
        tensors: { [`${key}.weight_orig`]: float32(dims, w), [`${key}.weight_mask`]: float32(dims, mask) },
        weight: w.map((x, at) => x * mask[at]!),
      };
    },
  ],
];

describe('weights in parts', () => {
  const pixelsOf = uniforms('parts', 64);
  const open = (file: string) =>
    openModel({ name: 'm', checkpoint: file, input: { shape: [1, 8, 8] }, classes: 3 }, engine);

  it.each(parts)('%s is put together as in evaluation mode', async (what, split) => {
    const w = Float64Array.from(uniforms(`${what} w`, 3 * 64), (u) => Math.fround(u - 0.5));
    const { tensors, weight } = split('fc', w, 3);
    const bias = [0.1, 0.2, 0.3];
    const file = join(folder, 'parts.pt');
    writeFileSync(file, torchZip({ ...tensors, 'fc.bias': vector(...bias) }));
    const model = await open(file);
    const { logits: found } = await model.forward({ n: 1, pixels: pixelsOf });
    await model.close();
    const wanted = bias.map((b, o) => pixelsOf.reduce((sum, x, i) => sum + x * weight[o * 64 + i]!, b));
    expect(relativeError(found ?? [], wanted)).toBeLessThan(1e-5);
    expect((await readCheckpoint(file)).built?.notes.join()).toMatch(/put together from their parts/);
  });

  it('parts of a kind that is not known are refused by name', async () => {
    const file = join(folder, 'unknown-parts.safetensors');
    const tensors = {
      'fc.parametrizations.weight.0.base': { ...float32([3, 64], new Float32Array(192)), dtype: 'F32' },
    };
    writeFileSync(file, safetensors(tensors));
    await expect(open(file)).rejects.toMatchObject({
      code: 'model-invalid',
      details: {
        path: 'tensor "fc.parametrizations.weight.0.base"',
        hint: expect.stringMatching(/remove_parametrizations/),
      },
    });
  });
});

describe('mean and std that the file keeps', () => {
  const given: [what: string, input: object, warned: boolean][] = [
    ['a card with neither is warned of them', {}, true],
    ['a range says that pixels are meant as they are', { range: [0, 1] }, false],
    ['a card with mean and std has its own', proposed, false],
  ];
  it.each(given)('%s', async (_, input, warned) => {
    const file = join(folder, 'statistics.pt');
    writeFileSync(file, torchZip({ ...net.tensors, ...statistics('normalize.') }));
    const card = { name: 'm', checkpoint: file, input: { shape, ...input }, classes: 3 };
    const model = await openModel(card, engine);
    await model.close();
    const found = model.info.notes?.find(({ code }) => code === 'input-not-normalised');
    if (!warned) return expect(found).toBeUndefined();
    expect(found).toMatchObject({ severity: 'warning' });
    // What the warning says goes into the card as it is.
    const [, said] = /say otherwise: (.*)$/.exec(found?.message ?? '') ?? [];
    expect(parse(`{ ${said} }`)).toEqual(proposed);
  });
});

const shared = resolve('../shared/cases');
if (!existsSync(shared))
  console.warn(
    `\n!!! ${shared} is absent: files as frameworks write them are NOT compared with PyTorch !!!\n`,
  );

/** A card's own keys, for the rows whose card says too little. */
const siluSaid = { architecture: { name: 'resnet', activation: 'silu' } };

it.skipIf(!existsSync(shared)).each<[name: string, accuracy: number, more?: object]>([
  ['madry-robustness', 0.5],
  ['inner-compile', 0.5],
  ['lightning-metrics', 0.5],
  ['spectral-norm-new', 0.5],
  ['timm-plain', 1],
  ['timm-silu', 1, siluSaid],
])('%s has the logits that PyTorch has', async (name, accuracy, more) => {
  const at = join(shared, name);
  // Stored with the channels first, so a byte's place is a pixel's.
  const arrays = await readNpz(join(at, 'test.npz'));
  const images = arrays.images!;
  const labels = arrays.labels!;
  const n = images.shape[0]!;
  const card = { ...parse(readFileSync(join(at, 'm.model.yaml'), 'utf8')), ...more };
  const model = await openModel(card, engine, { directory: at });
  const { logits: found = new Float32Array() } = await model.forward({
    n,
    pixels: Float32Array.from({ length: images.data.length }, (_, i) => Number(images.data[i]) / 255),
  });
  await model.close();
  const source = await openFile(join(at, 'logits_torch.npy'));
  const { data } = await decodeNpy(source);
  await source.close();
  const wanted = Array.from(data as Float32Array).slice(0, found.length);
  expect(relativeError(found.subarray(0, wanted.length), wanted)).toBeLessThan(1e-5);
  const right = Array.from({ length: n }, (_, i) => {
    const row = Array.from(found.subarray(10 * i, 10 * i + 10));
    return row.indexOf(Math.max(...row)) === Number(labels.data[i]);
  }).filter(Boolean).length;
  expect(right / n).toBeCloseTo(accuracy, 6);
});

it.skipIf(!existsSync(shared))('mmpretrain: backbone and head are one network', async () => {
  const model = await openModel(join(shared, 'mmpretrain', 'm.model.yaml'), engine);
  expect(model.info.network).toMatch(/^a ResNet /);
  const { logits: found = [] } = await model.forward({
    n: 1,
    pixels: new Float32Array(3 * 32 * 32).fill(0.5),
  });
  expect(found).toHaveLength(10);
  await model.close();
});
