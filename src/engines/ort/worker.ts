/**
 * One worker thread of the onnxruntime engine. `session.run` blocks the JavaScript thread that calls it, so
 * sessions live here and the main thread stays free for progress, signals and heartbeats.
 */
import { basename } from 'node:path';
import { workerData } from 'node:worker_threads';
import * as ort from 'onnxruntime-node';
import { limits } from '../../bytes/limits.js';
import { BESIDE } from '../../graph/weights-beside.js';
import type { Value } from '../engine.js';
import { bytesOf, type HeldModel, isFile } from '../held-model.js';
import type { Order, Simplified } from '../protocol.js';
import { serve } from '../serve.js';
import { accelerators } from './devices.js';

/** How every worker makes its sessions. */
export interface WorkerOptions {
  /** Intra-op threads of one session. */
  threads: number;
  /** One of `deviceNames`. */
  device: string;
}

const { threads, device } = workerData as WorkerOptions;

const models = new Map<number, HeldModel>();
const sessions = new Map<number, Promise<ort.InferenceSession>>();

/** It merges zeros padded before a MaxPool into the pool's own padding, which is minus infinity (onnxruntime 1.30). */
const PAD_FUSION_OFF = { disable_specified_optimizers: 'Pad_Fusion' };

/**
 * A constant that is larger than the whole network, and not small, is computed anew in every call: 31 kB can describe
 * one of gigabytes.
 */
const foldedBytes = ({ byteLength }: HeldModel) => String(limits.foldedConstant.value + byteLength);

/** Threads that wait for each other in a session sleep: spinning takes the cores from the sessions beside it. */
const NO_SPINNING = { intra_op: { allow_spinning: '0' } };

const sessionOptions: ort.InferenceSession.SessionOptions = {
  graphOptimizationLevel: 'all',
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  // Warnings about unused initialisers and the like are not the user's business; errors come as exceptions.
  logSeverityLevel: 4,
};

/** The device first; what it does not have the processor computes. */
async function providersFor(model: HeldModel): Promise<ort.InferenceSession.ExecutionProviderConfig[]> {
  if (device === 'cpu') return ['cpu'];
  // Takes longer to load than all else here, and the processor does without.
  const { graphOf } = await import('../read-held.js');
  const forceCpuNodeNames = accelerators[device]!.faults(graphOf(model));
  return [{ name: device, ...(forceCpuNodeNames.length > 0 && { forceCpuNodeNames }) }, 'cpu'];
}

/**
 * Without `x64quantprecision` products of uint8 and int8 saturate at 16 bits on x64 processors that lack VNNI. With
 * it, onnxruntime 1.30 refuses networks that multiply int8 by int8, where nothing saturates.
 */
async function create(model: HeldModel, options: ort.InferenceSession.SessionOptions, beside: object = {}) {
  const optimization = { ...PAD_FUSION_OFF, constant_folding_max_output_size_in_bytes: foldedBytes(model) };
  const make = (extra: object) => {
    const all = { ...sessionOptions, ...options, extra: { optimization, ...extra } };
    // It reads a file itself: its bytes need not be here as well.
    return isFile(model)
      ? ort.InferenceSession.create(model.file, all)
      : ort.InferenceSession.create(bytesOf(model), all);
  };
  try {
    return await make({ session: { ...NO_SPINNING, ...beside, x64quantprecision: '1' } });
  } catch {
    return make({ session: { ...NO_SPINNING, ...beside } });
  }
}

function sessionOf(program: number): Promise<ort.InferenceSession> {
  const existing = sessions.get(program);
  if (existing) return existing;
  const model = models.get(program);
  if (!model) return Promise.reject(new Error('this program was released'));
  const session = providersFor(model).then((executionProviders) => create(model, { executionProviders }));
  sessions.set(program, session);
  return session;
}

async function run(program: number, feeds: Record<string, Value>, fetches?: readonly string[]) {
  const session = await sessionOf(program);
  const inputs: Record<string, ort.Tensor> = {};
  for (const [name, { type, data, dims }] of Object.entries(feeds))
    inputs[name] = new ort.Tensor(type as ort.Tensor.Type, data, dims);
  const results = fetches ? await session.run(inputs, fetches) : await session.run(inputs);
  const outputs: Record<string, Value> = {};
  for (const [name, tensor] of Object.entries(results)) {
    // A copy: who owns the memory behind a result is onnxruntime's affair, and only owned memory may move.
    const data = tensor.data.slice() as Value['data'];
    outputs[name] = { type: tensor.type as Value['type'], dims: tensor.dims, data };
    tensor.dispose();
  }
  return outputs;
}

async function simplify(model: HeldModel, { file, weights }: Simplified) {
  const options: ort.InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'basic',
    optimizedModelFilePath: file,
  };
  const session = await create(model, options, {
    optimized_model_external_initializers_file_name: basename(weights),
    optimized_model_external_initializers_min_size_in_bytes: String(BESIDE),
  });
  await session.release();
}

async function answer(order: Extract<Order, { call: number }>) {
  if (order.kind === 'run') return run(order.program, order.feeds, order.fetches);
  if (order.kind === 'simplify') await simplify(order.model, order.into);
  else await sessionOf(order.program);
  return {};
}

async function release(program: number) {
  models.delete(program);
  const session = sessions.get(program);
  sessions.delete(program);
  // A session that failed to be created was reported when it was asked for.
  await session?.then(
    (created) => created.release(),
    () => undefined,
  );
}

serve({
  register: ({ program, model }) => {
    models.set(program, model);
  },
  release,
  answer,
});
