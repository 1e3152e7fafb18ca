import * as tf from '@tensorflow/tfjs';
import type { HostBackend } from './segment-sum.js';

/**
 * Gives a backend the kernels that it lacks and another one has: the operands are carried over, computed there, and
 * the result is carried back. (WASM lacks the gradients of depthwise convolutions, among others.)
 * @param wrong kernels of its own that give wrong results
 */
export function lendKernels(from: string, to: string, wrong: readonly string[] = []): void {
  for (const kernelName of wrong) tf.unregisterKernel(kernelName, to);
  const lender = tf.engine().findBackend(from) as HostBackend;
  for (const { kernelName, kernelFunc } of tf.getKernelsForBackend(from)) {
    if (tf.getKernel(kernelName, to)) continue;
    tf.registerKernel({
      kernelName,
      backendName: to,
      kernelFunc: ({ inputs, attrs, backend }) => {
        const borrower = backend as HostBackend;
        const carried = (info: tf.TensorInfo, source: HostBackend, target: HostBackend): tf.TensorInfo => {
          const { shape, dtype } = info;
          const dataId = target.write(source.readSync(info.dataId), shape, dtype);
          return { dataId, shape, dtype };
        };
        const own = Object.fromEntries(
          Object.entries(inputs).map(([name, info]) => [
            name,
            carried(info as tf.TensorInfo, borrower, lender),
          ]),
        );
        const made = kernelFunc({ inputs: own, attrs, backend: lender });
        const results = (Array.isArray(made) ? made : [made]).map((info) => {
          const back = carried(info, lender, borrower);
          lender.disposeData(info.dataId);
          return back;
        });
        for (const { dataId } of Object.values(own)) lender.disposeData(dataId);
        return Array.isArray(made) ? results : results[0]!;
      },
    });
  }
}
