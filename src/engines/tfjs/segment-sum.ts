import * as tf from '@tensorflow/tfjs';

/** What both the plain and the WASM backend offer. */
export type HostBackend = tf.KernelBackend & {
  write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): object;
  readSync(dataId: object): tf.backend_util.BackendValues;
};

const KERNEL = 'UnsortedSegmentSum';

/**
 * Sums of rows by segment, in one pass, for a backend whose data are at hand. The plain backend's own goes over all
 * rows once per segment, which makes the gradient of Gather quadratic; WASM has none.
 */
export function registerSegmentSum(backendName: string): void {
  if (tf.getKernel(KERNEL, backendName)) tf.unregisterKernel(KERNEL, backendName);
  tf.registerKernel({
    kernelName: KERNEL,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x, segmentIds } = inputs as Record<'x' | 'segmentIds', tf.TensorInfo>;
      const host = backend as HostBackend;
      const values = host.readSync(x.dataId) as Float32Array;
      const segments = host.readSync(segmentIds.dataId) as Int32Array;
      const count = attrs?.numSegments as number;
      const tail = x.shape.slice(segmentIds.shape.length);
      const width = tail.reduce((product, d) => product * d, 1);
      const sums = x.dtype === 'float32' ? new Float32Array(count * width) : new Int32Array(count * width);
      segments.forEach((segment, row) => {
        // As TensorFlow has it, a negative segment is dropped.
        if (segment < 0 || segment >= count) return;
        for (let i = 0; i < width; i++) sums[segment * width + i]! += values[row * width + i]!;
      });
      const shape = [count, ...tail];
      return { dataId: host.write(sums, shape, x.dtype), shape, dtype: x.dtype };
    },
  });
}
