import { type AttackingOptions, attackingOptions, optionsOfEveryAttack } from '../../src/attack.js';
import { type Catalogue, Type } from '../../src/suite.js';

export type AttackOptions = AttackingOptions & { pictures: number; checks: boolean };

export const attackOptions = (catalogue: Catalogue) =>
  Type.Unsafe<AttackOptions>(
    Type.Object(
      {
        ...attackingOptions(catalogue).properties,
        pictures: Type.Integer({
          minimum: 0,
          maximum: 50,
          default: 6,
          description: 'Adversarial images shown per system.',
        }),
        checks: Type.Boolean({
          default: true,
          description: 'Also run cheap checks that distinguish robustness from masked gradients and noise.',
        }),
        ...optionsOfEveryAttack(catalogue),
      },
      { additionalProperties: false },
    ),
  );
