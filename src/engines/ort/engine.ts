import { unknownName } from '../../errors.js';
import { countOf } from '../counts.js';
import type { Engine, Program } from '../engine.js';
import { Pool } from '../pool.js';
import { sharedBytes } from '../shared-bytes.js';
import { defaultLayout, ortVersion } from './describe.js';
import { foldWith } from './fold.js';
import type { WorkerOptions } from './worker.js';

export interface OrtOptions {
  /** Sessions side by side, each in its own worker thread. Default: one a core. */
  sessions?: number;
  /** Threads inside one session. Default: 1. */
  threads?: number;
  /** Where to compute: `cpu`. */
  device?: string;
}

const devices = ['cpu'];

/** onnxruntime on the CPU, in a pool of worker threads. An idle pool does not keep the process alive. */
export function createOrtEngine(options: OrtOptions = {}): Engine {
  if (options.device !== undefined && !devices.includes(options.device))
    throw unknownName('device of the ort engine', options.device, devices, {
      hint: 'leave it out, or choose the engine that has it (`assay run --help` lists them)',
    });
  const layout = defaultLayout();
  const sessions = countOf('sessions', options.sessions ?? layout.sessions);
  const threads = countOf('threads', options.threads ?? layout.threads);
  const pool = new Pool(sessions, {
    library: 'onnxruntime',
    module: 'ort/worker.js',
    options: { threads } satisfies WorkerOptions,
  });
  return {
    name: 'ort',
    // The number of sessions is left out: it does not change any result.
    description: `onnxruntime-node ${ortVersion()}, CPU ${process.arch}, ${threads} thread${threads === 1 ? '' : 's'} a session`,
    concurrency: sessions,
    fold: (graph) => {
      const model = sharedBytes(graph);
      return foldWith(graph, (file) => pool.simplify(model, file));
    },
    async compile(graph): Promise<Program> {
      const program = pool.register(sharedBytes(graph));
      await pool.prepare(program);
      return {
        run: (feeds, fetches) => pool.run(program, feeds, fetches),
        release: async () => pool.release(program),
      };
    },
    close: () => pool.close(),
  };
}
