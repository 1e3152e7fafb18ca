import type { Passes, System } from '../models/system.js';

/**
 * The same system, adding the passes of every call to `passes`: suites need not count. It has the members of the
 * contract and no others.
 */
export function counted(system: System, passes: Passes): System {
  const add = <T extends { passes: Passes }>(outputs: T): T => {
    passes.forward += outputs.passes.forward;
    passes.gradient += outputs.passes.gradient;
    return outputs;
  };
  const grouped = system.groupedGradient?.bind(system);
  return {
    info: system.info,
    batchSize: system.batchSize,
    concurrency: system.concurrency,
    forward: async (batch) => add(await system.forward(batch)),
    gradient: async (batch, loss) => add(await system.gradient(batch, loss)),
    ...(grouped && { groupedGradient: async (draws, loss) => add(await grouped(draws, loss)) }),
  };
}
