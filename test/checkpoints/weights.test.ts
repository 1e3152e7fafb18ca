import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readNpz } from '../../src/data/arrays/npz.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { inspectCheckpoint } from '../../src/models/inspect.js';
import { openModel } from '../../src/models/open.js';
import { smallJem } from '../fuzz/formats.js';
import { relativeError } from '../models/npz.js';
import { float32, type Saved, safetensors, stateDict, torchZip } from './torch-writer.js';

const engine = createOrtEngine({ sessions: 1 });
const folder = mkdtempSync(join(tmpdir(), 'assay-weights-'));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await engine.close();
});

function save(tensors: Record<string, Saved>, name = 'weights.pt', bytes = torchZip(tensors)): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

const jem = smallJem();
const card = (file: string, more: object = {}) => ({
  name: 'm',
  checkpoint: file,
  input: { shape: [1, 8, 8], range: [-1, 1] },
  classes: 3,
  ...more,
});
const norms = (...names: string[]) =>
  Object.fromEntries(
    names.flatMap((n) => [
      [`${n}.weight`, float32([2], [1, 1])],
      [`${n}.bias`, float32([2], [0, 0])],
    ]),
  );

describe('a card and weights that do not fit', () => {
  const { 'f.layer2.0.conv2.weight': _, ...without } = jem;
  const kernel = jem['f.layer2.0.conv1.weight']!;
  const cases: [what: string, tensors: Record<string, Saved>, more: object, code: string, says: RegExp][] = [
    [
      'another depth',
      jem,
      { architecture: { name: 'wide-resnet', depth: 28 } },
      'config-invalid',
      /architecture\.depth[\s\S]*expected 10[\s\S]*found +28/,
    ],
    [
      'another norm',
      jem,
      { architecture: { name: 'wide-resnet', norm: 'batch' } },
      'config-invalid',
      /architecture\.norm/,
    ],
    [
      'another architecture',
      jem,
      { architecture: { name: 'vgg' } },
      'shape-mismatch',
      /not named like those of vgg/,
    ],
    [
      'a missing weight',
      without,
      { architecture: { name: 'wide-resnet' } },
      'shape-mismatch',
      /not in the file[\s\S]*f\.layer2\.0\.conv2\.weight/,
    ],
    [
      'a weight too many',
      { ...jem, 'f.layer9.weight': float32([1], [0]) },
      {},
      'model-invalid',
      /1 unused: f\.layer9\.weight \[1\]/,
    ],
    [
      'a weight of another shape',
      { ...jem, 'f.layer2.0.conv1.bias': float32([9], Array(9).fill(0)) },
      {},
      'shape-mismatch',
      /f\.layer2\.0\.conv1\.bias[\s\S]*expected the shape \[8\][\s\S]*found +\[9\]/,
    ],
    [
      'a kernel of other channels',
      { ...jem, 'f.layer2.0.conv1.weight': { ...kernel, dims: [8, 6, 3, 2] } },
      {},
      'shape-mismatch',
      /f\.layer2\.0\.conv1\.weight/,
    ],
    [
      'an empty weight',
      { ...jem, 'f.layer9.weight': { dims: [0, 2 ** 40], bytes: new Uint8Array(4) } },
      {},
      'model-invalid',
      /a weight is empty/,
    ],
    ['images of other channels', jem, { input: { shape: [3, 8, 8] } }, 'shape-mismatch', /f\.conv1\.weight/],
    ['classes of another number', jem, { classes: 10 }, 'shape-mismatch', /classes/],
    [
      'weights of nothing that is known',
      { 'a.weight': float32([2, 2, 2], Array(8).fill(0)) },
      {},
      'model-invalid',
      /belong to no network[\s\S]*sequential/,
    ],
    [
      'format jem for others',
      { 'fc.weight': float32([3, 64], Array(192).fill(0.1)) },
      { format: 'jem' },
      'model-invalid',
      /the layout jem/,
    ],
    [
      'integers for weights',
      {
        'fc.weight': {
          dims: [3, 64],
          bytes: new Uint8Array(192),
          storage: 'CharStorage',
          bytesPerElement: 1,
        },
      },
      {},
      'shape-mismatch',
      /float numbers[\s\S]*int8/,
    ],
  ];
  it.each(cases)('%s', async (_, tensors, more, code, says) => {
    const error = await openModel(card(save(tensors), more), engine).then(
      () => undefined,
      (e) => e,
    );
    expect(error?.code).toBe(code);
    expect(error.explain()).toMatch(says);
    expect(error.explain()).toMatch(/fix /);
  });

  const mlp = {
    'a.weight': float32([3, 64], Array(192).fill(0.1)),
    'b.weight': float32([2, 3], Array(6).fill(0.1)),
  };
  const layers = (...list: unknown[]) => ({ classes: 2, architecture: { name: 'sequential', layers: list } });
  const declared: [what: string, more: object, code: string, says: RegExp][] = [
    ['an unknown layer', layers('flatten', 'rellu'), 'unknown-name', /layers\[1\][\s\S]*did you mean "relu"/],
    [
      'an unknown key of a layer',
      layers({ linear: { weight: 'a' } }),
      'config-invalid',
      /layers\[0\]\.linear\.weight[\s\S]*did you mean "weights"/,
    ],
    [
      'a layer without its weights',
      layers('flatten', 'linear'),
      'config-invalid',
      /the key "weights" is missing/,
    ],
    ['two layers in one', layers({ relu: {}, tanh: {} }), 'config-invalid', /layers\[0\]/],
    [
      'weights that are not there',
      layers('flatten', { linear: { weights: 'c' } }),
      'shape-mismatch',
      /not in the file[\s\S]*|layers\[1\]/,
    ],
    ['rows where planes are', layers({ linear: { weights: 'a' } }), 'shape-mismatch', /flatten before it/],
    [
      'layers in the wrong order',
      layers('flatten', { linear: { weights: 'b' } }),
      'shape-mismatch',
      /layers\[1\]\.linear/,
    ],
    [
      'a layer that was left out',
      layers('flatten', { linear: { weights: 'a' } }),
      'model-invalid',
      /1 unused: b\.weight \[2, 3\]/,
    ],
    [
      'layers that end in a map',
      { classes: 64, architecture: { name: 'sequential', layers: ['relu'], ignore: ['a', 'b'] } },
      'shape-mismatch',
      /ends in a map over the image[\s\S]*8 x 8 = 64 numbers[\s\S]*global-avg-pool/,
    ],
    ['a pool larger than the image', layers({ 'max-pool': { kernel: 9 } }), 'shape-mismatch', /too small/],
  ];
  it.each(declared)('in a sequence: %s', async (_, more, code, says) => {
    const error = await openModel(card(save(mlp), more), engine).then(
      () => undefined,
      (e) => e,
    );
    expect(error?.code).toBe(code);
    expect(error.explain()).toMatch(says);
  });

  it('the example of the documentation is a card that works', async () => {
    const page = readFileSync('docs/checkpoints.md', 'utf8');
    const example = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => parse(text!)).at(-1);
    const ones = (...dims: number[]) => float32(dims, Array(dims.reduce((a, d) => a * d, 1)).fill(0.01));
    const norm = ['weight', 'bias', 'running_mean', 'running_var'].map((part) => [
      `features.1.${part}`,
      ones(4),
    ]);
    const file = save({
      'features.0.weight': ones(4, 1, 5, 5),
      ...Object.fromEntries(norm),
      'features.4.weight': ones(6, 4, 3, 3),
      'classifier.weight': ones(10, 6),
      'auxiliary.weight': ones(3),
    });
    const model = await openModel(
      { ...example, checkpoint: file, outputs: { features: 'features' } },
      engine,
    );
    expect(model.info.classes).toHaveLength(10);
    await model.close();
  });

  it('weights that the card leaves out on purpose are no fault', async () => {
    const more = { ...layers('flatten', { linear: { weights: 'a' } }), classes: 3 };
    const architecture = { ...more.architecture, ignore: ['b'] };
    await (await openModel(card(save(mlp), { ...more, architecture }), engine)).close();
  });
});

