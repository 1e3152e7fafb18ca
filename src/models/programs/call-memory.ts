import { gradientGraph } from '../../autodiff/differentiate.js';
import type { Engine, Program, Value } from '../../engines/engine.js';
import { AssayError } from '../../errors.js';
import { noiseImages, type Prepared, pixelValue, type TracedShapes } from '../graph/prepare.js';
import { activationsPerImage } from './batch-size.js';

/** Copies of all values of the network that a gradient holds at the most. */
const GRADIENT_COPIES = 4;
const BYTES = 4;

/** What a measured call is to take, as told by its values: less is lost in what a process holds anyway. */
const CLEAR = 128 * 2 ** 20;

/** Images of a measured call: those of a tiny network take nothing, however many. */
const MOST = 1024;

/** A kind of call, of which the memory is to be known. */
export interface CallKind {
  /** Numbers that all values of the network hold for an image. */
  activations: number;
  /** Copies of them that the call holds at the most. */
  copies: number;
  /** Makes its program, on any engine. */
  compile(engine: Engine): Promise<Program>;
  /** What it is fed with so many images. */
  feeds(n: number): Record<string, Value>;
}

/** A network, and what is known of it. */
interface Sized {
  prepared: Prepared;
  traced: TracedShapes;
  /** Of an image. */
  shape: readonly number[];
  /** Whether it has a gradient with respect to the pixels, which takes more than a forward pass. */
  gradient: boolean;
}

/** Bytes that a call takes for each image at the most, as told by the shapes of all values. */
export const supposedPerImage = ({ activations, copies }: CallKind): number => copies * BYTES * activations;

/**
 * Bytes that each image adds to a call, measured with one and with some.
 * @param guard where there is a process whose memory is that of the call
 * @returns undefined where nothing can be measured, or a limit ended it
 */
export async function measuredPerImage(guard: Engine, call: CallKind): Promise<number | undefined> {
  const { feeds } = call;
  const values = BYTES * Math.max(1, call.activations);
  const some = Math.min(MOST, Math.max(2, Math.ceil(CLEAR / values)));
  let program: Program | undefined;
  try {
    program = await call.compile(guard);
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

/** A gradient with respect to the pixels; a forward pass where there is none. */
export function usualCall({ prepared, traced, shape, gradient }: Sized): CallKind {
  const { graph, pixels, outputs } = prepared;
  const feeds = (n: number) => ({ [pixels]: pixelValue(noiseImages(n, shape), n, shape) });
  return {
    activations: activationsPerImage(prepared, traced),
    copies: GRADIENT_COPIES,
    feeds,
    async compile(engine) {
      if (!gradient) return engine.compile(graph);
      const differentiation = { of: outputs.logits ?? outputs.logPx ?? '', wrt: [pixels] };
      const first = feeds(traced.n);
      if (engine.differentiate) return (await engine.differentiate(graph, first, differentiation)).program;
      return engine.compile(
        (await gradientGraph(engine, graph, first, differentiation, { shapes: traced.shapes })).graph,
      );
    },
  };
}
