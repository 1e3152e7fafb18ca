import { AssayError } from '../../errors.js';
import type { Graph } from '../../graph/graph.js';
import { writeOnnx } from '../../graph/write.js';
import type { Engine, Program } from '../engine.js';
import { defaultLayout, ortVersion } from './describe.js';
import { foldWith } from './fold.js';
import { Pool } from './pool.js';

export interface OrtOptions {
  /** Sessions side by side, each in its own worker thread. Default: one a core. */
  sessions?: number;
  /** Threads inside one session. Default: 1. */
  threads?: number;
}

function countOf(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= 1024) return value;
  throw new AssayError('config-invalid', `the engine's "${name}" is not a usable count`, {
    expected: 'an integer from 1 to 1024',
    found: String(value),
  });
}

function sharedBytes(graph: Graph): SharedArrayBuffer {
  const bytes = writeOnnx(graph);
  const shared = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(shared).set(bytes);
  return shared;
}

/** onnxruntime on the CPU, in a pool of worker threads. An idle pool does not keep the process alive. */
export function createOrtEngine(options: OrtOptions = {}): Engine {
  const layout = defaultLayout();
  const sessions = countOf('sessions', options.sessions ?? layout.sessions);
  const threads = countOf('threads', options.threads ?? layout.threads);
  const pool = new Pool(sessions, { threads });
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
