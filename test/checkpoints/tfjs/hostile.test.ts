import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../../src/checkpoints/registry.js';
import { AssayError, type ErrorCode } from '../../../src/errors.js';
import { mutate } from '../../fuzz/mutate.js';
import {
  dense,
  functional,
  input,
  layer,
  linear,
  linearWeights,
  numbers,
  reads,
  sequential,
  type TfjsParts,
  temporaryFolder,
  writeTfjs,
} from '../keras/files.js';

const outer = temporaryFolder();
const folder = join(outer, 'model');
mkdirSync(folder);
writeFileSync(join(outer, 'outside.bin'), numbers(34));
symlinkSync(join(outer, 'outside.bin'), join(folder, 'link.bin'));
if (process.platform !== 'win32') execFileSync('mkfifo', [join(folder, 'pipe.bin')]);

type Case = [what: string, parts: TfjsParts, code: ErrorCode, told: RegExp];

const shards = (...paths: unknown[]): TfjsParts => ({
  weightsManifest: [{ paths, weights: linearWeights() }],
});
/** The manifest with a change to one weight. */
const weights = (change: object, ...more: object[]): TfjsParts => {
  const [kernel, bias] = linearWeights();
  return {
    weightsManifest: [{ paths: ['weights.bin'], weights: [{ ...kernel, ...change }, bias, ...more] }],
  };
};

const places: Case[] = [
  ['a path with ..', shards('../outside.bin'), 'file-malformed', /a path with `\.\.`/],
  ['an absolute path', shards(join(outer, 'outside.bin')), 'file-malformed', /an absolute path/],
  ['an address', shards('https://example.org/weights.bin'), 'file-malformed', /an address/],
  ['a link out of the folder', shards('link.bin'), 'file-malformed', /leads out of the folder/],
  ['a pipe, which would wait for ever', shards('pipe.bin'), 'file-unreadable', /a pipe \(FIFO\)|is missing/],
  ['a missing shard', shards('absent.bin'), 'file-unreadable', /is missing/],
  ['a path that is none', shards(7), 'file-malformed', /names no files/],
];

const manifests: Case[] = [
  ['no manifest', { weightsManifest: undefined }, 'file-malformed', /not described/],
  [
    'a shape larger than the shards',
    weights({ shape: [1e9, 1e9] }),
    'file-malformed',
    /impossible shape|do not hold/,
  ],
  [
    'a shape that is claimed',
    weights({ shape: [2 ** 30, 2] }),
    'file-malformed',
    /do not hold what the manifest says/,
  ],
  ['a negative shape', weights({ shape: [-16, 2] }), 'file-malformed', /has no shape/],
  ['a short shard', weights({ shape: [17, 2] }), 'file-malformed', /136 bytes/],
  ['a long shard', weights({ shape: [15, 2] }), 'file-malformed', /more than that/],
  ['strings', weights({ dtype: 'string' }), 'file-malformed', /cannot be read/],
  ['a type from a prototype', weights({ dtype: 'constructor' }), 'file-malformed', /cannot be read/],
  ['a weight twice', weights({ name: 'dense/bias', shape: [16, 2] }), 'file-malformed', /twice/],
  [
    'quantisation without a scale',
    weights({ quantization: { dtype: 'uint8' }, shape: [128, 1] }),
    'file-malformed',
    /lacks its scale/,
  ],
  ['a missing weight', weights({ name: 'other/kernel' }), 'file-malformed', /a weight of a layer is missing/],
  ['a weight of another shape', weights({ shape: [2, 16] }), 'file-malformed', /wrong shape[\s\S]*\[16, 2\]/],
  [
    'more weights than the layer has',
    weights({}, { name: 'dense/extra', shape: [0], dtype: 'float32' }),
    'file-malformed',
    /more weights than it can use/,
  ],
];

