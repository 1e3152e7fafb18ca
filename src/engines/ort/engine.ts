import { AssayError, unknownName } from '../../errors.js';
import type { Graph } from '../../graph/graph.js';
import { countOf } from '../counts.js';
import type { Engine, Program } from '../engine.js';
import { guardedEngine } from '../guard/guarded-engine.js';
import { type Limits, limitsOf } from '../guard/limits.js';
import { holdModel, type Notice } from '../held-model.js';
import { Pool } from '../pool.js';
import { roomOf, usualBatchMebibytes } from '../room.js';
import { ortVersion, sessionsOf } from './describe.js';
import { detectDevice } from './device-state.js';
import { accelerators, deviceNames } from './devices.js';
import { foldWith } from './fold.js';
import { verified } from './verified.js';
import type { WorkerOptions } from './worker.js';

export interface OrtOptions {
  /**
   * Sessions side by side, each in its own worker thread. Default: as many as there are cores for, with so many threads
   * each; one on any other device.
   */
  sessions?: number;
  /** Threads inside one session, for what the processor computes. Default: 1. */
  threads?: number;
  /** Where to compute: one of `deviceNames`. Default: the processor. */
  device?: string;
  /** What a call in the guarded process may take. Default: `DEFAULT_LIMITS`. */
  limits?: Partial<Limits>;
  /** Processes of this machine that share what batches may take, this one among them. Default: 1. */
  processes?: number | undefined;
  notice?: Notice | undefined;
}

/**
 * onnxruntime on the processor, in a pool of worker threads. An idle pool does not keep the process alive. All programs
 * have the same layout, so that calls of several never compute with more threads than there are cores.
 */
export function createOrtEngine(options: Omit<OrtOptions, 'device'> = {}): Engine {
  const threads = countOf('threads', options.threads ?? 1);
  const sessions = countOf('sessions', options.sessions ?? sessionsOf(threads));
  const limits = limitsOf(options.limits);
  const { notice } = options;
  const pool = poolOf(sessions, { threads, device: 'cpu' });
  const about = {
    name: 'ort',
    // The number of sessions is left out: it changes no result.
    description: `onnxruntime-node ${ortVersion()}, CPU ${process.arch}, ${threads} thread${threads === 1 ? '' : 's'} a session`,
  };
  const guard = guardedEngine({ ...about, differentiates: false }, () => {
    const own = poolOf(1, { threads, device: 'cpu' }, limits);
    return { pool: own, engine: plainEngine(about, own, notice) };
  });
  return {
    ...plainEngine(about, pool, notice),
    concurrency: sessions,
    start: () => pool.start(),
    guard,
    room: roomOf(options, usualBatchMebibytes),
    close: async () => {
      await Promise.all([pool.close(), guard.close()]);
    },
  };
}

/** An engine on a pool. */
function plainEngine(about: Pick<Engine, 'name' | 'description'>, pool: Pool, notice?: Notice): Engine {
  return {
    ...about,
    concurrency: 1,
    fold: async (graph) => {
      const { model, release } = await holdModel(graph, notice);
      return foldWith(graph, (into) => pool.simplify(model, into)).finally(release);
    },
    compile: (graph) => compiled(pool, graph, notice),
    close: () => pool.close(),
  };
}

/**
 * onnxruntime on the device that is asked for. On another than the processor there is one session, since several crash
 * onnxruntime 1.30; the first run of every program is repeated by the processor.
 * Errors: `unknown-name`; `config-invalid`; `engine-failed` when the device cannot be used, with the remedy.
 */
export async function openOrtEngine({ device = 'cpu', ...layout }: OrtOptions = {}): Promise<Engine> {
  if (!deviceNames.includes(device))
    throw unknownName('device of the ort engine', device, deviceNames, {
      hint: 'leave it out, or choose the engine that has it (`assay run --help` lists them)',
    });
  if (device === 'cpu') return createOrtEngine(layout);
  const { title, environment } = accelerators[device]!;
  if (layout.sessions !== undefined && layout.sessions !== 1)
    throw new AssayError('config-invalid', `the device "${device}" runs one session at a time`, {
      expected: 'no `sessions`, or 1',
      found: String(layout.sessions),
      hint: 'leave out --sessions',
    });
  const state = await detectDevice(device);
  if (!state.usable)
    throw new AssayError('engine-failed', `the device "${device}" cannot be used: ${state.reason}`, {
      hint: state.hint,
    });
  // Only the main thread's `process.env` reaches a native library.
  for (const [variable, value] of Object.entries(environment)) process.env[variable] ??= value;
  const threads = countOf('threads', layout.threads ?? 1);
  const pool = poolOf(1, { threads, device });
  const { limits, notice } = layout;
  const processor = createOrtEngine({ sessions: 1, threads, limits, notice });
  return {
    name: 'ort',
    description: `onnxruntime-node ${ortVersion()}, ${title} ${process.arch}`,
    concurrency: 1,
    fold: (graph) => processor.fold(graph),
    guard: processor.guard,
    // What a device has is not known.
    room: roomOf(layout),
    compile: async (graph) =>
      verified(await compiled(pool, graph, notice), device, () => processor.compile(graph)),
    close: async () => {
      await Promise.all([pool.close(), processor.close()]);
    },
  };
}

const poolOf = (size: number, options: WorkerOptions, limits?: Limits) =>
  new Pool(size, { library: 'onnxruntime', module: 'ort/worker.js', options, limits });

async function compiled(pool: Pool, graph: Graph, notice?: Notice): Promise<Program> {
  return pool.program(await holdModel(graph, notice));
}
