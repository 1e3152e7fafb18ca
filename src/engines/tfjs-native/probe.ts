import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import { requireNativePackage, setNativeEnvironment } from './load.js';

/** What a probe writes as the last line of its output, as JSON. */
export type ProbeAnswer =
  | {
      version: string;
      tensorflow: string;
      gpu: boolean;
      /**
       * Largest difference from plain JavaScript, of outputs and of gradients, over the largest value; null, as
       * JSON has it, when that is not a number.
       */
      error: number | null;
    }
  | { code: string; message: string };

type Tfjs = ReturnType<typeof requireNativePackage>;

/** Output and input gradient of a small network, on the current backend. */
function values(tf: Tfjs): Float32Array[] {
  return tf.tidy(() => {
    const wave = (count: number, frequency: number) =>
      Float32Array.from({ length: count }, (_, i) => Math.sin(frequency * (i + 1)));
    const x = tf.tensor4d(wave(2 * 8 * 8 * 3, 0.7), [2, 8, 8, 3]);
    const kernel = tf.tensor4d(wave(3 * 3 * 3 * 8, 1.3), [3, 3, 3, 8]);
    const weights = tf.tensor2d(wave(4 * 4 * 8 * 5, 2.1), [4 * 4 * 8, 5]);
    const logits = (input: Tensor) =>
      tf
        .conv2d(input as Tensor4D, kernel, 1, 'same')
        .relu()
        .maxPool([2, 2], 2, 'valid')
        .reshape([2, 4 * 4 * 8])
        .matMul(weights);
    const loss = (input: Tensor) => logits(input).logSumExp(1).sum();
    return [logits(x), tf.grad(loss)(x)].map((tensor) => tensor.dataSync() as Float32Array);
  });
}

async function probe(name: string): Promise<ProbeAnswer> {
  setNativeEnvironment();
  const tf = requireNativePackage(name);
  const backend = tf.backend() as ReturnType<Tfjs['backend']> & {
    binding: { TF_Version: string };
    isUsingGpuDevice: boolean;
  };
  const { TF_Version: tensorflow } = backend.binding;
  const native = values(tf);
  await tf.setBackend('cpu');
  const plain = values(tf);
  const errors = plain.map((expected, i) => {
    const difference = expected.map((value, j) => Math.abs(value - native[i]![j]!));
    return Math.max(...difference) / Math.max(...expected.map(Math.abs));
  });
  return {
    version: (tf.version as Record<string, string>)['tfjs-node'] ?? tf.version_core,
    tensorflow,
    gpu: backend.isUsingGpuDevice,
    error: Math.max(...errors),
  };
}

const answer = await probe(process.argv[2]!).catch((error: NodeJS.ErrnoException) => ({
  code: error?.code ?? '',
  message: String(error?.message ?? error),
}));
process.stdout.write(`\n${JSON.stringify(answer)}`);