const model = (modelTopology: unknown): TfjsParts => ({ modelTopology });
const nestedDeep = (): object => {
  let inner: { class_name: string; config: Record<string, unknown> } = linear();
  for (let i = 0; i < 40; i++)
    inner = { class_name: 'Sequential', config: { name: `m${i}`, layers: [inner] } };
  return inner;
};

const topologies: Case[] = [
  ['no topology', model(undefined), 'file-malformed', /weights but no model/],
  [
    'a graph model without nodes',
    { format: 'graph-model', modelTopology: { node: [] } },
    'file-malformed',
    /signature\.outputs/,
  ],
  ['a class of code', model({ class_name: 'MyModel', config: {} }), 'op-unsupported', /never executed/],
  ['a Lambda layer', model(sequential(input(), layer('Lambda', 'code'))), 'op-unsupported', /never executed/],
  [
    'a custom layer',
    model(sequential(input(), layer('Dense', 'd', {}, { registered_name: 'mine>Dense' }))),
    'op-unsupported',
    /its own class/,
  ],
  [
    'a layer without a row',
    model(sequential(input(), layer('LSTM', 'memory', { units: 2 }))),
    'op-unsupported',
    /layer "memory" \(LSTM\)[\s\S]*ONNX/,
  ],
  [
    'a class from a prototype',
    model(sequential(input(), layer('constructor', 'odd'))),
    'op-unsupported',
    /cannot be read/,
  ],
  [
    'an activation that is none',
    model(sequential(input(), layer('Activation', 'a', { activation: 'toString' }))),
    'op-unsupported',
    /the activation/,
  ],
  ['no layers', model(sequential()), 'file-malformed', /is empty/],
  ['layers that are none', model(sequential(7 as unknown as object)), 'file-malformed', /not described/],
  [
    'two layers of one name',
    model(sequential(input(), layer('Flatten', 'a'), layer('Flatten', 'a'))),
    'file-malformed',
    /same name/,
  ],
  ['models in models', model(nestedDeep()), 'file-malformed', /nested too deep/],
  [
    'no input shape',
    model(sequential(layer('Flatten', 'flatten'), dense())),
    'model-invalid',
    /does not state its input/,
  ],
  [
    'a huge input',
    model(sequential(input('image', [null, 16777216, 16777216, 3]), layer('Flatten', 'f'))),
    'model-invalid',
    /impossible shape/,
  ],
  [
    'a circle',
    model(
      functional(
        [input(), layer('Add', 'a', {}, reads('image', 'b')), layer('Flatten', 'b', {}, reads('a'))],
        'b',
      ),
    ),
    'file-malformed',
    /form a circle/,
  ],
  [
    'a layer that reads itself',
    model(functional([input(), layer('Flatten', 'a', {}, reads('a'))], 'a')),
    'file-malformed',
    /form a circle/,
  ],
  [
    'a source that is not there',
    model(functional([input(), layer('Flatten', 'a', {}, reads('b'))], 'a')),
    'file-malformed',
    /no layer makes/,
  ],
  ['an output that is not there', model(functional([input()], 'b')), 'file-malformed', /no layer makes/],
  [
    'an output that is no layer',
    model(functional([input()], 'image', { output_layers: 7 })),
    'file-malformed',
    /no output layers/,
  ],
  [
    'an input that is no input',
    model(functional([layer('Flatten', 'image', {}, { inbound_nodes: [] })], 'image')),
    'file-malformed',
    /no layer makes/,
  ],
  [
    'padding without end',
    model(sequential(input(), layer('ZeroPadding2D', 'p', { padding: 16777216 }), layer('Flatten', 'f'))),
    'model-invalid',
    /impossible shape/,
  ],
  [
    'a kernel larger than the image',
    model(sequential(input(), layer('MaxPooling2D', 'p', { pool_size: 9 }))),
    'model-invalid',
    /impossible shape/,
  ],
  [
    'a stride of 0',
    model(sequential(input(), layer('MaxPooling2D', 'p', { strides: 0 }))),
    'file-malformed',
    /"p" \(MaxPooling2D\), strides/,
  ],
  [
    'units that are none',
    model(sequential(input(), layer('Flatten', 'f'), dense({ units: '2' }))),
    'file-malformed',
    /a whole number/,
  ],
  [
    'a reshape that does not fit',
    model(sequential(input(), layer('Reshape', 'r', { target_shape: [5, -1] }))),
    'file-malformed',
    /16 numbers/,
  ],
  [
    'inputs that do not fit',
    model(
      functional(
        [
          input(),
          layer('Flatten', 'f', {}, reads('image')),
          layer('Dense', 'dense', { units: 2 }, reads('f')),
          layer('Add', 'a', {}, reads('f', 'dense')),
        ],
        'a',
      ),
    ),
    'model-invalid',
    /do not fit together/,
  ],
];

