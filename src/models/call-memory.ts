import { gradientGraph } from '../autodiff/differentiate.js';
import type { Engine, Program, Value } from '../engines/engine.js';
import { AssayError } from '../errors.js';
import { activationsPerImage } from './batch-size.js';
import { noiseImages, type Prepared, pixelValue, type TracedShapes } from './prepare.js';

/** Copies of all values of the network, of 4 bytes a number, that a gradient holds at the most. */
const COPIES = 4;
const BYTES = 4;

/** What a measured call is to take, as told by its values: less is lost in what a process holds anyway. */
const CLEAR = 128 * 2 ** 20;

/** Images of a measured call: those of a tiny network take nothing, however many. */
const MOST = 1024;

/** A network, and what is known of it. */
export interface Sized {
  prepared: Prepared;
  traced: TracedShapes;
  /** Of an image. */
  shape: readonly number[];
  /** Whether it has a gradient with respect to the pixels, which takes more than a forward pass. */
  gradient: boolean;
}

/** Bytes that a call takes for each image at the most, as told by the shapes of all values. */
export const supposedPerImage = ({ prepared, traced }: Sized): number =>
  COPIES * BYTES * activationsPerImage(prepared, traced);

/**
 * Bytes that each image adds to a call, gradient or forward pass, measured with one and with some.
 * @param guard where there is a process whose memory is that of the call
 * @returns undefined where nothing can be measured, or a limit ended it
 */
export async function measuredPerImage(guard: Engine, sized: Sized): Promise<number | undefined> {
  const { prepared, shape } = sized;
  const values = BYTES * Math.max(1, activationsPerImage(prepared, sized.traced));
  const some = Math.min(MOST, Math.max(2, Math.ceil(CLEAR / values)));
  const feeds = (n: number) => ({ [prepared.pixels]: pixelValue(noiseImages(n, shape), n, shape) });
  let program: Program | undefined;
  try {
    program = await largestProgram(guard, sized, feeds);
    if (!program.peak) return undefined;
    // What is made with the first call, and stays, is no image's.
    await program.peak(feeds(1));
    const one = await program.peak(feeds(1));
    const all = await program.peak(feeds(some));
    if (one === undefined || all === undefined || all <= one) return undefined;
    return (all - one) / (some - 1);
  } catch (error) {
    if (error instanceof AssayError && error.code === 'limit-exceeded') return undefined;
    throw error;
  } finally {
    await program?.release();
  }
}

async function largestProgram(
  guard: Engine,
  { prepared, traced: { n, shapes }, gradient }: Sized,
  feeds: (n: number) => Record<string, Value>,
): Promise<Program> {
  const { graph, pixels, outputs } = prepared;
  if (!gradient) return guard.compile(graph);
  const differentiation = { of: outputs.logits ?? outputs.logPx ?? '', wrt: [pixels] };
  if (guard.differentiate) return (await guard.differentiate(graph, feeds(n), differentiation)).program;
  return guard.compile((await gradientGraph(guard, graph, feeds(n), differentiation, shapes)).graph);
}
