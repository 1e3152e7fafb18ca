import { AssayError } from '../errors.js';
import type { Capability, LossName, SystemInfo } from '../models/system.js';

/** What a chain climbs. */
export interface Target {
  name: 'log-px' | 'log-pxy' | 'log-py-x';
  title: string;
  /** Of a class, which every chain is then told. */
  conditional: boolean;
  needs: readonly Capability[];
  /** Whose gradient it has, times `sign`. */
  loss: LossName;
  sign: 1 | -1;
}

export type TargetName = Target['name'];

const rows: readonly Target[] = [
  {
    name: 'log-px',
    title: 'log p(x)',
    conditional: false,
    needs: ['logPx', 'inputGradient'],
    loss: 'log-px',
    sign: 1,
  },
  {
    // log p(x|y) = log p(x, y) - log p(y), and the last does not depend on x: one gradient for both.
    name: 'log-pxy',
    title: 'log p(x|y)',
    conditional: true,
    needs: ['logits', 'logPx', 'inputGradient'],
    loss: 'log-pxy',
    sign: 1,
  },
  {
    name: 'log-py-x',
    title: 'log p(y|x)',
    conditional: true,
    needs: ['logits', 'inputGradient'],
    loss: 'cross-entropy',
    sign: -1,
  },
];

/** By name. */
export const targets: ReadonlyMap<TargetName, Target> = new Map(rows.map((row) => [row.name, row]));

/** The row of a name that has been checked. */
export function targetNamed(name: TargetName): Target {
  const row = targets.get(name);
  if (!row) throw new Error(`no target is called "${name}"`);
  return row;
}

/**
 * Errors: `config-invalid` for a system that has no such density, saying what it lacks and which target it has.
 */
export function refuseTarget({ name, lacks, offers, classes, stochastic }: SystemInfo, of: TargetName): void {
  if (stochastic)
    throw new AssayError('config-invalid', `"${name}" cannot be sampled`, {
      expected: 'a bare model',
      found: 'a stochastic system, whose gradient is an estimate',
      hint: 'name the model behind the defence',
    });
  const { title, needs, conditional } = targetNamed(of);
  const need = needs.find((one) => !offers.includes(one));
  const few = conditional && classes.length < 2;
  if (!need && !few) return;
  const unconditional = targetNamed('log-px').needs.every((one) => offers.includes(one));
  throw new AssayError('config-invalid', `"${name}" has no ${title} to climb`, {
    expected: `a system with ${needs.join(', ')}${conditional ? ' and two classes' : ''}`,
    found: need
      ? (lacks[need] ?? `no ${need}`)
      : `${classes.length} class${classes.length === 1 ? '' : 'es'}`,
    hint:
      conditional && unconditional
        ? 'climb log p(x): leave out the target, and `class`'
        : 'name another system',
  });
}
