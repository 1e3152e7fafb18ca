import { addTo } from '../models/passes.js';
import type { Passes, System } from '../models/system.js';
import { type SgldOptions, type SgldState, sgld } from './sgld.js';

/** Options of a chain with its length. */
export type ChainOptions = SgldOptions & { steps: number; signal?: AbortSignal };

/** States of a chain that are kept in any case: beside what a network keeps of an image, so many images are little. */
const FEW = 32;

/**
 * How far apart kept states are. Of long chains their number and the length of a stretch between two are about the same;
 * short ones are kept whole, since to make a step again costs a pass.
 */
const strideOf = (steps: number): number => Math.max(FEW, Math.ceil(Math.sqrt(steps)));

/** Steps of a chain that are made again on the way back: all but those of the last stretch, and the last of each. */
export function stepsAgain(steps: number): number {
  const stride = strideOf(steps);
  const earlier = Math.max(0, Math.ceil(steps / stride) - 1);
  return earlier * (stride - 1);
}

/**
 * The states of chains, from the last step to the first, in the memory of about 2 sqrt(steps) of them, or of 32 and a few
 * more where that is more (Griewank & Walther 2000): on the way there the state before every so many steps is kept, and all
 * of the last stretch; on the way back the other stretches are run again from the states kept. Noise is that of (chain,
 * step), so that they are the same to the bit.
 */
export class ChainTape {
  /** States before a step, by its number. */
  private readonly kept = new Map<number, Float32Array>();
  private readonly stride: number;
  private most = 0;

  constructor(
    private readonly system: System,
    private readonly options: ChainOptions,
  ) {
    this.stride = strideOf(options.steps);
  }

  /** The most states that were kept at once. */
  get peak(): number {
    return this.most;
  }

  /** Runs the chains, in place. */
  async record(state: SgldState): Promise<Passes> {
    const { steps } = this.options;
    const last = Math.max(0, steps - 1) - (Math.max(0, steps - 1) % this.stride);
    const passes = { forward: 0, gradient: 0 };
    for (let step = 0; step < steps; ) {
      this.keep(step, state);
      const more = step < last ? this.stride : 1;
      addTo(passes, await this.run(state, step, more));
      step += more;
    }
    return passes;
  }

  /** The chains before step `step`. Each is asked for once, from the last to the first. */
  async before(step: number, keys: SgldState): Promise<{ pixels: Float32Array; passes: Passes }> {
    const passes = { forward: 0, gradient: 0 };
    const start = step - (step % this.stride);
    for (let known = start; known < step && !this.kept.has(step); known++) {
      const pixels = this.kept.get(known)?.slice() ?? missing(known);
      const state = { ...keys, pixels };
      addTo(passes, await this.run(state, known, 1));
      this.keep(known + 1, state);
    }
    const pixels = this.kept.get(step) ?? missing(step);
    this.kept.delete(step);
    return { pixels, passes };
  }

  private run(state: SgldState, from: number, steps: number): Promise<Passes> {
    return sgld(this.system, state, { ...this.options, from, steps });
  }

  private keep(step: number, { pixels }: SgldState): void {
    this.kept.set(step, pixels.slice());
    this.most = Math.max(this.most, this.kept.size);
  }
}

function missing(step: number): never {
  throw new Error(`the chains before step ${step} are not on the tape`);
}
