import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../../src/checkpoints/registry.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { stream } from '../../../src/random/stream.js';
import { temporaryFolder } from '../keras/files.js';
import { difference, outcome } from '../keras/outcome.js';

const folder = temporaryFolder();
const engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

const SHAPE = [9, 10, 3];
const { layers: L } = tf;
type Apply = (x: tf.SymbolicTensor) => tf.SymbolicTensor;

const chain =
  (...made: tf.layers.Layer[]): Apply =>
  (x) =>
    made.reduce((value, layer) => layer.apply(value) as tf.SymbolicTensor, x);
const wide = () => L.conv2d({ filters: 3, kernelSize: 3, padding: 'same' });
const merge =
  (layer: tf.layers.Layer): Apply =>
  (x) =>
    layer.apply([x, chain(wide())(x)]) as tf.SymbolicTensor;

/** Layers as TensorFlow.js makes, saves and runs them. */
const cases: Record<string, () => Apply> = {
  'a strided convolution, same': () =>
    chain(L.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' })),
  'an even kernel': () =>
    chain(L.conv2d({ filters: 4, kernelSize: [4, 2], strides: [3, 2], padding: 'same' })),
  'a dilated convolution': () =>
    chain(L.conv2d({ filters: 4, kernelSize: 3, dilationRate: 2, useBias: false })),
  'a depthwise convolution': () =>
    chain(L.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: 'same', depthMultiplier: 2 })),
  'a separable convolution': () => chain(L.separableConv2d({ filters: 4, kernelSize: 3, padding: 'same' })),
  'a transposed convolution, same': () =>
    chain(L.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' })),
  'a transposed convolution, valid': () =>
    chain(L.conv2dTranspose({ filters: 4, kernelSize: 2, strides: 3 })),
  'batch normalisation': () => chain(L.batchNormalization()),
  'layer normalisation': () => chain(L.layerNormalization()),
  'a maximum, same': () => chain(L.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' })),
  'a mean, same': () => chain(L.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' })),
  'a mean of all': () => chain(L.globalAveragePooling2d({})),
  'a maximum of all': () => chain(L.globalMaxPooling2d({})),
  padding: () =>
    chain(
      L.zeroPadding2d({
        padding: [
          [1, 2],
          [3, 0],
        ],
      }),
      wide(),
    ),
  cropping: () =>
    chain(
      L.cropping2D({
        cropping: [
          [1, 2],
          [0, 3],
        ],
      }),
    ),
  'nearest pixels': () => chain(L.upSampling2d({ size: [2, 3] })),
  'bilinear, by corners': () => chain(L.upSampling2d({ size: [2, 2], interpolation: 'bilinear' })),
  reshape: () => chain(L.reshape({ targetShape: [9, 6, 5] }), wide()),
  permute: () => chain(L.permute({ dims: [3, 1, 2] })),
  'dense on images': () => chain(L.dense({ units: 4, activation: 'tanh' })),
  dropout: () =>
    chain(L.dropout({ rate: 0.5 }), L.gaussianNoise({ stddev: 1 }), L.alphaDropout({ rate: 0.1 })),
  'a relu with a maximum': () => chain(wide(), L.reLU({ maxValue: 0.5 })),
  'a leaky relu': () => chain(wide(), L.leakyReLU({ alpha: 0.1 })),
  'a learnt slope': () => chain(wide(), L.prelu({ alphaInitializer: 'randomNormal' })),
  'an elu': () => chain(wide(), L.elu({ alpha: 1 })),
  'a threshold': () => chain(wide(), L.thresholdedReLU({ theta: 0.2 })),
  'a softmax': () => chain(L.flatten(), L.softmax({})),
  addition: () => merge(L.add()),
  product: () => merge(L.multiply()),
  mean: () => merge(L.average()),
  maximum: () => merge(L.maximum()),
  minimum: () => merge(L.minimum()),
  'concatenation by height': () => merge(L.concatenate({ axis: 1 })),
  rescaling: () => chain(new (rescaling())({ scale: 1 / 127.5, offset: -1 }) as tf.layers.Layer),
  'a layer that is used twice': () => {
    const shared = wide();
    return chain(shared, shared);
  },
  'a model as a layer': () => {
    const inner = tf.input({ shape: SHAPE });
    const nested = tf.model({ inputs: inner, outputs: chain(wide(), L.batchNormalization())(inner) });
    return chain(nested, L.reLU());
  },
};
for (const activation of [
  ...(['elu', 'hardSigmoid', 'linear', 'relu', 'relu6', 'selu', 'sigmoid', 'softmax', 'softplus'] as const),
  ...(['softsign', 'tanh', 'swish', 'mish', 'gelu', 'gelu_new'] as const),
])
  cases[`activation ${activation}`] = () =>
    chain(L.conv2d({ filters: 3, kernelSize: 2, activation: activation as 'relu' }));

/**
 * Where TensorFlow.js 4.22 has no gradient (dilation, thresholds) or a wrong one: a mean whose window reaches over the
 * edge is divided by the whole window, and resizing swaps height and width. Keras is compared with for these.
 */
const WITHOUT_GRADIENT = new Set([
  'a dilated convolution',
  'a threshold',
  'a mean, same',
  'nearest pixels',
  'bilinear, by corners',
]);

/** TensorFlow.js has the layer but does not list it among its functions. */
function rescaling() {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  return classNameMap.Rescaling![0] as unknown as new (
    config: object,
  ) => object;
}

function uniforms(n: number, purpose: string): Float32Array {
  const draws = stream({ seed: 5, purpose, example: 0 });
  return Float32Array.from({ length: n }, () => draws.uniform());
}

/** Weights that are neither 0 nor 1, so that none can be mistaken for another. */
function randomise(model: tf.LayersModel): void {
  model.setWeights(
    model.weights.map(({ shape, originalName }) => {
      const sizes = shape as number[];
      const draws = uniforms(
        sizes.reduce((a, d) => a * d, 1),
        originalName,
      );
      const positive = /variance|gamma/.test(originalName);
      return tf.tensor(
        draws.map((v) => (positive ? v + 0.5 : v - 0.5)),
        sizes,
      );
    }),
  );
}

async function save(model: tf.LayersModel): Promise<string> {
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData, generatedBy }) => {
      const bytes = Buffer.from(weightData as ArrayBuffer);
      // Two shards, cut in the middle of a number.
      const at = Math.floor(bytes.length / 2) | 1;
      writeFileSync(join(folder, 'a.bin'), bytes.subarray(0, at));
      writeFileSync(join(folder, 'b.bin'), bytes.subarray(at));
      const weightsManifest = [{ paths: ['a.bin', 'b.bin'], weights: weightSpecs }];
      const json = { format: 'layers-model', generatedBy, modelTopology, weightsManifest };
      writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } };
    }),
  );
  return join(folder, 'model.json');
}

