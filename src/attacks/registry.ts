import type { TObject } from '../config/type.js';
import { check } from '../config/validate.js';
import { AssayError, didYouMean } from '../errors.js';
import type { Loss } from '../losses/loss.js';
import { losses } from '../losses/registry.js';
import { Registry } from '../registry.js';
import { apgd, apgdCe, apgdDlr, apgdT } from './apgd.js';
import type { Attack, BoundAttack } from './attack.js';
import { cw } from './cw.js';
import { ddn } from './ddn.js';
import { fab, fabT } from './fab.js';
import { fgsm } from './fgsm.js';
import { fmn } from './fmn.js';
import { jemPaper } from './jem-paper.js';
import { type AttackLoss, chosenLosses } from './losses.js';
import { miFgsm } from './mi-fgsm.js';
import { pgd } from './pgd.js';
import { square } from './square.js';

/** An attack as the registry knows it. */
export interface AttackRow {
  name: string;
  title: string;
  source: string;
  options: TObject;
  losses: readonly AttackLoss[];
  norms: readonly string[] | undefined;
  radius: 'ball' | 'free';
  /**
   * Errors: `config-invalid` for an option that it does not have or a loss that it cannot climb. `loss` defaults to
   * the attack's first.
   */
  create(options: Record<string, unknown>, loss?: AttackLoss): BoundAttack;
}

function row<O>(attack: Attack<O>, chosen: readonly AttackLoss[]): AttackRow {
  const { name, title, source, options, norms, radius = 'ball' } = attack;
  const losses = attack.losses === 'chosen' ? chosen : attack.losses;
  const create = (given: Record<string, unknown>, loss: AttackLoss = losses[0]!): BoundAttack => {
    if (!losses.includes(loss)) throw foreignLoss(name, loss, losses);
    const own = settle(name, options, given) as O;
    attack.check?.(own);
    return {
      name,
      label: attack.label(own),
      loss,
      usual: loss === losses[0],
      random: attack.random(own),
      radius,
      targets: attack.targets?.(own) ?? 0,
      cost: (norm, classes) => attack.cost(own, norm, classes),
      run: (subject) => attack.run(subject, own),
    };
  };
  return { name, title, source, options, losses, norms, radius, create };
}

function foreignLoss(name: string, loss: string, losses: readonly string[]): AssayError {
  const only = losses.length === 1;
  return new AssayError('config-invalid', `the attack "${name}" cannot climb the loss "${loss}"`, {
    path: 'loss',
    expected: only ? `none: its loss is ${losses[0]}` : `one of ${losses.join(', ')}`,
    hint: only ? 'drop `loss`' : (didYouMean(loss, [...losses]) ?? 'choose one of these'),
  });
}

/** An attack, whatever its options are. */
// biome-ignore lint/suspicious/noExplicitAny: options are of every attack its own
export type AnyAttack = Attack<any>;

/** The attacks that come with Assay, as they are written. */
export const attackDefinitions = Registry.of<AnyAttack>('attack', [
  fgsm,
  miFgsm,
  pgd,
  apgd,
  apgdCe,
  apgdDlr,
  apgdT,
  fab,
  fabT,
  ddn,
  fmn,
  cw,
  jemPaper,
  square,
]);

/** Attacks as they are run, on these losses. */
export function attackRows(definitions: Registry<AnyAttack>, all: Iterable<Loss>): Registry<AttackRow> {
  const chosen = chosenLosses(all);
  return definitions.map((attack) => row(attack, chosen));
}

/** Every attack that comes with Assay. */
export const attacks = attackRows(attackDefinitions, losses);

/**
 * The options of an attack with its defaults filled in. Errors: `config-invalid` for an option that this attack does
 * not have, or does not take.
 */
export const settledOptions = (
  { name, options }: AttackRow,
  given: Record<string, unknown>,
): Record<string, unknown> => settle(name, options, given);

function settle(name: string, schema: TObject, given: Record<string, unknown>): Record<string, unknown> {
  const known = Object.keys(schema.properties);
  const foreign = Object.keys(given).find((key) => given[key] !== undefined && !known.includes(key));
  if (foreign !== undefined) {
    const guess = didYouMean(foreign, known);
    throw new AssayError('config-invalid', `the attack "${name}" has no option "${foreign}"`, {
      path: foreign,
      expected: known.length > 0 ? `one of ${known.join(', ')}` : 'no options of its own',
      hint: guess ? `did you mean "${guess}"?` : `drop it, or choose another method`,
    });
  }
  const own = Object.entries(given).filter(([, value]) => value !== undefined);
  return check(schema, Object.fromEntries(own), { what: `options of the attack "${name}"` });
}
