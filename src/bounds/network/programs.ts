import type { Engine, Program } from '../../engines/engine.js';
import type { Graph } from '../../graph/graph.js';

/** Programs by what they are for, each compiled when it is first used. */
export class Programs {
  private readonly compiled = new Map<string, Promise<Program>>();

  constructor(private readonly engine: Engine) {}

  of(key: string, graph: Graph): Promise<Program> {
    const known = this.compiled.get(key) ?? this.engine.compile(graph);
    this.compiled.set(key, known);
    return known;
  }

  async close(): Promise<void> {
    for (const program of await Promise.allSettled(this.compiled.values()))
      if (program.status === 'fulfilled') await program.value.release();
  }
}
