import type { BoundPrograms, Method } from '../bounds/certify.js';
import { AssayError } from '../errors.js';
import { type AttackPlan, attacked } from './attack.js';
import type { Network } from './network.js';
import type { Property } from './property.js';
import { type Claim, claimsOf, METHODS, refuted } from './prove.js';
import { MOST_SPLIT, parted, widthOf } from './split.js';

/** An input that makes a case, and the outputs that the network gives of it. */
export interface Witness {
  inputs: Float32Array;
  outputs: Float32Array;
}

/** What is known of a property. */
export type Answer =
  | { verdict: 'sat'; witness: Witness; by: string }
  | { verdict: 'unsat'; by: string }
  | { verdict: 'unknown'; why: string };

export interface Search extends AttackPlan {
  /** The last method that proofs try. */
  method: Method;
  /** What is done now. */
  notify?(stage: string): void;
}

/**
 * Attacks a property, then proves it, then does both in parts of the box, where it has few inputs.
 * Errors: what `check` throws; those of the engine.
 */
export async function answered(network: Network, { cases }: Property, search: Search): Promise<Answer> {
  const { method, notify = () => undefined, check } = search;
  if (cases.length === 0) return { verdict: 'unsat', by: 'empty boxes' };
  const found = async (point: Float32Array, by: string): Promise<Answer> => ({
    verdict: 'sat',
    witness: { inputs: point, outputs: await network.forward(point.slice()) },
    by,
  });
  notify('attacking');
  const point = await attacked(network, cases, search);
  if (point) return found(point, 'attack');
  const bounds = await boundsOf(network);
  if (typeof bounds === 'string') return { verdict: 'unknown', why: bounds };
  let left: Claim[] = claimsOf(cases);
  const last = METHODS.indexOf(method);
  for (const one of last < 0 ? [method] : METHODS.slice(0, last + 1)) {
    notify(`proving by ${one}`);
    left = await refuted(bounds, left, { method: one, outputs: network.outputs, check });
    if (left.length === 0) return { verdict: 'unsat', by: one };
  }
  // By then, of all boxes that were bounded.
  const partial = [...bounds.outside].join(', ');
  const undefinedAt = partial && `; ${partial} is not defined everywhere in its interval`;
  const open = `${method} leaves ${left.reduce((sum, own) => sum + own.cases.length, 0)} of ${cases.length} cases${undefinedAt}`;
  const wide = left.reduce((most, { box }) => Math.max(most, widthOf(box)), 0);
  if (wide > MOST_SPLIT)
    return { verdict: 'unknown', why: `${open}, and ${wide} inputs are too many to split` };
  notify('splitting boxes');
  const parts = await parted(network, bounds, left, {
    method: method === 'alpha-crown' ? 'crown' : method,
    check,
  });
  if (parts === 'proved') return { verdict: 'unsat', by: 'splitting' };
  if (parts === 'too-narrow')
    return { verdict: 'unknown', why: `${open}, also in parts as small as float32 has` };
  return found(parts.point, 'splitting');
}

/** Bounds of a network, or why there are none. */
async function boundsOf(network: Network): Promise<BoundPrograms | string> {
  try {
    return await network.bounds();
  } catch (error) {
    if (!(error instanceof AssayError && error.code === 'op-unsupported')) throw error;
    const { path } = error.details;
    return `nothing can be proved: ${error.message}${path ? ` (${path})` : ''}`;
  }
}
