/** A process of its own: computes with onnxruntime on a device and on the processor, and tells how far they are apart. */
import * as ort from 'onnxruntime-node';
import { GraphBuilder, int, ints } from '../../graph/build.js';
import type { Graph } from '../../graph/graph.js';
import { floats } from '../../graph/tensor.js';
import { writeOnnx } from '../../graph/write.js';

/** What a probe writes as the last line of its output, as JSON. */
export type ProbeAnswer =
  /** Largest difference over the largest value; null, as JSON has it, when that is not a number. */
  { error: number | null } | { message: string };

const wave = (count: number, frequency: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(frequency * (i + 1)));

/** Convolution, its transpose, a product and a softmax. */
function network(): Graph {
  const b = new GraphBuilder('probe');
  const kernel = b.constant(floats([8, 3, 3, 3], wave(216, 1.3)), 'kernel');
  const window = { kernel_shape: ints([3, 3]), strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) };
  const features = b.op('Relu', [b.op('Conv', [b.input('x', 'float32', [2, 3, 8, 8]), kernel], window)]);
  const back = b.op('ConvTranspose', [features, kernel], window);
  const weights = b.constant(floats([147, 5], wave(735, 2.1)), 'weights');
  const logits = b.op('MatMul', [b.op('Flatten', [back]), weights]);
  b.outputAs(b.op('LogSoftmax', [logits], { axis: int(-1) }), 'y');
  return b.build();
}

async function outputs(model: Uint8Array, device: string): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(model, {
    executionProviders: [device],
    // Why a provider's library does not load is only logged.
    logSeverityLevel: 3,
  });
  const results = await session.run({ x: new ort.Tensor('float32', wave(384, 0.7), [2, 3, 8, 8]) });
  const values = (results.y!.data as Float32Array).slice();
  await session.release();
  return values;
}

async function probe(device: string): Promise<ProbeAnswer> {
  const model = writeOnnx(network());
  const [expected, got] = [await outputs(model, 'cpu'), await outputs(model, device)];
  const difference = Math.max(...expected.map((value, i) => Math.abs(value - got[i]!)));
  return { error: difference / Math.max(...expected.map(Math.abs)) };
}

const answer = await probe(process.argv[2]!).catch((error: unknown) => ({
  message: error instanceof Error ? error.message : String(error),
}));
process.stdout.write(`\n${JSON.stringify(answer)}\n`);
