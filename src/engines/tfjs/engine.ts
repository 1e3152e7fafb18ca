import { AssayError } from '../../errors.js';
import type { Graph } from '../../graph/graph.js';
import { countOf } from '../counts.js';
import type { Differentiation, Engine, Program } from '../engine.js';
import { guardedEngine } from '../guard/guarded-engine.js';
import { type Limits, limitsOf } from '../guard/limits.js';
import { holdModel, type Notice } from '../held-model.js';
import { Pool } from '../pool.js';
import { roomOf } from '../room.js';
import { setNativeEnvironment } from '../tfjs-native/load.js';
import { chooseBackend, defaultWorkers, tfjsVersion } from './describe.js';
import { foldConstants } from './fold.js';
import { gradientName } from './tape.js';
import type { WorkerOptions } from './worker.js';

export interface TfjsOptions {
  /** A backend by its name; default: the first that can be used. */
  device?: string;
  /** Threads that run programs side by side. Default: one a core, or one where the backend uses all cores. */
  sessions?: number;
  /** Must be left out: a backend has one thread a session, or as many as it likes. */
  threads?: number;
  /** What a call in the guarded process may take. Default: `DEFAULT_LIMITS`. */
  limits?: Partial<Limits>;
  /** Processes of this machine that share what batches may take, this one among them. Default: 1. */
  processes?: number | undefined;
  notice?: Notice | undefined;
}

/**
 * TensorFlow.js in a pool of worker threads. Its gradients come from its own tape. Everything is computed in
 * float32 and int32. An idle pool does not keep the process alive.
 * Errors: `unknown-name`, `engine-failed`, `config-invalid`.
 */
export async function createTfjsEngine({
  device,
  sessions,
  threads,
  limits: given,
  processes,
  notice,
}: TfjsOptions = {}): Promise<Engine> {
  if (threads !== undefined)
    throw new AssayError('config-invalid', 'the tfjs engine cannot be told how many threads a session has', {
      expected: 'no `threads`',
      found: String(threads),
      hint: 'choose how many sessions run side by side with `--sessions`',
    });
  const backend = await chooseBackend(device);
  if (!backend.usable)
    throw new AssayError('engine-failed', `the device "${backend.name}" cannot be used: ${backend.note}`, {
      hint: backend.hint,
    });
  const workers = countOf('sessions', sessions ?? defaultWorkers(backend.name));
  const options: WorkerOptions = { backend: backend.name, addon: backend.addon };
  if (backend.addon) setNativeEnvironment();
  const limits = limitsOf(given);
  const poolOf = (size: number, under?: Limits) =>
    new Pool(size, { library: 'TensorFlow.js', module: 'tfjs/worker.js', options, limits: under });
  const about = {
    name: 'tfjs',
    description: `TensorFlow.js ${tfjsVersion()}, ${backend.title}${backend.note && ` (${backend.note})`}, ${process.arch}`,
  };
  const guard = guardedEngine({ ...about, differentiates: true }, () => {
    const pool = poolOf(1, limits);
    return { pool, engine: { ...about, concurrency: 1, ...on(pool, notice) } };
  });
  const pool = poolOf(workers);
  return {
    ...about,
    concurrency: workers,
    ...on(pool, notice),
    guard,
    room: roomOf({ limits: given, processes, notice }),
    close: async () => {
      await Promise.all([pool.close(), guard.close()]);
    },
  };
}

/** What an engine does, on a pool. */
function on(pool: Pool, notice?: Notice): Pick<Engine, 'fold' | 'compile' | 'differentiate' | 'close'> {
  async function compiled(graph: Graph, gradient?: Differentiation): Promise<Program> {
    return pool.program(await holdModel(graph, notice), gradient);
  }

  return {
    fold: (graph) => foldConstants(graph, compiled),
    compile: (graph) => compiled(graph),
    async differentiate(graph, feeds, differentiation) {
      const program = await compiled(graph, differentiation);
      try {
        await program.run(feeds);
      } catch (error) {
        await program.release();
        throw error;
      }
      const gradients = Object.fromEntries(differentiation.wrt.map((name) => [name, gradientName(name)]));
      return { program, gradients };
    },
    close: () => pool.close(),
  };
}
