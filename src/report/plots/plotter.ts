import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { compiledFile } from '../../engines/compiled.js';
import { type ErrorRecord, restoreError } from '../../errors.js';
import { type Plot, renderPlot } from './render-svg.js';

/** What `renderPlot` is told. */
export type PlotOrder = Parameters<typeof renderPlot>;

/** What the thread answers, by number of the order. */
export type PlotReply = { order: number } & ({ plot: Plot } | { error: ErrorRecord });

/** Draws as `renderPlot` does. */
export interface Plotter {
  draw(...order: PlotOrder): Promise<Plot>;
  /** Ends its thread. */
  close(): Promise<void>;
}

/** Plots from which on a thread is worth its start, which takes half a second of a core. */
const MANY = 24;

/**
 * Draws plots: many of them in a thread of their own, while this one reads and writes what else a report has; few of them, or
 * on a single core, here.
 * @param plots how many there will be
 */
export function createPlotter(plots: number): Plotter {
  const here: Plotter = { draw: renderPlot, close: async () => undefined };
  if (plots < MANY || availableParallelism() < 2) return here;
  try {
    return new PlotThread();
  } catch {
    // A process can be forbidden to start threads (--permission).
    return here;
  }
}

class PlotThread implements Plotter {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, (reply: PlotReply | undefined) => void>();
  private orders = 0;
  private ended = false;

  constructor() {
    // The flags of this process (--eval, --import, ...) are not meant for its threads.
    this.worker = new Worker(compiledFile('../report/plots/plot-worker.js', 'the thread that draws plots'), {
      execArgv: [],
    });
    this.worker.on('message', (reply: PlotReply) => this.settle(reply.order, reply));
    this.worker.on('error', () => undefined);
    this.worker.on('exit', () => {
      this.ended = true;
      for (const order of this.waiting.keys()) this.settle(order, undefined);
    });
  }

  async draw(...told: PlotOrder): Promise<Plot> {
    const reply = await this.ask(told);
    // Without a thread, which can have had too little memory, it is drawn here.
    if (!reply) return renderPlot(...told);
    if ('error' in reply) throw restoreError(reply.error);
    return reply.plot;
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private ask(told: PlotOrder): Promise<PlotReply | undefined> {
    if (this.ended) return Promise.resolve(undefined);
    const order = this.orders++;
    return new Promise((resolve) => {
      this.waiting.set(order, resolve);
      this.worker.postMessage([order, told]);
    });
  }

  private settle(order: number, reply: PlotReply | undefined): void {
    this.waiting.get(order)?.(reply);
    this.waiting.delete(order);
  }
}
