import type { Engine } from '../../engines/engine.js';
import { AssayError } from '../../errors.js';
import { noiseImages, type Prepared, pixelValue } from '../graph/prepare.js';

/** Where a network runs that is not known to be harmless. */
export const guardOf = (engine: Engine): Engine => engine.guard ?? engine;

/** Does what may go beyond the limits of an engine. Errors: then `limit-exceeded` names the checkpoint. */
export async function withinLimits<T>(checkpoint: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AssayError) || error.code !== 'limit-exceeded' || error.details.file) throw error;
    throw new AssayError(error.code, error.message, { ...error.details, file: checkpoint });
  }
}

/** An engine whose programs name the checkpoint when they go beyond a limit. */
export const naming = (engine: Engine, checkpoint: string): Engine => ({
  ...engine,
  async compile(graph) {
    const program = await engine.compile(graph);
    return {
      run: (feeds, fetches) => withinLimits(checkpoint, () => program.run(feeds, fetches)),
      release: () => program.release(),
    };
  },
});

/** Runs a batch of the size that all runs will have, since sizes inside the network depend on it. */
export async function tryBatch(
  engine: Engine,
  { graph, pixels }: Prepared,
  shape: readonly number[],
  batch: number,
): Promise<void> {
  const program = await engine.compile(graph);
  try {
    await program.run({ [pixels]: pixelValue(noiseImages(batch, shape), batch, shape) });
  } finally {
    await program.release();
  }
}
