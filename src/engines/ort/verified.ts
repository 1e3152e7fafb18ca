import { AssayError } from '../../errors.js';
import type { Program, Value } from '../engine.js';
import { outputOf } from '../outputs.js';

/** Relative difference (L2) that rounding may cause where values are as uncertain as gradients can be. */
const RELATIVE = 1e-2;

/** Differences this small are rounding too: gradients of a network that is certain are little else. */
const ABSOLUTE = 1e-5;

/**
 * A program of a device whose first run is repeated by the processor: drivers and kernels for GPUs have been seen to
 * give wrong numbers without a word.
 * Errors: `engine-failed` names the output that differs.
 */
export function verified(program: Program, device: string, reference: () => Promise<Program>): Program {
  let first: Promise<void> | undefined;
  return {
    async run(feeds, fetches) {
      const outputs = await program.run(feeds, fetches);
      first ??= compare(outputs);
      await first;
      return outputs;

      async function compare(got: Record<string, Value>) {
        const processor = await reference();
        try {
          refuseDifferent(got, await processor.run(feeds, fetches), device);
        } finally {
          await processor.release();
        }
      }
    },
    release: () => program.release(),
  };
}

function refuseDifferent(got: Record<string, Value>, expected: Record<string, Value>, device: string): void {
  for (const [name, { type, data }] of Object.entries(expected)) {
    if (type !== 'float32') continue;
    let [squares, total, largest] = [0, 0, 0];
    const own = outputOf(got, name).data;
    for (let i = 0; i < data.length; i++) {
      const [value, other] = [Number(data[i]), Number(own[i])];
      // Infinities and NaN are told by whoever asked.
      if (!Number.isFinite(value)) continue;
      const difference = Number.isFinite(other) ? Math.abs(value - other) : Number.POSITIVE_INFINITY;
      squares += difference ** 2;
      total += value ** 2;
      largest = Math.max(largest, difference);
    }
    const relative = Math.sqrt(squares / total);
    if (largest > ABSOLUTE && relative > RELATIVE)
      throw new AssayError(
        'engine-failed',
        `the device "${device}" computes wrong numbers for this network`,
        {
          path: `output "${name}"`,
          expected: `what the processor computes, within ${RELATIVE}`,
          found: `a relative difference of ${relative.toExponential(1)}`,
          hint: 'use --device cpu; a newer driver or onnxruntime may compute them correctly',
        },
      );
  }
}
