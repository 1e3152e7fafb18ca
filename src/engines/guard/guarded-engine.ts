import { AssayError } from '../../errors.js';
import { refuseGiants } from '../../graph/declared-sizes.js';
import type { Graph } from '../../graph/graph.js';
import type { Differentiation, Engine, Program, Value } from '../engine.js';
import type { Pool } from '../pool.js';

type Peak = NonNullable<Program['peak']>;
type Differentiate = NonNullable<Engine['differentiate']>;

/** An engine on a pool of one guarded process. */
interface Running {
  engine: Engine;
  pool: Pool;
}

/** What is told of an engine before it is started. */
export interface Guarded extends Pick<Engine, 'name' | 'description'> {
  /** Whether the library differentiates by itself. */
  differentiates: boolean;
}

/**
 * An engine for what is not known to be harmless. Its process is started when it is first needed, and again after a
 * limit, or a crash of the library, has ended it: the call that was running is lost, and programs are made again when
 * they are next asked for. Calls are made one at a time, so that the one to blame is known.
 * Errors: as the engine's; `limit-exceeded`.
 */
export function guardedEngine({ name, description, differentiates }: Guarded, start: () => Running): Engine {
  let running: Running | undefined;
  let closed = false;
  let last: Promise<unknown> = Promise.resolve();

  const alone = <T>(work: (engine: Engine) => Promise<T>): Promise<T> => {
    const turn = last.then(() => {
      if (closed) throw new AssayError('engine-failed', 'the engine was closed');
      if (!running?.pool.alive) running = start();
      return work(running.engine);
    });
    last = turn.catch(() => undefined);
    return turn;
  };

  async function kept<Made extends { program: Program }>(
    make: (engine: Engine) => Promise<Made>,
  ): Promise<Made> {
    let on: Engine | undefined;
    let made: Made | undefined;
    const current = async (engine: Engine): Promise<Made> => {
      if (on !== engine || !made) [made, on] = [await make(engine), engine];
      return made;
    };
    const first = await alone(current);
    return {
      ...first,
      program: {
        run: (feeds, fetches) => alone(async (engine) => (await current(engine)).program.run(feeds, fetches)),
        ...(first.program.peak && {
          peak: (feeds: Record<string, Value>) =>
            alone(async (engine) => ((await current(engine)).program.peak as Peak)(feeds)),
        }),
        release: async () => {
          if (on === running?.engine) await made?.program.release();
        },
      },
    };
  }

  const compile = async (graph: Graph) => {
    refuseGiants(graph);
    return (await kept(async (engine) => ({ program: await engine.compile(graph) }))).program;
  };

  return {
    name,
    description,
    concurrency: 1,
    fold: async (graph) => {
      refuseGiants(graph);
      return alone((engine) => engine.fold(graph));
    },
    compile,
    ...(differentiates && {
      differentiate: async (graph: Graph, feeds: Record<string, Value>, differentiation: Differentiation) => {
        refuseGiants(graph);
        return kept((engine) => (engine.differentiate as Differentiate)(graph, feeds, differentiation));
      },
    }),
    async close() {
      closed = true;
      await running?.pool.close();
    },
  };
}