/** TensorFlow.js's own logits and gradient, from its tape. */
function ofTfjs(model: tf.LayersModel, images: tf.Tensor, differentiable: boolean) {
  const predict = (x: tf.Tensor) => model.predict(x) as tf.Tensor;
  const logits = predict(images);
  const classes = logits.shape[1] as number;
  const weights = tf.tensor(Array.from({ length: classes }, (_, k) => Math.cos(k)));
  const loss = (x: tf.Tensor) => predict(x).mul(weights).sum();
  return {
    logits: logits.dataSync(),
    gradient: differentiable ? tf.grad(loss)(images).dataSync() : undefined,
  };
}

describe('a layers model gives what TensorFlow.js gives', () => {
  it.each(Object.keys(cases))('%s', async (name) => {
    const x = tf.input({ shape: SHAPE });
    const value = cases[name]!()(x);
    const rows = value.shape.length === 2 ? value : (L.flatten().apply(value) as tf.SymbolicTensor);
    const model = tf.model({ inputs: x, outputs: rows });
    randomise(model);
    const { graph, format } = await readCheckpoint(await save(model));
    expect(format).toBe('tfjs');
    const images = uniforms(2 * 9 * 10 * 3, name);
    const wanted = ofTfjs(model, tf.tensor(images, [2, ...SHAPE]), !WITHOUT_GRADIENT.has(name));
    const got = await outcome(engine, graph, images, [2, ...SHAPE]);
    expect(difference(got.logits, wanted.logits)).toBeLessThan(1e-5);
    if (wanted.gradient) expect(difference(got.gradient, wanted.gradient)).toBeLessThan(1e-5);
  });
});
