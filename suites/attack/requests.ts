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
import { type BoundsRequests, boundsRequests, certifiedBy } from './certify.js';
import { CHECKED_EXAMPLES, checksOf, EXAMPLES_BY_RADIUS } from './checks.js';
import type { AttackOptions } from './options.js';

/** What is asked of one system on one data set. */
export interface AttackRequests {
  planned: ResolvedAttack;
  main: Request<AttackRows>;
  verified: Request<VerifiedRows>;
  clean: Request<OutputRows>;
  bounds?: BoundsRequests;
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
  const certify = certifiedBy(options, plan.params, system);
  const params = { ...plan.params, ...(certify && { certify }) };
  const main = attackRequest(system.name, dataset.name, params, examples);
  const bounds = boundsRequests(system, dataset, params, examples);
  const on = { system: system.name, dataset: dataset.name };
  const few = Math.min(examples ?? CHECKED_EXAMPLES, CHECKED_EXAMPLES);
  const requests = {
    planned: { ...plan, params },
    main,
    verified: verifyRequest(main, params),
    clean: request({ measurement: clean, ...on, first: examples }),
    ...(bounds && { bounds }),
  };
  if (!options.checks) return { ...requests, byRadius: [] };
  // They attack what is proved, too, and so hold bounds and attacks against each other.
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
  bounds,
  repeated,
  oneStep,
  byRadius,
  hugeRadius,
}: AttackRequests) =>
  [clean, bounds?.look, bounds?.proved, main, verified, repeated, oneStep, ...byRadius, hugeRadius].filter(
    (r) => r !== undefined,
  );

/** The images themselves, to be shown beside what became of them. */
export const cleanImages = (system: SystemInfo, dataset: DatasetInfo, { examples }: AttackOptions) =>
  request({ measurement: pixels, system: system.name, dataset: dataset.name, first: examples });