async function refusal(file: string): Promise<AssayError> {
  const error = await readCheckpoint(file).then(
    () => new Error('it was read'),
    (cause: unknown) => cause,
  );
  if (!(error instanceof AssayError)) throw error;
  return error;
}

describe.each([
  ['where shards are', places],
  ['what the manifest says', manifests],
  ['what the model is', topologies],
])('%s', (_, cases) => {
  it.each(cases)('is refused: %s', async (_what, parts, code, told) => {
    const error = await refusal(writeTfjs(folder, parts));
    expect(error.code).toBe(code);
    expect(error.explain()).toMatch(told);
    expect(error.explain()).toContain(folder);
    expect(error.details.hint ?? error.details.expected).toBeTruthy();
  });
});

it('reads a model, and its hash is that of all its bytes', async () => {
  const file = writeTfjs(folder);
  const { graph, sha256, bytes } = await readCheckpoint(file);
  const parts = [readFileSync(file), readFileSync(join(folder, 'weights.bin'))];
  expect(sha256).toBe(createHash('sha256').update(Buffer.concat(parts)).digest('hex'));
  expect(bytes).toBe(parts[0]!.length + parts[1]!.length);
  expect(graph.initializers.get('dense/kernel')?.data).toEqual(numbers(34).subarray(0, 32));
  expect(graph.outputs).toEqual([{ name: 'dense', type: 'float32', dims: ['N', 2] }]);
});

const quantised: [string, object, Uint8Array, number[]][] = [
  ['uint8', { dtype: 'uint8', scale: 0.5, min: -1 }, Uint8Array.of(0, 1, 2, 255), [-1, -0.5, 0, 126.5]],
  [
    'uint16',
    { dtype: 'uint16', scale: 2, min: 1 },
    new Uint8Array(Uint16Array.of(0, 1, 2, 65535).buffer),
    [1, 3, 5, 131071],
  ],
  [
    'float16',
    { dtype: 'float16', original_dtype: 'float32' },
    new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff).buffer),
    [1, -2, 2 ** -24, 65504],
  ],
];
it.each(quantised)('reads weights quantised to %s', async (_, quantization, bytes, values) => {
  const entry = { name: 'dense/kernel', shape: [4, 1], dtype: 'float32', quantization };
  const modelTopology = sequential(input('image', [null, 4]), dense({ units: 1, use_bias: false }));
  const weightsManifest = [{ paths: ['weights.bin'], weights: [entry] }];
  const { graph } = await readCheckpoint(writeTfjs(folder, { modelTopology, weightsManifest }, bytes));
  expect(Array.from(graph.initializers.get('dense/kernel')?.data as Float32Array)).toEqual(values);
});

it('damaged files are read or refused with a coded error', { tags: ['long'] }, async () => {
  const file = writeTfjs(folder);
  const original = readFileSync(file);
  let refused = 0;
  const mutants = process.env.ASSAY_LONG ? 10_000 : 400;
  for (let example = 0; example < mutants; example++) {
    writeFileSync(file, mutate(original, example));
    try {
      await readCheckpoint(file, 'tfjs');
    } catch (error) {
      if (!(error instanceof AssayError)) throw new Error(`mutant ${example}`, { cause: error });
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(mutants / 10);
});
