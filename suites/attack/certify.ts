import type { ResolvedAttack } from '../../src/attack.js';
import {
  BALL_NORMS,
  type BoundsLookRows,
  boundsLookRequest,
  isBallNorm,
  type ProvedParams,
  type ProvedRows,
  provedRequest,
} from '../../src/measurements.js';
import { AssayError, type DatasetInfo, type Request, type SystemInfo } from '../../src/suite.js';
import type { AttackOptions } from './options.js';

/** What a system's bounds are asked for, before it is attacked. */
export interface BoundsRequests {
  proved: Request<ProvedRows>;
  look: Request<BoundsLookRows>;
}

/**
 * The method by which a system's examples are proved before an attack; undefined where that is not wanted, and where the system
 * has no bounds.
 * Errors: `config-invalid` for attacks that bounds cannot spare.
 */
export function certifiedBy(
  { certify }: AttackOptions,
  { norm, keep }: ResolvedAttack['params'],
  system: SystemInfo,
): ProvedParams['method'] | undefined {
  if (certify === undefined) return undefined;
  const refuse = (why: string, expected: string, found: string, hint: string) =>
    new AssayError('config-invalid', `\`certify\` and this attack do not go together: ${why}`, {
      path: 'certify',
      expected,
      found,
      hint,
    });
  if (!isBallNorm(norm))
    throw refuse(
      `bounds are of balls in ${BALL_NORMS.join(' and ')}`,
      `norm: ${BALL_NORMS.join(' or ')}`,
      `norm: ${norm}`,
      'drop `certify`, or attack in one of these',
    );
  if (keep === 'nearest')
    throw refuse(
      'it measures how far the nearest adversarial image lies, which no proof up to a radius spares it',
      'keep: first',
      'keep: nearest, which minimum-norm attacks do by default',
      'write `keep: first` where verdicts at the radii are all that is wanted, or drop `certify`',
    );
  return system.offers.includes('marginBounds') ? certify : undefined;
}

export function boundsRequests(
  system: SystemInfo,
  dataset: DatasetInfo,
  { certify: method, norm, epsilons }: ResolvedAttack['params'],
  examples: number | undefined,
): BoundsRequests | undefined {
  if (!method || !isBallNorm(norm)) return undefined;
  return {
    proved: provedRequest(system.name, dataset.name, { method, norm, epsilons }, examples),
    look: boundsLookRequest(system.name, dataset.name, { method, norm, epsilon: epsilons[0]! }),
  };
}
