import type { ResolvedAttack } from '../../src/attack.js';
import {
  type AttackRows,
  attackRequest,
  type OutputRows,
  type PerturbedRows,
  perturbedRequest,
  unperturbedRequest,
} from '../../src/measurements.js';
import type { DatasetInfo, Request, SuiteContext, SystemInfo } from '../../src/suite.js';
import { plannedAt, type TransferOptions } from './options.js';

/** A system whose images are handed on. */
export interface SourceRequests {
  system: SystemInfo;
  planned: ResolvedAttack;
  attacked: Request<AttackRows>;
}

/** A system that is shown them. */
export interface TargetRequests {
  system: SystemInfo;
  clean: Request<OutputRows>;
}

export interface TransferRequests {
  sources: readonly SourceRequests[];
  targets: readonly TargetRequests[];
  pairs: readonly { source: SourceRequests; target: TargetRequests; shown: Request<PerturbedRows> }[];
}

/** What can be attacked with gradients. */
export const isSource = ({ offers }: SystemInfo): boolean => offers.includes('inputGradient');

/** Why images made for one system say nothing of another. */
export function misfit(source: SystemInfo, target: SystemInfo): string | undefined {
  if (source.shape.join() !== target.shape.join()) {
    return `it takes images of shape [${target.shape.join(', ')}], those of "${source.name}" have [${source.shape.join(', ')}]`;
  }
  if (source.classes.length !== target.classes.length) {
    return `it has ${target.classes.length} classes, "${source.name}" ${source.classes.length}: a mistake of one is none of the other`;
  }
  return undefined;
}

export function requestsFor(
  { systems, catalogue }: SuiteContext,
  dataset: DatasetInfo,
  options: TransferOptions,
): TransferRequests {
  const { examples, confirm } = options;
  const sources = systems.filter(isSource).map((system): SourceRequests => {
    const planned = plannedAt(options, system, catalogue);
    const attacked = attackRequest(system.name, dataset.name, planned.params, examples);
    return { system, planned, attacked };
  });
  if (sources.length === 0) return { sources: [], targets: [], pairs: [] };
  const looking = { norm: sources[0]!.planned.params.norm, draws: confirm };
  const targets = systems.map((system) => ({
    system,
    clean: unperturbedRequest(system, dataset.name, looking, examples),
  }));
  const pairs = sources.flatMap((source) =>
    targets
      .filter((target) => !misfit(source.system, target.system))
      .map((target) => ({
        source,
        target,
        shown: perturbedRequest(target.system, source.attacked, looking),
      })),
  );
  return { sources, targets, pairs };
}
