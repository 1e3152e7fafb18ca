import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { type Checkpoint, headLength } from '../../src/checkpoints/checkpoint.js';
import { readKeras } from '../../src/checkpoints/keras/read.js';
import { readCheckpoint } from '../../src/checkpoints/registry.js';
import { writeOnnx } from '../../src/graph/write.js';
import {
  dense,
  functional,
  input,
  layer,
  linearWeights,
  numbers,
  reads,
  sequential,
} from '../checkpoints/keras/files.js';
import { fletcherHolds, summedChunks } from '../checkpoints/keras/summed-chunks.js';
import { smallGraphModel } from '../checkpoints/tfjs/graph-def.js';
import {
  dict,
  float32,
  safetensors,
  safetensorsOf,
  stateDict,
  tensor,
  torchLegacy,
  torchZip,
  whole,
} from '../checkpoints/torch-writer.js';
import { convolutional, normals } from '../models/networks.js';
import { dataFormats } from './data-formats.js';
import type { FuzzedFormat, Numbers, Range } from './format.js';
import { closeHdf5, reusedHdf5 } from './hdf5-reader.js';
import { verificationFormats } from './verification-formats.js';

/** A wide ResNet 10-1 of few channels, as the JEM code names its weights. */
export function smallJem() {
  const shapes: [string, number[]][] = [
    ['f.conv1', [2, 1, 3, 3]],
    ...[1, 2, 3].flatMap((stage): [string, number[]][] => {
      const [inputs, outputs] = [stage === 1 ? 2 : 2 ** stage, 2 ** (stage + 1)];
      return [
        [`f.layer${stage}.0.conv1`, [outputs, inputs, 3, 3]],
        [`f.layer${stage}.0.conv2`, [outputs, outputs, 3, 3]],
        [`f.layer${stage}.0.shortcut.0`, [outputs, inputs, 1, 1]],
      ];
    }),
    ['energy_output', [1, 16]],
    ['class_output', [3, 16]],
  ];
  return Object.fromEntries(
    shapes.flatMap(([name, dims]) => [
      [
        `${name}.weight`,
        float32(
          dims,
          normals(
            name,
            dims.reduce((a, d) => a * d, 1),
            0.3,
          ),
        ),
      ],
      [`${name}.bias`, float32([dims[0]!], normals(`${name}.bias`, dims[0]!, 0.1))],
    ]),
  );
}

const buffer = { ...float32([2, 1, 4, 4], normals('buffer', 32)), key: 'buffer' };

function samplesOfTorch(): Record<string, Uint8Array> {
  const tensors = smallJem();
  const root = dict(['model_state_dict', stateDict(tensors)], ['replay_buffer', tensor(buffer, 'buffer')]);
  const all = { ...tensors, replay_buffer: buffer };
  return {
    'zip.pt': torchZip(all, { root }),
    'legacy.pt': torchLegacy(all, root),
  };
}

const numbersOf = ({ graph }: Checkpoint): Numbers =>
  Object.fromEntries([...graph.initializers].map(([name, { data }]) => [name, data]));

const readAs = (format: string) => async (file: string) => numbersOf(await readCheckpoint(file, format));

async function readTorch(file: string): Promise<Numbers> {
  const checkpoint = await readCheckpoint(file, 'pytorch');
  return { ...numbersOf(checkpoint), 'the replay buffer': await checkpoint.built?.replayBuffer?.read() };
}

const header = (file: Buffer) => file.subarray(8, 8 + Number(file.readBigUInt64LE(0)));
const content = (file: Buffer) => file.subarray(8 + Number(file.readBigUInt64LE(0)));

const small = smallJem();
const smallContent = content(safetensors(small));

/** Damage inside a whole container: what mutants of the file itself seldom reach. */
async function readWrapped(
  file: string,
  extension: string,
  wrap: (inner: Buffer) => Uint8Array,
): Promise<Numbers> {
  const wrapped = `${file}${extension}`;
  writeFileSync(wrapped, wrap(readFileSync(file)));
  return readAs(extension === '.pt' ? 'pytorch' : 'safetensors')(wrapped);
}

/** The writers of HDF5 load its library, which others who import this need not wait for. */
async function kerasWriter() {
  const writer = await import('../checkpoints/keras/hdf5-writer.js');
  await writer.writerReady;
  return writer;
}

