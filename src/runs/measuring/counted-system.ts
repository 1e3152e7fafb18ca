import { addTo } from '../../models/passes.js';
import { walksOf } from '../../models/programs/margin-bounds.js';
import type { Batch, Passes, System } from '../../models/system.js';
import type { LiveUnit } from './live-unit.js';
import type { PassKind } from './pass-meter.js';

/**
 * The same system, adding the passes of every call to `passes`: suites need not count. `live` is told of calls as they
 * begin and end, and `signal` ends those that take long: suites need not pass it on. It has the members of the contract and
 * no others.
 */
export function counted(system: System, passes: Passes, live: LiveUnit, signal?: AbortSignal): System {
  const under = (batch: Batch): Batch => (signal && !batch.signal ? { ...batch, signal } : batch);
  const call = async <T extends { passes: Passes }>(
    kind: PassKind,
    examples: number,
    answer: () => Promise<T>,
  ): Promise<T> => {
    const end = live.call(system.info.name, kind);
    let answered = 0;
    try {
      const outputs = await answer();
      addTo(passes, outputs.passes);
      answered = examples;
      return outputs;
    } finally {
      end(answered);
    }
  };
  const product = system.hessianProduct?.bind(system);
  const grouped = system.groupedGradient?.bind(system);
  const changed = system.changedMaps?.bind(system);
  const bounds = system.marginBounds?.bind(system);
  const storedChains = system.storedChains?.bind(system);
  const training = system.inTrainingMode?.bind(system);
  return {
    info: system.info,
    batchSize: system.batchSize,
    concurrency: system.concurrency,
    get lastLayer() {
      return system.lastLayer;
    },
    evaluate: (batch, wanted, loss) =>
      call(loss === undefined ? 'forward' : 'gradient', batch.n, () =>
        system.evaluate(under(batch), wanted, loss),
      ),
    forward: (batch) => call('forward', batch.n, () => system.forward(under(batch))),
    gradient: (batch, loss) => call('gradient', batch.n, () => system.gradient(under(batch), loss)),
    ...(product && {
      // It counts as two gradient passes of an example.
      hessianProduct: (batch, direction, loss) =>
        call('gradient', 2 * batch.n, () => product(batch, direction, loss)),
    }),
    ...(changed && {
      changedMaps: (batch, count, change) =>
        call('forward', (1 + count) * batch.n, () => changed(batch, count, change)),
    }),
    ...(bounds && {
      marginBounds: async (batch, question) => {
        const end = live.call(system.info.name, 'forward');
        let forward = 0;
        try {
          const margins = walksOf(question) * (system.info.classes.length - 1) * batch.n;
          const found = await call('gradient', margins, () => bounds(batch, question));
          forward = found.passes.forward;
          return found;
        } finally {
          end(forward);
        }
      },
    }),
    ...(storedChains && { storedChains }),
    ...(training && { inTrainingMode: async () => counted(await training(), passes, live, signal) }),
    ...(grouped && {
      groupedGradient: (draws, loss) => call('gradient', draws.n * draws.group, () => grouped(draws, loss)),
    }),
  };
}