describe('the card that a file of weights suggests', () => {
  it('for the JEM code: its range, its heads, and it opens as it is', async () => {
    // The suggested image is that of CIFAR, on which this code trains.
    const found = await inspectCheckpoint(save(jem, 'jem.pt'), engine);
    const suggested = parse(found.card) as Record<string, unknown>;
    expect(found.network).toBe('wide ResNet (jem)');
    expect(suggested).toMatchObject({
      architecture: { name: 'wide-resnet', depth: 10, width: 2, norm: 'none', leak: 0.2 },
      input: { shape: [1, 32, 32], range: [-1, 1] },
      classes: 3,
      sha256: found.sha256,
    });
    expect(suggested.energy).toBeUndefined();
    expect(found.notes.join()).toMatch(/energy: \{ output: energy_output, sign: 1 \}/);
    const model = await openModel(suggested, engine, { directory: folder });
    const other = await openModel({ ...suggested, energy: { output: 'energy_output', sign: 1 } }, engine, {
      directory: folder,
    });
    const pixels = new Float32Array(1024).fill(0.3);
    const [{ logits, logPx }, energies] = [
      await model.forward({ n: 1, pixels }),
      await other.forward({ n: 1, pixels }),
    ];
    const sum = Math.log((logits ?? new Float32Array()).reduce((a, v) => a + Math.exp(v), 0));
    expect(logPx?.[0]).toBeCloseTo(sum, 4);
    expect(Math.abs((energies.logPx?.[0] ?? sum) - sum)).toBeGreaterThan(1e-3);
    await model.close();
    await other.close();
  });

  it('asks for what the weights do not tell', async () => {
    const ambiguous = { ...jem };
    for (const [stage, width] of [
      [1, 2],
      [2, 4],
      [3, 8],
    ] as const)
      for (const [n, channels] of [
        [1, width],
        [2, 2 * width],
      ] as const)
        Object.assign(ambiguous, {
          [`f.layer${stage}.0.bn${n}.weight`]: float32([channels], Array(channels).fill(1)),
          [`f.layer${stage}.0.bn${n}.bias`]: float32([channels], Array(channels).fill(0)),
        });
    Object.assign(ambiguous, {
      'f.bn1.weight': float32([16], Array(16).fill(1)),
      'f.bn1.bias': float32([16], Array(16).fill(0)),
    });
    const file = save({}, 'ambiguous.safetensors', safetensors(ambiguous));
    const { card: text, notes } = await inspectCheckpoint(file, engine);
    expect(text).toMatch(/# Add norm to the architecture: instance or layer/);
    expect(notes.join()).toMatch(/do not tell its norm/);
    const suggested = parse(text);
    const input = { shape: [1, 8, 8], range: [-1, 1] };
    await expect(
      openModel({ ...suggested, input, classes: 3 }, engine, { directory: folder }),
    ).rejects.toMatchObject({
      code: 'config-invalid',
      details: { path: 'architecture.norm' },
    });
    const said = {
      ...suggested,
      input,
      classes: 3,
      architecture: { ...suggested.architecture, norm: 'layer' },
    };
    await (await openModel(said, engine, { directory: folder })).close();
  });

  it('lists the tensors of an unknown network, and layers to begin with', async () => {
    const tensors = {
      'stem.weight': float32([2, 1, 3, 3], Array(18).fill(0.1)),
      ...norms('stem_norm'),
      'head.weight': float32([5, 2], Array(10).fill(0.1)),
    };
    const found = await inspectCheckpoint(
      save(tensors, 'unknown.pt', torchZip(tensors, { root: stateDict(tensors) })),
      engine,
    );
    expect(found.tensors).toContainEqual({ name: 'stem.weight', type: 'float32', shape: '[2, 1, 3, 3]' });
    expect(parse(found.card)).toMatchObject({
      architecture: {
        name: 'sequential',
        layers: [{ conv: { weights: 'stem', padding: 1 } }, 'flatten', { linear: { weights: 'head' } }],
      },
      input: { shape: [1, 28, 28] },
      classes: 5,
    });
    expect(found.card).toMatch(/# stem_norm.weight \[2\]/);
  });
});

const trained = resolve('../shared/reference/trained');
const present = existsSync(join(trained, 'trades-mnist.pt'));
if (!present)
  console.warn(
    `\n!!! ${trained} is absent: the TRADES network is NOT compared with its known accuracy !!!\n`,
  );

it.skipIf(!present)(
  'the SmallCNN of TRADES has the logits and the accuracy that are known of it',
  async () => {
    const wanted = JSON.parse(readFileSync(join(trained, 'trades-mnist.json'), 'utf8'));
    const { x: images, y: labels } = await readNpz(join(trained, 'mnist-test-500.npz'));
    const checkpoint = join(trained, 'trades-mnist.pt');
    const model = await openModel(
      { name: 'trades', checkpoint, input: { shape: [1, 28, 28] }, classes: 10 },
      engine,
    );
    const pixels = Float32Array.from(images!.data as Uint8Array, (v) => v / 255);
    const { logits = new Float32Array() } = await model.forward({ n: 500, pixels });
    expect(relativeError(logits.subarray(0, 30), wanted.logits_first_3.flat())).toBeLessThan(1e-5);
    const correct = Array.from(labels!.data as ArrayLike<number | bigint>, Number).filter((label, i) => {
      const row = Array.from(logits.subarray(10 * i, 10 * i + 10));
      return row.indexOf(Math.max(...row)) === label;
    });
    expect(correct.length / 500).toBeCloseTo(wanted.clean_accuracy_500, 6);
    await model.close();
  },
);
