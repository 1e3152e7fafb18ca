import { forRanges, interruption } from '../concurrency.js';
import { firstNotFinite, NotFinite } from '../models/finite.js';
import type { Gradients, System } from '../models/system.js';
import { shareOutside, shareSaturated } from './in-box.js';
import { chosen, type SgldOptions, type SgldState, sgldStep } from './sgld.js';

/** What chains did, (n, steps + 1) each: before the first step, and after every one. NaN from where a chain diverged. */
export interface Trace {
  logPx: Float32Array;
  /** Length of d log p(x) / dx, L2 over the image, in units of the model's own input. */
  gradientNorm: Float32Array;
  /** L2 distance from where the chain began, in the same units. */
  displacement: Float32Array;
  /** Share of the numbers of the image that lie on the boundary of [0, 1] or beyond. */
  saturated: Float32Array;
  /** Share that lies beyond it. */
  outside: Float32Array;
}

type Options = Omit<SgldOptions, 'target'> & { steps: number; signal?: AbortSignal };

/**
 * Moves chains up log p(x), in place, as `sgld` does with the same options, and says what they did. A chain at whose
 * place the system gives no number stops there; the others go on. One gradient pass a step, and one for the end.
 * Errors: those of the system but for numbers that are not finite; `interrupted`.
 */
export async function traceChains(
  system: System,
  state: SgldState,
  { steps, signal, ...options }: Options,
): Promise<Trace> {
  const looks = steps + 1;
  const room = () => new Float32Array(state.n * looks).fill(Number.NaN);
  const trace: Trace = {
    logPx: room(),
    gradientNorm: room(),
    displacement: room(),
    saturated: room(),
    outside: room(),
  };
  const size = state.pixels.length / Math.max(1, state.n);
  const from = state.pixels.slice();
  const lanes = { step: system.batchSize, lanes: system.concurrency, signal };
  await forRanges(state.n, lanes, async (start, end) => {
    let alive = Array.from({ length: end - start }, (_, i) => start + i);
    for (let step = 0; step < looks && alive.length > 0; step++) {
      if (signal?.aborted) throw interruption(signal);
      const part = chosen(state, alive);
      const { answer, lost } = await askAll(system, part);
      alive.forEach((row, i) => {
        if (lost.has(i)) return;
        const at = row * looks + step;
        const place = (all: Float32Array, j: number) => all.subarray(j * size, (j + 1) * size);
        trace.logPx[at] = answer.logPx?.[i] ?? Number.NaN;
        trace.gradientNorm[at] = scaledLength(place(answer.gradient, i), system.info.inputScale, -1);
        const moved = place(part.pixels, i).map((x, k) => x - from[row * size + k]!);
        trace.displacement[at] = scaledLength(moved, system.info.inputScale, 1);
        const now = place(part.pixels, i);
        trace.saturated[at] = shareSaturated(now);
        trace.outside[at] = shareOutside(now);
      });
      if (step < steps) {
        sgldStep(part, step, answer.gradient, options, system.info.inputScale);
        alive.forEach((row, i) => {
          state.pixels.set(part.pixels.subarray(i * size, (i + 1) * size), row * size);
        });
      }
      alive = alive.filter((_, i) => !lost.has(i));
    }
  });
  return trace;
}

type Answer = Pick<Gradients, 'logPx' | 'gradient'>;

/** One pass over all; where a number is not finite, one over each chain alone, to find whose it is. */
async function askAll(system: System, part: SgldState): Promise<{ answer: Answer; lost: Set<number> }> {
  const { n, pixels } = part;
  const whole = await ask(system, n, pixels);
  if (whole) return { answer: whole, lost: new Set() };
  const size = pixels.length / n;
  const answer = { logPx: new Float32Array(n), gradient: new Float32Array(pixels.length) };
  const lost = new Set<number>();
  for (let i = 0; i < n; i++) {
    const own = await ask(system, 1, pixels.slice(i * size, (i + 1) * size));
    if (!own) lost.add(i);
    else {
      answer.logPx[i] = own.logPx?.[0] ?? Number.NaN;
      answer.gradient.set(own.gradient, i * size);
    }
  }
  return { answer, lost };
}

/** Undefined where a number is not finite. */
async function ask(system: System, n: number, pixels: Float32Array): Promise<Answer | undefined> {
  try {
    const answer = await system.gradient({ n, pixels: pixels.slice() }, 'log-px');
    const finite = (values: Float32Array | undefined) => !values || firstNotFinite(values) < 0;
    return finite(answer.logPx) && finite(answer.gradient) ? answer : undefined;
  } catch (error) {
    if (error instanceof NotFinite) return undefined;
    throw error;
  }
}

/** L2 length of an image whose channel c is multiplied by `inputScale[c] ** power`. */
function scaledLength(values: Float32Array, inputScale: readonly number[], power: 1 | -1): number {
  const plane = values.length / inputScale.length;
  let squares = 0;
  for (let k = 0; k < values.length; k++)
    squares += (values[k]! * inputScale[Math.floor(k / plane)]! ** power) ** 2;
  return Math.sqrt(squares);
}
