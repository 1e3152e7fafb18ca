/** One worker thread of the tfjs engine: TensorFlow.js computes on the thread that calls it. */
import { workerData } from 'node:worker_threads';
import type { Differentiation, Value } from '../engine.js';
import type { HeldModel } from '../held-model.js';
import type { Order } from '../protocol.js';
import { graphOf } from '../read-held.js';
import { serve } from '../serve.js';
import { backendRow } from './backends.js';
import { TfjsProgram } from './program.js';

/** How every worker computes. */
export interface WorkerOptions {
  /** One of `backendNames`. */
  backend: string;
  /** The package that carries it, where that is optional. */
  addon: string | undefined;
}

const { backend, addon } = workerData as WorkerOptions;

interface Registered {
  model: HeldModel;
  gradient: Differentiation | undefined;
  program?: TfjsProgram;
}

const registered = new Map<number, Registered>();
let ready: Promise<void> | undefined;

async function programOf(id: number): Promise<TfjsProgram> {
  const known = registered.get(id);
  if (!known) throw new Error('this program was released');
  await (ready ??= backendRow(backend).load(addon));
  known.program ??= new TfjsProgram(graphOf(known.model), known.gradient);
  return known.program;
}

async function answer(order: Extract<Order, { call: number }>): Promise<Record<string, Value>> {
  if (order.kind === 'simplify') throw new Error('the tfjs engine folds constants by running them');
  const program = await programOf(order.program);
  return order.kind === 'run' ? program.run(order.feeds, order.fetches) : {};
}

serve({
  register: ({ program, model, gradient }) => {
    registered.set(program, { model, gradient });
  },
  answer,
  release: async (id) => {
    registered.get(id)?.program?.dispose();
    registered.delete(id);
  },
});
