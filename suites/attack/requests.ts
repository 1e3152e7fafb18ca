import { type ResolvedAttack, resolveAttack } from '../../src/attack.js';
import {
  type AttackParams,
  type AttackRows,
  attackRequest,
  clean,
  type OutputRows,
  pixels,
  type RepeatabilityRows,
  repeatability,
  type VerifiedRows,
  verifyRequest,
} from '../../src/measurements.js';
import { type Catalogue, type DatasetInfo, type Request, request, type SystemInfo } from '../../src/suite.js';
import { CHECKED_EXAMPLES, checksOf, EXAMPLES_BY_RADIUS } from './checks.js';
import type { AttackOptions } from './options.js';

/** What is asked of one system on one data set. */
export interface AttackRequests {
  planned: ResolvedAttack;
  main: Request<AttackRows>;
  verified: Request<VerifiedRows>;
  clean: Request<OutputRows>;
  repeated?: Request<RepeatabilityRows>;
  oneStep?: Request<AttackRows>;
  byRadius: Request<AttackRows>[];
  hugeRadius?: Request<AttackRows>;
}

export function requestsFor(
  system: SystemInfo,
  dataset: DatasetInfo,
  options: AttackOptions,
  catalogue: Catalogue,
): AttackRequests {
  const plan = resolveAttack(options, system, catalogue);
  const { examples } = options;
  const main = attackRequest(system.name, dataset.name, plan.params, examples);
  const on = { system: system.name, dataset: dataset.name };
  const few = Math.min(examples ?? CHECKED_EXAMPLES, CHECKED_EXAMPLES);
  const requests = {
    planned: plan,
    main,
    verified: verifyRequest(main, plan.params),
    clean: request({ measurement: clean, ...on, first: examples }),
  };
  if (!options.checks) return { ...requests, byRadius: [] };
  const { oneStep, byRadius, hugeRadius } = checksOf(plan, catalogue);
  const onFew = (params: AttackParams, most = few) =>
    attackRequest(system.name, dataset.name, params, Math.min(few, most));
  return {
    ...requests,
    repeated: request({ measurement: repeatability, ...on, first: few }),
    ...(oneStep && { oneStep: attackRequest(system.name, dataset.name, oneStep, examples) }),
    byRadius: byRadius.map((params) => onFew(params, EXAMPLES_BY_RADIUS)),
    ...(hugeRadius && { hugeRadius: onFew(hugeRadius) }),
  };
}

export const requestsIn = ({
  clean,
  main,
  verified,
  repeated,
  oneStep,
  byRadius,
  hugeRadius,
}: AttackRequests) =>
  [clean, main, verified, repeated, oneStep, ...byRadius, hugeRadius].filter((r) => r !== undefined);

/** The images themselves, to be shown beside what became of them. */
export const cleanImages = (system: SystemInfo, dataset: DatasetInfo, { examples }: AttackOptions) =>
  request({ measurement: pixels, system: system.name, dataset: dataset.name, first: examples });