async function samplesOfKeras(): Promise<Record<string, Uint8Array>> {
  const { archive, h5, WEIGHTS } = await kerasWriter();
  const withoutBias = sequential(input(), layer('Flatten', 'flatten'), dense({ use_bias: false }));
  const chunked = (how: keyof typeof summedChunks) =>
    h5(withoutBias, WEIGHTS.slice(0, 1), undefined, summedChunks[how].storage);
  return {
    'model.h5': h5(),
    'model.keras': archive(),
    'gzip.h5': chunked('gzip'),
    'fletcher32.h5': chunked('fletcher32'),
  };
}

const chunkIn =
  (how: keyof typeof summedChunks) =>
  (file: Buffer): Range =>
    summedChunks[how].find(file, Buffer.from(numbers(32).buffer));

/** As `readCheckpoint` does, but for the thread of each file. */
const readKerasQuickly = async (file: string) => {
  const start = readFileSync(file).subarray(0, headLength);
  const head = { file, extension: extname(file), start, size: statSync(file).size };
  return numbersOf(await readKeras(head, reusedHdf5));
};

let smallKerasWeights: Uint8Array | undefined;

async function readKerasConfig(file: string): Promise<Numbers> {
  const wrapped = `${file}.keras`;
  const { archive, numbered } = await kerasWriter();
  smallKerasWeights ??= numbered([16, 2], [2]);
  writeFileSync(
    wrapped,
    archive({ 'config.json': readFileSync(file), 'model.weights.h5': smallKerasWeights }),
  );
  return readKerasQuickly(wrapped);
}

const jsonOf = (model: object) => Buffer.from(JSON.stringify(model));

/** A model.json beside whole weights. */
async function readTfjs(file: string, shard: string, weights: Uint8Array): Promise<Numbers> {
  writeFileSync(join(dirname(file), shard), weights);
  return readAs('tfjs')(file);
}

const layersModel = {
  format: 'layers-model',
  modelTopology: functional(
    [
      input('image', [null, 4, 4, 1]),
      layer('ReLU', 'relu', { max_value: 6 }, reads('image')),
      layer('Flatten', 'flatten', {}, reads('relu')),
      layer('Dense', 'dense', { units: 2, use_bias: true }, reads('flatten')),
    ],
    'dense',
  ),
  weightsManifest: [{ paths: ['weights.bin'], weights: linearWeights() }],
};
const graphModel = smallGraphModel();

/** Every reader of files that come from elsewhere. */
export const fuzzed: readonly FuzzedFormat[] = [
  ...dataFormats,
  ...verificationFormats,
  {
    format: 'onnx',
    samples: () => ({ 'model.onnx': writeOnnx(convolutional()) }),
    read: readAs('onnx'),
  },
  { format: 'pytorch', samples: samplesOfTorch, summed: { 'zip.pt': 'all' }, read: readTorch },
  {
    format: 'safetensors',
    samples: () => ({ 'model.safetensors': safetensors(smallJem()) }),
    read: readAs('safetensors'),
  },
  {
    format: 'pytorch, the pickle alone',
    samples: () => ({ 'data.pkl': whole(stateDict(small)) }),
    read: (file) =>
      readWrapped(file, '.pt', (inner) => torchZip(small, { members: { 'net/data.pkl': inner } })),
  },
  {
    format: 'safetensors, the header alone',
    samples: () => ({ 'header.json': header(safetensors(small)) }),
    read: (file) =>
      readWrapped(file, '.safetensors', (inner) => safetensorsOf(inner.toString('latin1'), [smallContent])),
  },
  {
    format: 'keras',
    samples: samplesOfKeras,
    summed: {
      'model.keras': 'all',
      'gzip.h5': chunkIn('gzip'),
      'fletcher32.h5': chunkIn('fletcher32'),
    },
    missed: { 'fletcher32.h5': (file, [start, end]) => fletcherHolds(file.subarray(start, end)) },
    read: readKerasQuickly,
    slow: true,
    close: closeHdf5,
  },
  {
    format: 'keras, the configuration alone',
    samples: () => ({ 'config.json': jsonOf(layersModel.modelTopology) }),
    json: true,
    read: readKerasConfig,
    slow: true,
    close: closeHdf5,
  },
  {
    format: 'tfjs, a model of layers',
    samples: () => ({ 'model.json': jsonOf(layersModel) }),
    json: true,
    read: (file) => readTfjs(file, 'weights.bin', new Uint8Array(numbers(34).buffer)),
  },
  {
    format: 'tfjs, a graph model',
    samples: () => ({ 'model.json': jsonOf(graphModel.json()) }),
    json: true,
    read: (file) => readTfjs(file, 'group1-shard1of1.bin', graphModel.shard()),
  },
];
